/** Reads and writes the ledger's text: the character-strings of one TXT RR (docs/LEDGER.md). Version 1. */

import { parseIp } from './ip-address.ts';
import {
  type Form,
  type Former,
  fits,
  formText,
  isMark,
  isMarkKey,
  type Ledger,
  type LedgerReading,
  type LineMark,
  rulesText,
  shortIdentity,
  stringLimit,
} from './ledger.ts';
import type { ReplicasName } from './settings.ts';
import type { Fqdn, ServerAddress, ServerId } from './units.ts';

/** All character-strings together, in bytes: far less than a TXT RR and a message can hold. */
const longestLedger = 16_384;
/** RFC 2181 8: the longest TTL. */
const longestTtl = 2 ** 31 - 1;

const required = ['v', 'cluster', 'epoch', 'source', 'uuid', 'by', 'at', 'why', 'try', 'form'] as const;
const known: ReadonlySet<string> = new Set([
  ...required,
  'replicas',
  'line',
  'own',
  'was',
  'opened',
  'next',
  'frozen',
]);

/** Reads the TXT RRset's RDATA. Never throws: anybody may write to the zone. */
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
  // No publication depends on these: an unreadable one is copied like an unknown field.
  const replicas = readable('replicas', values, readReplicas);
  const own = readable('own', values, readMark);
  const next = readable('next', values, readNext);
  const frozen = values('frozen').map(readFrozen);
  const all = {
    line: values('line'),
    replicas: replicas.known,
    own: own.known,
    next: next.known,
    frozen,
  };
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
      replicas: replicas.known[0],
      line: lineMark,
      own: own.known[0],
      was: was as Former[],
      opened: readOpened(was as Former[], values('opened')),
      next: next.known[0],
      frozen: frozen[0],
      unknown: [...unknown, ...replicas.others, ...own.others, ...next.others],
    },
  };
}

/** The readable fields of that name, and the text of the others. */
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

/** The field that this version could not write again in the same way. */
function oddField(one: (name: string) => string): string | undefined {
  const unprintable = required.find((name) => !isPrintable(one(name)));
  if (unprintable !== undefined)
    return `a field ${unprintable}= with characters that are not printable ASCII`;
  // The next move makes it a former source.
  const source: Former = { uuid: one('uuid') as ServerId, address: one('source') as ServerAddress };
  if (!fits(source)) return `uuid=${source.uuid} and source=${source.address}, which are too long`;
  return isWritable(source)
    ? undefined
    : `uuid=${source.uuid} and source=${source.address}, which are not <uuid> and <host:port>`;
}

const isPrintable = (text: string): boolean => /^[ -~]*$/.test(text);

/** Whether the text that we write is read as the same server. People paste its address into a shell. */
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

/** Whatever the text says (somebody may have written it by hand), the name is frozen. */
function readFrozen(text: string): NonNullable<Ledger['frozen']> {
  const plain = printable(text);
  const colon = plain.indexOf(': ');
  return colon < 0
    ? { by: plain, reason: '' }
    : { by: plain.slice(0, colon), reason: plain.slice(colon + 2) };
}

/** The reason as the zone keeps it: others read this one. */
export const keptReason = (frozen: NonNullable<Ledger['frozen']>): string =>
  readFrozen(frozenField(frozen).slice('frozen='.length)).reason;

const frozenField = (frozen: NonNullable<Ledger['frozen']>): string =>
  printable(frozenText(frozen)).slice(0, stringLimit);

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
  // A MariaDB identity contains an @ too: the last @ divides.
  if (at <= 0) return undefined;
  const [identity, address] = [text.slice(0, at), text.slice(at + 1) as ServerAddress];
  return { uuid: (/^mariadb:\d{1,10}$/.test(identity) ? text : identity) as ServerId, address };
}

function readLine(text: string): LineMark | undefined {
  const mark = readMark(text);
  return mark && isMark(mark) ? mark : undefined;
}

/** `gno` may be 0. */
function readMark(text: string): LineMark | undefined {
  const [, uuid = '', digits] = /^([^:]+):(\d{1,16})$/.exec(text) ?? [];
  const gno = Number(digits);
  return isMarkKey(uuid) && Number.isSafeInteger(gno) ? { uuid, gno } : undefined;
}

const markText = ({ uuid, gno }: LineMark): string => `${uuid}:${gno}`;

/** Only of former sources; undefined: none. */
function readOpened(was: readonly Former[], texts: readonly string[]): readonly ServerId[] | undefined {
  const opened = was.map(({ uuid }) => uuid).filter((uuid) => texts.includes(uuid));
  return opened.length === 0 ? undefined : opened;
}

const openedText = (uuid: ServerId): string => `opened=${uuid}`;

/** An address that does not fit twice is written once. */
function formerText({ uuid, address }: Former): string {
  const text = `was=${uuid}@${address}`;
  return text.length <= stringLimit ? text : `was=${shortIdentity(uuid)?.short ?? uuid}@${address}`;
}

/**
 * The character-strings of the TXT RR, in the documented order. Free text is cut and made printable ASCII.
 * Everything else fits: what does not was refused before.
 */
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
    ...(ledger.line ? [`line=${markText(ledger.line)}`] : []),
    ...(ledger.own ? [`own=${markText(ledger.own)}`] : []),
    ...ledger.was.map(formerText),
    ...(ledger.opened ?? []).filter((id) => ledger.was.some(({ uuid }) => uuid === id)).map(openedText),
    ...(ledger.next ? [`next=${ledger.next.uuid},${ledger.next.until}`] : []),
    ...(ledger.frozen ? [frozenField(ledger.frozen)] : []),
  ];
  return [...fields, ...ledger.unknown];
}

const printable = (text: string): string => text.replace(/[^ -~]/g, '?');
