/** The RRsets that the zone should have, by a ledger and the configuration. */

import { type Form, ledgerName } from '../model/ledger.ts';
import type { PublicationSettings, SourceName } from '../model/settings.ts';
import type { Fqdn } from '../model/units.ts';
import type { Question, Rrset, Wanted } from '../model/zone.ts';

const srvName = (source: SourceName): Fqdn => `_mysql._tcp.${source.name}` as Fqdn;

/** A side name: the SRV RRset and the replicas' name. The source's name can move without them. */
export const isSide = (source: SourceName, { name }: Question): boolean =>
  name !== source.name && name !== ledgerName(source);

/** One of the source's own RRsets: not the ledger, not the replicas'. */
export const isOfSource = (source: SourceName, { name }: Question): boolean =>
  name === source.name || name === srvName(source);

/** Every RRset that this publication reads. `written`: the replicas' name in the ledger, maybe an old one. */
export function managedQuestions(settings: PublicationSettings, written?: Fqdn): readonly Question[] {
  const { source, replicas } = settings;
  const names = new Set([...(replicas ? [replicas.name] : []), ...(written === undefined ? [] : [written])]);
  return [
    { name: ledgerName(source), type: 'TXT' },
    { name: ledgerName(source), type: 'CNAME' },
    { name: source.name, type: 'A' },
    { name: source.name, type: 'AAAA' },
    { name: source.name, type: 'CNAME' },
    ...(source.srv ? [{ name: srvName(source), type: 'SRV' } as const] : []),
    // We never write this CNAME. But one that a person or a wildcard put there hides the addresses.
    ...[...names].flatMap((name) => (['A', 'AAAA', 'CNAME'] as const).map((type) => ({ name, type }))),
  ];
}

/** The source's RRsets in this form. Without targets none of them exists. */
export function wantedForForm(settings: PublicationSettings, form: Form, port: number): readonly Wanted[] {
  const { source } = settings;
  const cname = form.type === 'cname' ? form.targets : [];
  const addresses = form.type === 'address' ? form.targets : [];
  return [
    addressRrset(source.name, 'A', form.ttlSeconds, addresses),
    addressRrset(source.name, 'AAAA', form.ttlSeconds, addresses),
    wish({ name: source.name, type: 'CNAME', ttlSeconds: form.ttlSeconds, rdata: cname }),
    ...(source.srv ? [srvRrset(source, form, port)] : []),
  ];
}

/** Without RDATA the RRset should not exist. */
const wish = (rrset: Rrset): Wanted => {
  const { name, type } = rrset;
  return rrset.rdata.length === 0 ? { name, type } : { name, type, rrset };
};

const srvRrset = (source: SourceName, { targets, ttlSeconds }: Form, port: number): Wanted =>
  wish({
    name: srvName(source),
    type: 'SRV',
    ttlSeconds,
    rdata: targets.length === 0 ? [] : [{ priority: 0, weight: 0, port, target: source.name }],
  });

/** The A or AAAA RRset of a name, with the addresses of that family. */
export function addressRrset(
  name: Fqdn,
  type: 'A' | 'AAAA',
  ttlSeconds: number,
  addresses: readonly string[],
): Wanted {
  const rdata = addresses.filter((address) => address.includes(':') === (type === 'AAAA'));
  return wish({ name, type, ttlSeconds, rdata });
}
