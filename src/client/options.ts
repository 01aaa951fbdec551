/** The options of the following pool: text in, checked values out. Wrong ones are a TypeError at once. */

import { getServers, Resolver } from 'node:dns';
import { isIP } from 'node:net';

/** All durations are texts as `50ms`, `1s`, `2m`. */
export interface FollowOptions {
  /**
   * Authoritative nameservers, as `192.0.2.53` or `192.0.2.53:5353`. Default: the resolvers of the system.
   */
  readonly nameservers?: readonly string[];
  /** How often the ledger is read while all is well. Default `1s`. */
  readonly interval?: string;
  /** How often it is read in suspicion. Default `50ms`. */
  readonly suspectInterval?: string;
  /** How long a suspicion lasts. Default `30s`. */
  readonly suspectFor?: string;
  /** How long one nameserver may take to answer. Default `500ms`. */
  readonly queryTimeout?: string;
  /** How long a caller waits for a connection at most. Default `10s`. */
  readonly acquireTimeout?: string;
  /** How long a server may take to say that it is writable. Default `1s`. */
  readonly verifyTimeout?: string;
  /** How long a busy connection to the former source may go on. Default `0s`. */
  readonly drain?: string;
  /** The port of all servers. Default: the port in the ledger. */
  readonly port?: number;
}

/** What the shared reader of the ledger needs. Pools with the same values share one. */
export interface AskingSettings {
  readonly name: string;
  readonly nameservers: readonly string[];
  readonly intervalMs: number;
  readonly suspectIntervalMs: number;
  readonly suspectForMs: number;
  readonly queryTimeoutMs: number;
  readonly port: number | undefined;
}

export interface Settings {
  readonly asking: AskingSettings;
  readonly acquireTimeoutMs: number;
  readonly verifyTimeoutMs: number;
  readonly drainMs: number;
}

type DurationName = Exclude<keyof FollowOptions, 'nameservers' | 'port'>;

/** The default, the least and the most. */
const durations: Readonly<Record<DurationName, readonly [string, string, string]>> = {
  interval: ['1s', '100ms', '1h'],
  suspectInterval: ['50ms', '10ms', '1m'],
  suspectFor: ['30s', '0s', '10m'],
  queryTimeout: ['500ms', '10ms', '10s'],
  acquireTimeout: ['10s', '10ms', '10m'],
  verifyTimeout: ['1s', '10ms', '1m'],
  drain: ['0s', '0s', '10m'],
};
const known: readonly string[] = ['nameservers', 'port', ...Object.keys(durations)];
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const mostNameservers = 16;

/** Throws a TypeError that names the option. `name`: the published name of the source. */
export function settingsOf(name: unknown, options: FollowOptions = {}): Settings {
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object');
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new TypeError(`${JSON.stringify(unknown)} is no option; the options are ${known.join(', ')}`);
  const ms = (option: DurationName) => durationOf(option, options[option]);
  const { port } = options;
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    throw new TypeError('port must be a whole number, 1 to 65535');
  return {
    asking: {
      name: nameOf(name),
      nameservers: nameserversOf(options.nameservers),
      intervalMs: ms('interval'),
      suspectIntervalMs: Math.min(ms('suspectInterval'), ms('interval')),
      suspectForMs: ms('suspectFor'),
      queryTimeoutMs: ms('queryTimeout'),
      port,
    },
    acquireTimeoutMs: ms('acquireTimeout'),
    verifyTimeoutMs: ms('verifyTimeout'),
    drainMs: ms('drain'),
  };
}

function durationOf(option: DurationName, given: unknown): number {
  const [usual, least, most] = durations[option];
  const ms = given === undefined ? msOf(usual) : msOf(given);
  if (ms === undefined) throw new TypeError(`${option} must be a duration as '50ms', '1s' or '2m'`);
  if (ms < (msOf(least) ?? 0) || ms > (msOf(most) ?? 0))
    throw new TypeError(`${option} must be ${least} to ${most}`);
  return ms;
}

function msOf(text: unknown): number | undefined {
  const match = typeof text === 'string' ? /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) : null;
  return match ? Math.round(Number(match[1]) * (unitMs[match[2] as string] as number)) : undefined;
}

/** Lower case, without the last dot. `_source-dns.` must fit before it. */
function nameOf(given: unknown): string {
  const name = typeof given === 'string' ? given.toLowerCase().replace(/\.$/, '') : '';
  if (name === '' || name === 'localhost' || isIP(name) !== 0)
    throw new TypeError('host must be the published name of the source, not an address and not localhost');
  if (name.length > 241 || !/^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/.test(name))
    throw new TypeError('host is not a domain name');
  return name;
}

function nameserversOf(given: unknown): readonly string[] {
  if (given === undefined) return getServers().filter((server) => problemOf(server) === undefined);
  if (!Array.isArray(given) || given.length === 0 || given.length > mostNameservers)
    throw new TypeError(`nameservers must be a list of 1 to ${mostNameservers} addresses`);
  const cause = given.map(problemOf).find((problem) => problem !== undefined);
  if (cause !== undefined)
    throw new TypeError("nameservers must be IP addresses, as '192.0.2.53' or '192.0.2.53:5353'", { cause });
  return [...new Set<string>(given)];
}

/** Why Node's resolver cannot ask there. */
function problemOf(nameserver: unknown): unknown {
  try {
    new Resolver().setServers([nameserver as string]);
    return undefined;
  } catch (error) {
    return error;
  }
}
