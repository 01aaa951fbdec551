/** The ledger: one TXT RR, one character-string a field, next to the source's name (docs/LEDGER.md). Version 1. */

import { parseIp } from './ip-address.ts';
import type { ReplicasName, SourceName } from './settings.ts';
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
/** What a server says that it is, but for MariaDB's identity, which ends with its address: `aurora:` and an instance's name of 63 letters are the longest. */
const longestIdentity = 70;
/** `host:port` of a server: `was=<identity>@<host:port>` must fit. */
export const longestAddress = stringLimit - 'was='.length - longestIdentity - '@'.length;
/** All character-strings together, in bytes: far from what a TXT RR and a message can hold, with a former source more. */
const longestLedger = 16_384;
/** RFC 2181 8: the longest TTL. */
const longestTtl = 2 ** 31 - 1;
/** An epoch has at most 15 digits, so that it is exact in JavaScript. */
export const highestEpoch = 999_999_999_999_999;

export type LedgerReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'ledger'; readonly ledger: Ledger }
  | { readonly kind: 'unreadable'; readonly why: string };

const required = ['v', 'cluster', 'epoch', 'source', 'uuid', 'by', 'at', 'why', 'try', 'form'] as const;
const known: ReadonlySet<string> = new Set([...required, 'replicas', 'line', 'was', 'next', 'frozen']);

/** Reads the TXT RRset's RDATA. Never throws: the zone is somebody else's to write. */
export function readLedger(rdata: readonly (readonly string[])[]): LedgerReading {
  const [strings] = rdata;
  if (strings === undefined) return { kind: 'absent' };
  if (rdata.length > 1) return unreadable(`has ${rdata.length} TXT RRs, not one`);
  return strings.join('').length > longestLedger
    ? unreadable(`has more than ${longestLedger} bytes`)
    : readStrings(strings);
}

function readStrings(strings: readonly string[]): LedgerReading {
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
  if (version !== '1')
    return unreadable(version === undefined ? 'has no field v=' : `is of version ${version}, not 1`);
  for (const name of required)
    if (fields.get(name)?.length !== 1) return unreadable(`does not have exactly one field ${name}=`);
  return readFields((name) => fields.get(name) ?? [], unknown);
}

function readFields(values: (name: string) => readonly string[], unknown: readonly string[]): LedgerReading {
  const one = (name: string) => values(name)[0] ?? '';
  const odd = oddField(one);
  if (odd !== undefined) return unreadable(`has ${odd}, which could not be written again`);
  const epoch = Number(one('epoch'));
  if (!/^\d{1,15}$/.test(one('epoch')) || epoch < 1)
    return unreadable(`has epoch=${one('epoch')}, which is no epoch`);
  const form = readForm(one('form'));
  if (form === undefined) return unreadable(`has form=${one('form')}, which is not <type>/<ttl>/<addresses>`);
  const was = values('was').map(readFormer);
  if (was.some((former) => former === undefined || !isWritable(former)))
    return unreadable('has a field was= that is not <uuid>@<host:port>');
  const line = values('line')[0];
  const lineMark = line === undefined ? undefined : readLine(line);
  if (line !== undefined && lineMark === undefined)
    return unreadable(`has line=${line}, which is neither <uuid>:<gno> nor <domain>-<server>:<sequence>`);
  // What cannot be read of these, nobody's publication depends on: it is copied like a field that is not known.
  const replicas = readable('replicas', values, readReplicas);
  const next = readable('next', values, readNext);
  const frozen = values('frozen').map(readFrozen);
  const all = { line: values('line'), replicas: replicas.known, next: next.known, frozen };
  const several = Object.entries(all).find(([, fields]) => fields.length > 1);
  if (several) return unreadable(`has more than one field ${several[0]}=`);
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
      ...withRules(replicas.known[0]),
      ...(lineMark === undefined ? {} : { line: lineMark }),
      was: was as Former[],
      ...(next.known[0] ? { next: next.known[0] } : {}),
      ...(frozen[0] ? { frozen: frozen[0] } : {}),
      unknown: [...unknown, ...replicas.others, ...next.others],
    },
  };
}

/** What can be read of the fields of that name, and the others as they stand there. */
function readable<T>(
  name: string,
  values: (name: string) => readonly string[],
  read: (text: string) => T | undefined,
): { readonly known: readonly T[]; readonly others: readonly string[] } {
  const texts = values(name);
  return {
    known: texts.flatMap((text) => read(text) ?? []),
    others: texts.filter((text) => read(text) === undefined).map((text) => `${name}=${text}`),
  };
}

/** The field that this version could not write as it reads it: somebody else wrote it, or its server had an identity that no server has. */
function oddField(one: (name: string) => string): string | undefined {
  const unprintable = required.find((name) => !isPrintable(one(name)));
  if (unprintable !== undefined) return `a field ${unprintable}= with other letters than printable ASCII`;
  // It becomes a former source with the next move.
  const source: Former = { uuid: one('uuid') as ServerId, address: one('source') as ServerAddress };
  if (!fits(source)) return `uuid=${source.uuid} and source=${source.address}, which are too long`;
  return isWritable(source)
    ? undefined
    : `uuid=${source.uuid} and source=${source.address}, which are not <uuid> and <host:port>`;
}

const isPrintable = (text: string): boolean => /^[ -~]*$/.test(text);

/** Whether it is read as it is written. Sentences propose commands with its address, and a person pastes them into a shell. */
function isWritable(former: Former): boolean {
  const text = formerText(former);
  const port = Number(
    /^(?:[a-z0-9_][a-z0-9_.-]*|\[[0-9a-f:.]+\]):(\d{1,5})$/i.exec(former.address)?.[1] ?? 0,
  );
  return (
    fits(former) &&
    isPrintable(text) &&
    port > 0 &&
    port < 65_536 &&
    readFormer(text.slice('was='.length))?.uuid === former.uuid
  );
}

/** Whether a server can stand in the ledger, as the source and as a former one. */
export const fits = ({ uuid, address }: Former): boolean =>
  address.length <= longestAddress &&
  (uuid.length <= longestIdentity || shortIdentity(uuid)?.address === address);

/** MariaDB's identity ends with the address that the server is configured with. */
function shortIdentity(uuid: string): { readonly short: string; readonly address: string } | undefined {
  const match = /^(mariadb:\d{1,10})@(.+)$/.exec(uuid);
  return match ? { short: match[1] as string, address: match[2] as string } : undefined;
}

const withRules = (replicas: ReplicasName | undefined): Pick<Ledger, 'replicas'> =>
  replicas ? { replicas } : {};

const unreadable = (why: string): LedgerReading => ({ kind: 'unreadable', why });

function readForm(text: string): Form | undefined {
  const match = /^(address|cname)\/(\d{1,10})\/(.*)$/.exec(text);
  if (!match) return undefined;
  const targets = match[3] === '' ? [] : (match[3] as string).split(',');
  const [type, ttlSeconds] = [match[1] as Form['type'], Number(match[2])];
  const isKnown =
    type === 'cname'
      ? targets.length <= 1 && targets.every(isTarget)
      : targets.every((target) => parseIp(target));
  return isKnown && ttlSeconds <= longestTtl ? { type, ttlSeconds, targets } : undefined;
}

/** A host name that can be the target of a CNAME. */
const isTarget = (name: string): boolean =>
  name.length < stringLimit && /^(?:[a-z0-9_-]{1,63}\.)+$/.test(name);

function readNext(text: string): Ledger['next'] {
  const match = isPrintable(text) ? /^([^,]+),([^,]+)$/.exec(text) : null;
  return match ? { uuid: match[1] as ServerId, until: match[2] as string } : undefined;
}

/** Somebody wrote it by hand, perhaps: whatever it says, the name is frozen. */
function readFrozen(text: string): NonNullable<Ledger['frozen']> {
  const plain = printable(text);
  const colon = plain.indexOf(': ');
  return colon < 0
    ? { by: plain, reason: '' }
    : { by: plain.slice(0, colon), reason: plain.slice(colon + 2) };
}

const frozenText = ({ by, reason }: { readonly by: string; readonly reason: string }): string =>
  `frozen=${reason === '' ? by : `${by}: ${reason}`}`;

function readReplicas(text: string): ReplicasName | undefined {
  const match = /^(.+)\/(\d{1,10})\/(\d{1,15})\/(source|keep|withdraw)$/.exec(text);
  if (!match || !isPrintable(text) || Number(match[2]) > longestTtl) return undefined;
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
  if (at <= 0) return undefined;
  const [identity, address] = [text.slice(0, at), text.slice(at + 1) as ServerAddress];
  return { uuid: (/^mariadb:\d{1,10}$/.test(identity) ? text : identity) as ServerId, address };
}

function readLine(text: string): LineMark | undefined {
  const match = /^([0-9a-f-]{36}|\d{1,10}-\d{1,10}):(\d{1,16})$/.exec(text);
  const mark = match && { uuid: match[1] as string, gno: Number(match[2]) };
  return mark && isMark(mark) ? mark : undefined;
}

/** Whether a transaction can stand in the ledger. */
export const isMark = ({ uuid, gno }: LineMark): boolean =>
  /^(?:[0-9a-f-]{36}|\d{1,10}-\d{1,10})$/.test(uuid) && Number.isSafeInteger(gno) && gno > 0;

/** Where the address does not fit twice, it is written once. */
function formerText({ uuid, address }: Former): string {
  const text = `was=${uuid}@${address}`;
  return text.length <= stringLimit ? text : `was=${shortIdentity(uuid)?.short ?? uuid}@${address}`;
}

/** The character-strings of the TXT RR, in the promised order. Free text is cut and made printable ASCII; everything else fits: what could not be written was refused before. */
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
    ...ledger.was.map(formerText),
    ...(ledger.next ? [`next=${ledger.next.uuid},${ledger.next.until}`] : []),
    ...(ledger.frozen ? [printable(frozenText(ledger.frozen)).slice(0, stringLimit)] : []),
  ];
  return [...fields, ...ledger.unknown];
}

const printable = (text: string): string => text.replace(/[^ -~]/g, '?');

/** `<type>/<ttl>/<addresses>`. */
export const formText = (form: Form): string => `${form.type}/${form.ttlSeconds}/${form.targets.join(',')}`;

/** The same ledger with these rules for the replicas' name, if they can be written. */
export function withReplicas(ledger: Ledger, replicas: ReplicasName | undefined): Ledger {
  const { replicas: _old, ...rest } = ledger;
  return { ...rest, ...withRules(replicasText(replicas) === '' ? undefined : replicas) };
}

const rulesText = ({ name, ttlSeconds, maxLagMs, whenEmpty }: ReplicasName): string =>
  `${name}/${ttlSeconds}/${maxLagMs}/${whenEmpty}`;

/** `<name>/<ttl>/<max_lag in ms>/<when_empty>`; empty: none, or a name that is too long to be written. */
export function replicasText(replicas: ReplicasName | undefined): string {
  const text = replicas ? rulesText(replicas) : '';
  return /^[ -~]*$/.test(text) && `replicas=${text}`.length <= stringLimit ? text : '';
}

/** Whether the form can be written: a character-string ends at 255 bytes. */
export const formFits = (form: Form): boolean => `form=${formText(form)}`.length <= stringLimit;

/** Where the ledger of a source's name lives. */
export const ledgerName = (source: SourceName): Fqdn => `_source-dns.${source.name}` as Fqdn;
