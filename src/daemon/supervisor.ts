/** The process that started the daemon and watches it: systemd, or another one that speaks sd_notify(3). */

/** What systemd gave the process in its environment. */
export interface Supervisor {
  readonly socket: string;
  /** Within so many milliseconds systemd wants a sign of life; undefined: it wants none. */
  readonly watchdogMs: number | undefined;
}

/** Takes the variables out of `env`: no child, as a hook, may speak for the daemon. */
export function takeSupervisor(env: NodeJS.ProcessEnv, pid: number): Supervisor | undefined {
  const [socket, usec, watchdogPid] = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'].map((name) => {
    const value = env[name];
    delete env[name];
    return value;
  });
  if (socket === undefined || socket === '') return undefined;
  // Another process is watched if the unit starts source-dns by a program that does not become source-dns.
  const isOurs = watchdogPid === undefined || watchdogPid === String(pid);
  const watchdogMs = isOurs && usec !== undefined && /^\d{1,15}$/.test(usec) ? Number(usec) / 1000 : 0;
  return { socket, watchdogMs: watchdogMs > 0 ? watchdogMs : undefined };
}
