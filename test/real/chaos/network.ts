/** The network of a chaos world: one namespace for each host, and the faults of its links. */

import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type SlowLink, tbfArguments } from './capabilities.ts';
import { run, tried } from './commands.ts';

/**
 * Every host has its own namespace, and one link to the router. `control` is no host: it has a wire to each
 * nameserver, which no fault touches.
 */
export const hostNames = ['db1', 'db2', 'db3', 'db4', 'ns1', 'ns2', 'w1', 'w2', 'w3', 'app'] as const;
export type HostName = (typeof hostNames)[number];
const wired: readonly HostName[] = ['ns1', 'ns2'];

/** The address of the host, the same in every run: nothing outside of the namespaces ever sees it. */
export const addressOf = (host: HostName): string => `10.99.${hostNames.indexOf(host) + 1}.2`;
const gatewayOf = (host: HostName): string => `10.99.${hostNames.indexOf(host) + 1}.1`;
const controlAddress = '10.99.100.2';

/** The namespaces, their links and their faults. Namespaces are named after the process that made them. */
export class Network {
  readonly #prefix: string;
  readonly #slowLink: SlowLink | undefined;
  readonly #slowed = new Set<HostName>();
  readonly #cuts = new Map<string, number>();

  constructor(prefix: string, slowLink: SlowLink | undefined) {
    this.#prefix = prefix;
    this.#slowLink = slowLink;
  }

  /** This command before another command runs the other command on that host, as the same process. */
  through(host: HostName | 'control'): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.#prefix}-${host}`];
  }

  get #router(): string {
    return `${this.#prefix}-router`;
  }

  /** Makes the whole network. `removeNamespaces` removes what a failure leaves behind. */
  async make(): Promise<void> {
    for (const name of ['router', 'control', ...hostNames]) {
      await run('ip', ['netns', 'add', `${this.#prefix}-${name}`]);
      await run('ip', ['-n', `${this.#prefix}-${name}`, 'link', 'set', 'lo', 'up']);
    }
    await run('nsenter', [
      `--net=/run/netns/${this.#router}`,
      'sh',
      '-c',
      'echo 1 > /proc/sys/net/ipv4/ip_forward',
    ]);
    for (const host of hostNames) await this.#link(host);
    await run('ip', ['-n', `${this.#prefix}-control`, 'addr', 'add', `${controlAddress}/32`, 'dev', 'lo']);
    for (const host of wired) await this.#wire(host);
  }

  async #link(host: HostName): Promise<void> {
    const inside = `${this.#prefix}-${host}`;
    await addLink({ namespace: this.#router, name: host }, { namespace: inside, name: 'eth0' });
    await run('ip', ['-n', this.#router, 'addr', 'add', `${gatewayOf(host)}/24`, 'dev', host]);
    await run('ip', ['-n', this.#router, 'link', 'set', host, 'up']);
    await run('ip', ['-n', inside, 'addr', 'add', `${addressOf(host)}/24`, 'dev', 'eth0']);
    await run('ip', ['-n', inside, 'link', 'set', 'eth0', 'up']);
    await run('ip', ['-n', inside, 'route', 'add', 'default', 'via', gatewayOf(host)]);
  }

  async #wire(host: HostName): Promise<void> {
    const [control, inside] = [`${this.#prefix}-control`, `${this.#prefix}-${host}`];
    await addLink({ namespace: control, name: host }, { namespace: inside, name: 'control' });
    await run('ip', ['-n', control, 'link', 'set', host, 'up']);
    await run('ip', ['-n', inside, 'link', 'set', 'control', 'up']);
    await run('ip', [
      '-n',
      control,
      'route',
      'add',
      `${addressOf(host)}/32`,
      'dev',
      host,
      'src',
      controlAddress,
    ]);
    await run('ip', [
      '-n',
      inside,
      'route',
      'add',
      `${controlAddress}/32`,
      'dev',
      'control',
      'src',
      addressOf(host),
    ]);
  }

  /**
   * Packets from one host to another vanish silently; the other direction is not touched. Cuts of several
   * faults add up.
   */
  async cut(from: HostName, to: HostName): Promise<void> {
    const key = `${from} ${to}`;
    const count = this.#cuts.get(key) ?? 0;
    this.#cuts.set(key, count + 1);
    if (count === 0) await run('ip', ['-n', this.#router, 'rule', 'add', ...ruleOf(from, to), 'blackhole']);
  }

  /** Mends one such cut. */
  async join(from: HostName, to: HostName): Promise<void> {
    const key = `${from} ${to}`;
    const count = this.#cuts.get(key) ?? 0;
    if (count === 1) await run('ip', ['-n', this.#router, 'rule', 'del', ...ruleOf(from, to)]);
    if (count > 0) this.#cuts.set(key, count - 1);
  }

  /** The link of the host becomes slow, both ways. */
  async slow(host: HostName): Promise<void> {
    const how =
      this.#slowLink === 'netem' ? ['netem', 'delay', '300ms', '100ms', 'loss', '5%'] : tbfArguments;
    if (this.#slowLink === undefined || this.#slowed.has(host)) return;
    this.#slowed.add(host);
    await run('tc', ['-n', this.#router, 'qdisc', 'add', 'dev', host, 'root', ...how]);
    await run('tc', ['-n', `${this.#prefix}-${host}`, 'qdisc', 'add', 'dev', 'eth0', 'root', ...how]);
  }

  /** The link becomes fast again. */
  async fast(host: HostName): Promise<void> {
    if (!this.#slowed.delete(host)) return;
    await run('tc', ['-n', this.#router, 'qdisc', 'del', 'dev', host, 'root']);
    await run('tc', ['-n', `${this.#prefix}-${host}`, 'qdisc', 'del', 'dev', 'eth0', 'root']);
  }
}

interface LinkEnd {
  readonly namespace: string;
  readonly name: string;
}

async function addLink(one: LinkEnd, other: LinkEnd): Promise<void> {
  const peer = ['peer', 'name', other.name, 'netns', other.namespace];
  await run('ip', ['-n', one.namespace, 'link', 'add', 'name', one.name, 'type', 'veth', ...peer]);
}

const ruleOf = (from: HostName, to: HostName): readonly string[] => [
  'pref',
  `${100 + hostNames.indexOf(from) * 16 + hostNames.indexOf(to)}`,
  'from',
  addressOf(from),
  'to',
  addressOf(to),
];

/** After SIGKILL the kernel needs a moment, and longer for a mysqld on a loaded disk. */
const goneWithinMs = 20_000;

/** Removes the namespaces with this prefix, and ends the processes in them: all of them are ours. */
export async function removeNamespaces(prefix: string): Promise<void> {
  const names = await namespacesOf(prefix);
  const end = performance.now() + goneWithinMs;
  for (const name of names) {
    while ((await killIn(name)) > 0 && performance.now() < end) await delay(20);
    await tried('ip', ['netns', 'del', name]);
  }
}

/** Removes what killed processes left: the names have this word and the number of the process. */
export async function sweepNamespaces(word: string): Promise<void> {
  const numbers = (await namespacesOf(word).catch(() => [])).map(
    (name) => /^\d+(?=-)/.exec(name.slice(word.length))?.[0],
  );
  for (const number of new Set(numbers))
    if (number !== undefined && !existsSync(`/proc/${number}`)) await removeNamespaces(`${word}${number}-`);
}

/** Kills every process in a namespace; resolves with how many there were. */
async function killIn(name: string): Promise<number> {
  const pids = (await run('ip', ['netns', 'pids', name]))
    .split(/\s+/)
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process ended by itself just now.
    }
  }
  return pids.length;
}

/** The namespaces with this prefix. */
async function namespacesOf(prefix: string): Promise<readonly string[]> {
  const listed = await run('ip', ['netns', 'list']);
  return listed
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(prefix));
}
