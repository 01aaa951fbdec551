/** The library's client of one nameserver: updates a zone (RFC 2136) with TSIG, reads it, waits for it. */

import { KeyObject } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import type { Fqdn, MonoMs } from '../core/model/units.ts';
import type * as zone from '../core/model/zone.ts';
import { systemClock } from '../daemon/clock.ts';
import { createRfc2136Client } from '../dns/client/rfc2136.ts';
import { parseAnyName } from '../dns/message/name.ts';
import { tsigAlgorithms } from '../dns/message/tsig.ts';
import type { AnyChange, AnyPrerequisite } from '../dns/message/update.ts';
import { isHostName } from '../dns/transport/endpoint.ts';
import type { TsigKey } from './tsig-keys.ts';
import type {
  Change,
  Prerequisite,
  PropagationReport,
  Question,
  Rrset,
  Update,
  UpdateOutcome,
  ZoneReading,
} from './zone-messages.ts';

const defaultPort = 53;
const defaultTimeoutMs = 5000;
const longestTimeoutMs = 3_600_000;
/** RFC 8945 10 recommends it. */
const defaultFudgeSeconds = 300;

export interface NameserverOptions {
  /** The zone's primary server: an IP address (IPv6 also in brackets), or a host name with one address. */
  readonly address: string;
  /** Default: 53. */
  readonly port?: number;
  /** Absent: messages are unsigned, and unsigned answers count. */
  readonly key?: TsigKey;
  /** Default: `tcp`, one connection that is kept open. `udp`: TCP for what is longer than 512 bytes. */
  readonly transport?: 'tcp' | 'udp';
  /** The limit of a request, if the request has none. Default: 5000. */
  readonly timeoutMs?: number;
  /** How far the clocks may differ (RFC 8945 5.2.3). Default: 300. */
  readonly fudgeSeconds?: number;
}

export interface RequestOptions {
  /** Default: that of the nameserver. */
  readonly timeoutMs?: number;
  /** Aborted before an update is sent: it is not sent. */
  readonly signal?: AbortSignal;
}

/** Its functions never reject because of what a nameserver does or says. */
export interface Nameserver {
  /** Sends one UPDATE message. It is sent once: a repeated one could undo a later change of somebody else. */
  update(update: Update, options?: RequestOptions): Promise<UpdateOutcome>;
  /**
   * Reads these RRsets at the primary server; all are in one zone. `zone`: default: found by SOA. Where a
   * wildcard would answer the same, an UPDATE without changes tells what is stored.
   */
  read(
    request: { readonly questions: readonly Question[]; readonly zone?: string },
    options?: Omit<RequestOptions, 'signal'>,
  ): Promise<ZoneReading>;
  /**
   * Waits until each authoritative nameserver of the zone (its NS RRset) answers exactly `present`, and no
   * RRset of `absent`. A newer call for the same first name ends an older call.
   */
  propagation(
    request: {
      readonly zone: string;
      readonly present?: readonly Rrset[];
      readonly absent?: readonly Question[];
    },
    options?: Omit<RequestOptions, 'signal'>,
  ): Promise<PropagationReport>;
  /** Closes the connection. Requests that run, or come later, end as failed. */
  close(): Promise<void>;
}

/** Opens no socket: the first request makes the connection. Throws a TypeError for unusable options. */
export function openNameserver(options: NameserverOptions): Nameserver {
  const { address, port = defaultPort, key, transport = 'tcp' } = options;
  const { timeoutMs = defaultTimeoutMs, fudgeSeconds = defaultFudgeSeconds } = options;
  const host = hostOf(address);
  if (!isWhole(port, 1, 65_535)) throw new TypeError('port must be a whole number, 1 to 65535');
  if (transport !== 'tcp' && transport !== 'udp') throw new TypeError("transport must be 'tcp' or 'udp'");
  if (!isWhole(fudgeSeconds, 0, 65_535))
    throw new TypeError('fudgeSeconds must be a whole number, 0 to 65535');
  if (key !== undefined && !isTsigKey(key))
    throw new TypeError('key must be a key that tsigKey made, or the `key` of what readTsigKey read');
  const deadline = (ms = timeoutMs) => (systemClock.mono() + checkedTimeout(ms)) as MonoMs;
  deadline();
  const client = createRfc2136Client({
    address: host,
    port,
    transport,
    ...(key === undefined ? {} : { key: { ...key, name: key.name as Fqdn } }),
    fudgeSeconds,
    timeoutMs: longestTimeoutMs,
    clock: systemClock,
  });
  return {
    update: async ({ zone, prerequisites = [], changes }, { timeoutMs: ms, signal } = {}) => {
      const until = deadline(ms);
      return client.update({
        plan: {
          zone: nameOf(zone),
          prerequisites: prerequisites.map(prerequisiteOf),
          changes: changes.map(changeOf),
        },
        notAfter: until,
        deadline: until,
        ...(signal === undefined ? {} : { recalled: signal }),
      });
    },
    read: async ({ questions, zone }, { timeoutMs: ms } = {}) => {
      if (questions.length === 0) throw new TypeError('questions must not be empty');
      const reading = await client.read({
        questions: questions.map(questionOf),
        ...(zone === undefined ? {} : { zone: nameOf(zone) }),
        deadline: deadline(ms),
      });
      if (reading.kind === 'failed') return reading;
      const { rrsets, synthesized = [] } = reading;
      return { kind: 'read', zone: reading.zone, rrsets, synthesized };
    },
    propagation: async ({ zone, present = [], absent = [] }, { timeoutMs: ms } = {}) => {
      if (present.length + absent.length === 0) throw new TypeError('present or absent must not be empty');
      const { nameservers } = await client.propagation({
        zone: nameOf(zone),
        present: present.map(rrsetOf),
        absent: absent.map(questionOf),
        deadline: deadline(ms),
      });
      return { nameservers };
    },
    close: () => client.close(),
  };
}

const isWhole = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

/** Without the brackets of IPv6 and the final dot of a name. */
function hostOf(address: unknown): string {
  const text = typeof address === 'string' ? address : '';
  const inner = /^\[(.*)\]$/.exec(text)?.[1] ?? '';
  if (isIPv6(inner)) return inner;
  const host = text.replace(/\.$/, '');
  if (isIP(text) !== 0 || isHostName(host)) return host;
  throw new TypeError('address must be an IP address or a host name; the port is an option of its own');
}

/** For callers without types: else a key of plain parts would fail where it signs. */
const isTsigKey = (key: TsigKey | null): boolean =>
  key?.secret instanceof KeyObject &&
  tsigAlgorithms.includes(key.algorithm) &&
  parseAnyName(key.name) === key.name;

function checkedTimeout(ms: number): number {
  if (typeof ms === 'number' && ms > 0 && ms <= longestTimeoutMs) return ms;
  throw new TypeError(`timeoutMs must be more than 0, and at most ${longestTimeoutMs}`);
}

/** Canonical if it is a name. Else as it is: the update is refused, with this text in the failure. */
const nameOf = (text: string): Fqdn => parseAnyName(text) ?? (text as Fqdn);

/** No word of a caller becomes a type on the wire that this library does not promise, as ANY. */
const rrTypes: readonly string[] = ['A', 'AAAA', 'CNAME', 'SRV', 'TXT'] satisfies readonly Rrset['type'][];

function questionOf({ name, type }: Question): zone.Question {
  if (!rrTypes.includes(type)) throw unknownWord('type', type as never);
  return { name: nameOf(name), type };
}

function rrsetOf(rrset: Rrset): zone.Rrset {
  const name = nameOf(rrset.name);
  switch (rrset.type) {
    case 'A':
    case 'AAAA':
      return { ...rrset, name };
    case 'CNAME':
      return { ...rrset, name, rdata: rrset.rdata.map(nameOf) };
    case 'SRV':
      return { ...rrset, name, rdata: rrset.rdata.map((srv) => ({ ...srv, target: nameOf(srv.target) })) };
    case 'TXT':
      return { ...rrset, name };
    default:
      throw unknownWord('type', rrset);
  }
}

function prerequisiteOf(prerequisite: Prerequisite): AnyPrerequisite {
  switch (prerequisite.kind) {
    case 'rrset-is':
      return { kind: 'rrset-is', rrset: rrsetOf(prerequisite.rrset) };
    case 'rrset-exists':
    case 'rrset-absent':
      return { kind: prerequisite.kind, ...questionOf(prerequisite) };
    case 'name-in-use':
    case 'name-not-in-use':
      return { kind: prerequisite.kind, name: nameOf(prerequisite.name) };
    default:
      throw unknownWord('kind of a prerequisite', prerequisite);
  }
}

function changeOf(change: Change): AnyChange {
  switch (change.kind) {
    case 'add-rrset':
    case 'delete-rrs':
      return { kind: change.kind, rrset: rrsetOf(change.rrset) };
    case 'delete-rrset':
      return { kind: change.kind, ...questionOf(change) };
    case 'delete-name':
      return { kind: change.kind, name: nameOf(change.name) };
    default:
      throw unknownWord('kind of a change', change);
  }
}

/** For callers without types. */
const unknownWord = (what: string, value: never): TypeError =>
  new TypeError(`the ${what} is unknown: ${JSON.stringify(value)?.slice(0, 200)}`);
