/** The ledger: one TXT RR, one character-string a field, next to the source's name (docs/LEDGER.md). Version 1. */

import type { ReplicasName } from './settings.ts';
import type { Fqdn, ServerAddress, ServerId } from './units.ts';

export interface Ledger {
  readonly cluster: string;
  /** Counts moves, from 1. */
  readonly epoch: number;
  readonly source: ServerAddress;
  /** `-` where the source was forced without ever having been asked. */
  readonly uuid: ServerId;
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly why: string;
  /** New for every attempt to write: reading it back tells whether that attempt won. */
  readonly try: string;
  readonly form: Form;
  /** The replicas' name and by which rules it is kept; absent: none, or by a version that did not say. */
  readonly replicas?: ReplicasName;
  /** A transaction that every server of this line has executed (line-mark.ts): `<uuid>:<gno>`, or MariaDB's `<domain>-<server>:<sequence>`. */
  readonly line?: LineMark;
  /** Former sources that have not rejoined. */
  readonly was: readonly Former[];
  /** Announced by a hook: the name moves when it becomes writable. */
  readonly next?: { readonly uuid: ServerId; readonly until: string };
  readonly frozen?: { readonly by: string; readonly reason: string };
  /** Fields that this version does not know, copied unchanged. */
  readonly unknown: readonly string[];
}

/** What was published: kind, TTL and the addresses (or the one host name of a CNAME). */
export interface Form {
  readonly type: 'address' | 'cname';
  readonly ttlSeconds: number;
  readonly targets: readonly string[];
}

export interface LineMark {
  /** Or MariaDB's `domain-server`: a key of a GTID set. */
  readonly uuid: string;
  readonly gno: number;
}

export interface Former {
  readonly uuid: ServerId;
  readonly address: ServerAddress;
}

/** At most so many former sources: the next one holds automatic moves. */
export const formerLimit = 8;
/** RFC 1035 3.3: the longest character-string. */
const stringLimit = 255;

export type LedgerReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'ledger'; readonly ledger: Ledger }
  | { readonly kind: 'unreadable'; readonly why: string };

const required = ['v', 'cluster', 'epoch', 'source', 'uuid', 'by', 'at', 'why', 'try', 'form'] as const;
const known: ReadonlySet<string> = new Set([...required, 'replicas', 'line', 'was', 'next', 'frozen']);

/** Reads the TXT RRset's RDATA. Never throws: the zone is somebody else's to write. */
export function readLedger(rdata: readonly (readonly string[])[]): LedgerReading {
  const [strings, ...others] = rdata;
  if (strings === undefined) return { kind: 'absent' };
  if (others.length > 0) return unreadable(`has ${rdata.length} TXT RRs, not one`);
  const fields = new Map<string, string[]>();
  const unknown: string[] = [];
  for (const text of strings) {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    if (equals >= 0 && known.has(name)) {
      fields.set(name, [...(fields.get(name) ?? []), text.slice(equals + 1)]);
    } else if (name.startsWith('!')) {
      return unreadable(`has the field "${name}", which this version must not ignore`);
    } else {
      unknown.push(text);
    }
  }
  const version = fields.get('v')?.[0];
  if (version !== '1') return unreadable(version === undefined ? 'has no field v=' : `is of version ${version}, not 1`);
  for (const name of required) if (fields.get(name)?.length !== 1) return unreadable(`does not have exactly one field ${name}=`);
  return readFields((name) => fields.get(name) ?? [], unknown);
}

function readFields(values: (name: string) => readonly string[], unknown: readonly string[]): LedgerReading {
  const one = (name: string) => values(name)[0] ?? '';
  const epoch = Number(one('epoch'));
  if (!/^\d{1,15}$/.test(one('epoch')) || epoch < 1) return unreadable(`has epoch=${one('epoch')}, which is no epoch`);
  const form = readForm(one('form'));
  if (form === undefined) return unreadable(`has form=${one('form')}, which is not <type>/<ttl>/<addresses>`);
  const was = values('was').map(readFormer);
  if (was.some((former) => former === undefined)) return unreadable('has a field was= that is not <uuid>@<host:port>');
  const line = values('line')[0];
  const lineMark = line === undefined ? undefined : readLine(line);
  if (line !== undefined && lineMark === undefined)
    return unreadable(`has line=${line}, which is neither <uuid>:<gno> nor <domain>-<server>:<sequence>`);
  const [nextUuid, nextUntil] = one('next').split(',');
  const frozen = values('frozen')[0];
  const replicas = values('replicas').map(readReplicas);
  // Whatever it means: nobody's publication depends on it, so it is copied like a field that is not known.
  const odd = values('replicas').filter((_, index) => replicas[index] === undefined);
  const colon = frozen?.indexOf(': ') ?? -1;
  return {
    kind: 'ledger',
    ledger: {
      cluster: one('cluster'),
      epoch,
      source: one('source') as ServerAddress,
      uuid: one('uuid') as ServerId,
      by: one('by'),
      at: one('at'),
      why: one('why'),
      try: one('try'),
      form,
      ...withRules(replicas.find((one) => one !== undefined)),
      ...(lineMark === undefined ? {} : { line: lineMark }),
      was: was as Former[],
      ...(nextUuid && nextUntil ? { next: { uuid: nextUuid as ServerId, until: nextUntil } } : {}),
      ...(frozen === undefined
        ? {}
        : { frozen: colon < 0 ? { by: frozen, reason: '' } : { by: frozen.slice(0, colon), reason: frozen.slice(colon + 2) } }),
      unknown: [...unknown, ...odd.map((text) => `replicas=${text}`)],
    },
  };
}

const withRules = (replicas: ReplicasName | undefined): Pick<Ledger, 'replicas'> => (replicas ? { replicas } : {});

const unreadable = (why: string): LedgerReading => ({ kind: 'unreadable', why });

function readForm(text: string): Form | undefined {
  const match = /^(address|cname)\/(\d{1,10})\/(.*)$/.exec(text);
  if (!match) return undefined;
  const targets = match[3] === '' ? [] : (match[3] as string).split(',');
  return { type: match[1] as Form['type'], ttlSeconds: Number(match[2]), targets };
}

function readReplicas(text: string): ReplicasName | undefined {
  const match = /^(.+)\/(\d{1,10})\/(\d{1,15})\/(source|keep|withdraw)$/.exec(text);
  if (!match) return undefined;
  const [, name, ttlSeconds, maxLagMs, whenEmpty] = match;
  return {
    name: name as Fqdn,
    ttlSeconds: Number(ttlSeconds),
    maxLagMs: Number(maxLagMs),
    whenEmpty: whenEmpty as ReplicasName['whenEmpty'],
  };
}

function readFormer(text: string): Former | undefined {
  const at = text.lastIndexOf('@');
  // A MariaDB identity holds an @ of its own, so the last one divides.
  return at <= 0 ? undefined : { uuid: text.slice(0, at) as ServerId, address: text.slice(at + 1) as ServerAddress };
}

function readLine(text: string): LineMark | undefined {
  const match = /^([0-9a-f-]{36}|\d{1,10}-\d{1,10}):(\d{1,16})$/.exec(text);
  return match ? { uuid: match[1] as string, gno: Number(match[2]) } : undefined;
}

/** The character-strings of the TXT RR, in the promised order. Free text is cut and made printable ASCII; everything else fits by construction. */
export function writeLedger(ledger: Ledger): readonly string[] {
  const fields = [
    'v=1',
    `cluster=${ledger.cluster}`,
    `epoch=${ledger.epoch}`,
    `source=${ledger.source}`,
    `uuid=${ledger.uuid}`,
    `by=${ledger.by}`,
    `at=${ledger.at}`,
    `why=${ledger.why}`,
    `try=${ledger.try}`,
    `form=${formText(ledger.form)}`,
    ...(ledger.replicas ? [`replicas=${rulesText(ledger.replicas)}`] : []),
    ...(ledger.line ? [`line=${ledger.line.uuid}:${ledger.line.gno}`] : []),
    ...ledger.was.map((former) => `was=${former.uuid}@${former.address}`),
    ...(ledger.next ? [`next=${ledger.next.uuid},${ledger.next.until}`] : []),
    ...(ledger.frozen ? [`frozen=${ledger.frozen.by}: ${ledger.frozen.reason}`] : []),
  ].map((field) => field.replace(/[^ -~]/g, '?').slice(0, stringLimit));
  return [...fields, ...ledger.unknown];
}

/** `<type>/<ttl>/<addresses>`. */
export const formText = (form: Form): string => `${form.type}/${form.ttlSeconds}/${form.targets.join(',')}`;

/** The same ledger with these rules for the replicas' name, if they can be written. */
export function withReplicas(ledger: Ledger, replicas: ReplicasName | undefined): Ledger {
  const { replicas: _old, ...rest } = ledger;
  return { ...rest, ...withRules(replicasText(replicas) === '' ? undefined : replicas) };
}

const rulesText = ({ name, ttlSeconds, maxLagMs, whenEmpty }: ReplicasName): string => `${name}/${ttlSeconds}/${maxLagMs}/${whenEmpty}`;

/** `<name>/<ttl>/<max_lag in ms>/<when_empty>`; empty: none, or a name that is too long to be written. */
export function replicasText(replicas: ReplicasName | undefined): string {
  const text = replicas ? rulesText(replicas) : '';
  return /^[ -~]*$/.test(text) && `replicas=${text}`.length <= stringLimit ? text : '';
}

/** Whether the form can be written: a character-string ends at 255 bytes. */
export const formFits = (form: Form): boolean => `form=${formText(form)}`.length <= stringLimit;
