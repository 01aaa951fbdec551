/**
 * Reads the journal of a primary nameserver, as dig prints it for IXFR (RFC 1995): each committed change of
 * the zone, in order.
 */

/** One RR in words, the owner without the last dot. */
export interface Rr {
  readonly name: string;
  readonly ttl: number;
  readonly type: string;
  readonly rdata: string;
}

/** One transaction: the RRs that it deleted and added, without the SOA. */
export interface Transaction {
  readonly serial: number;
  readonly deleted: readonly Rr[];
  readonly added: readonly Rr[];
}

/**
 * The transactions of an incremental transfer; `whole` when the nameserver sent the whole zone instead;
 * undefined without a readable answer.
 */
export function parseIxfr(
  text: string,
): readonly Transaction[] | { readonly whole: readonly Rr[]; readonly serial: number } | undefined {
  const rrs = text.split('\n').flatMap(parseRr);
  const [first] = rrs;
  if (first?.type !== 'SOA') return undefined;
  // Only the SOA: there is nothing newer.
  if (rrs.length === 1) return [];
  if (rrs[1]?.type !== 'SOA')
    return { whole: rrs.filter(({ type }) => type !== 'SOA'), serial: serialOf(first) };
  const transactions: { serial: number; deleted: Rr[]; added: Rr[] }[] = [];
  let adding = true;
  for (const rr of rrs.slice(1, -1)) {
    if (rr.type !== 'SOA') {
      transactions.at(-1)?.[adding ? 'added' : 'deleted'].push(rr);
      continue;
    }
    adding = !adding;
    if (!adding) transactions.push({ serial: 0, deleted: [], added: [] });
    else Object.assign(transactions.at(-1) ?? {}, { serial: serialOf(rr) });
  }
  return transactions;
}

function parseRr(line: string): Rr[] {
  const match = /^(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.*)$/.exec(line);
  if (match === null || match[3] === 'TSIG') return [];
  const [, name = '', ttl = '0', type = '', rdata = ''] = match;
  return [{ name: name.replace(/\.$/, ''), ttl: Number(ttl), type, rdata }];
}

const serialOf = ({ rdata }: Rr): number => Number(rdata.split(/\s+/)[2]);

/** The character-strings of a TXT RR, as dig quotes them. */
export function stringsOf(rdata: string): readonly string[] {
  return [...rdata.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replace(/\\(\d{3}|.)/g, (_, escaped: string) =>
      /^\d{3}$/.test(escaped) ? String.fromCharCode(Number(escaped)) : escaped,
    ),
  );
}

/** The zone after a transaction. A TTL belongs to the RRset, so RRs compare without it. */
export function applied(zone: readonly Rr[], { deleted, added }: Transaction): readonly Rr[] {
  const same = (a: Rr) => (b: Rr) => a.name === b.name && a.type === b.type && a.rdata === b.rdata;
  return [...zone.filter((rr) => !deleted.some(same(rr))), ...added];
}
