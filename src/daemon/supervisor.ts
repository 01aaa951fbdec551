/** The process that started the daemon and watches it: systemd, or another one that speaks sd_notify(3). */

/** What systemd gave the process in its environment. */
export interface Supervisor {
  readonly socket: string;
  /** Within so many milliseconds systemd wants a sign of life; undefined: it wants none. */
  readonly watchdogMs: number | undefined;
  /** The process from which systemd wants it, if that is not this one. */
  readonly watchesOther?: string;
}

/** Takes the variables out of `env`: no child, as a hook, may speak for the daemon. */
export function takeSupervisor(env: NodeJS.ProcessEnv, pid: number): Supervisor | undefined {
  const [socket, usec, watchdogPid] = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'].map((name) => {
    const value = env[name];
    delete env[name];
    return value;
  });
  if (socket === undefined || socket === '') return undefined;
  const watchdogMs = usec !== undefined && /^\d{1,15}$/.test(usec) ? Number(usec) / 1000 : 0;
  if (watchdogMs === 0) return { socket, watchdogMs: undefined };
  // The unit starts source-dns by a program that does not become source-dns.
  if (watchdogPid !== undefined && watchdogPid !== String(pid))
    return { socket, watchdogMs: undefined, watchesOther: watchdogPid };
  return { socket, watchdogMs };
}
