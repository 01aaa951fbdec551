/** Runs the lab in a network namespace of its own, where it can reach and change nothing of this machine. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readlinkSync } from 'node:fs';
import { execa } from 'execa';
import { findInstalled } from './installed-programs.ts';
import { LabError } from './lab-error.ts';

/** The namespaces of the outer lab. The inner lab compares them with its own: the variable proves nothing. */
const outsideFlag = 'SOURCE_DNS_LAB_OUTSIDE';
const probeTimeoutMs = 20_000;
/** What scenarios with a network do, tried in a namespace that ends at once. */
const probe = [
  'ip link set lo up',
  'echo 1 > /proc/sys/net/ipv4/ip_forward',
  'unshare --net true',
  'ip link add name try1 type veth peer name try2',
  'ip rule add pref 100 from 10.99.1.2 to 10.99.2.2 blackhole',
].join(' && ');

export function inOwnNetwork(): boolean {
  const [network] = (process.env[outsideFlag] ?? '').split(' ');
  return network !== undefined && network !== '' && network !== readlinkSync('/proc/self/ns/net');
}

/** The user namespace of the outer lab. */
export const outsideUserNamespace = (): string | undefined => process.env[outsideFlag]?.split(' ')[1];

/** Resolves with the exit code. `onInterrupt`: see LabOptions. Rejects with a LabError. */
export async function runInOwnNetwork(
  program: readonly string[],
  onInterrupt: (listener: () => void) => () => void,
): Promise<number> {
  const way = await wayIn();
  const setpriv = findInstalled('setpriv');
  // After unshare: a new user namespace forgets it. Ends the inner lab if this process is killed.
  const bound = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'TERM'];
  const [command = '', ...args] = [...way, ...bound, ...program];
  const outside = ['net', 'user'].map((kind) => readlinkSync(`/proc/self/ns/${kind}`)).join(' ');
  // In a process group of its own: Ctrl-C at the terminal must come once, from here.
  const child = spawn(command, args, {
    stdio: 'inherit',
    detached: true,
    env: { ...process.env, [outsideFlag]: outside },
  });
  const stopListening = onInterrupt(() => child.kill('SIGINT'));
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    stopListening();
  }
}

/** `unshare`, with the options that this user may use. */
async function wayIn(): Promise<readonly string[]> {
  const missing = ['unshare', 'nsenter', 'ip'].filter(
    (name) => findInstalled(name) === undefined && !existsSync(`/sbin/${name}`),
  );
  const hint =
    'this scenario needs unshare and nsenter (util-linux), ip (iproute2), and root or user namespaces; the other scenarios need none of them';
  if (missing.length > 0)
    throw new LabError(`no network namespaces without ${missing.join(' and ')}`, { hint });
  const unshare = findInstalled('unshare') ?? 'unshare';
  const ways = [
    ...(process.getuid?.() === 0 ? [[unshare, '--net']] : []),
    [unshare, '--user', '--map-root-user', '--net'],
  ];
  let said = '';
  for (const way of ways) {
    const [command = '', ...args] = way;
    const tried = await execa(command, [...args, 'sh', '-c', probe], {
      timeout: probeTimeoutMs,
      stdin: 'ignore',
      reject: false,
    });
    if (tried.exitCode === 0) return way;
    said ||= tried.stderr || tried.message || 'it failed';
  }
  throw new LabError(`no network namespace can be made here: ${said}`, { hint });
}
