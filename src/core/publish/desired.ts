/** What the zone should hold: the RRsets that follow from a ledger, a server and the configuration. */

import { type Form, ledgerName } from '../model/ledger.ts';
import type { PublicationSettings, SourceName } from '../model/settings.ts';
import type { Fqdn } from '../model/units.ts';
import type { Question, Rrset, Wanted } from '../model/zone.ts';

const srvName = (source: SourceName): Fqdn => `_mysql._tcp.${source.name}` as Fqdn;

/** Whether the source's name can move without it: its SRV RRset, and the replicas'. */
export const isSide = (source: SourceName, { name }: Question): boolean =>
  name !== source.name && name !== ledgerName(source);

/** Whether it is one of the source's own RRsets: not the ledger, not the replicas'. */
export const isOfSource = (source: SourceName, { name }: Question): boolean =>
  name === source.name || name === srvName(source);

/** Every RRset that this publication reads, and may write; also the replicas' under the name that the ledger says, which may be a former one. */
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
    // Never written there: a CNAME that somebody put there, or that a wildcard answers, keeps the addresses out of sight.
    ...[...names].flatMap((name) => (['A', 'AAAA', 'CNAME'] as const).map((type) => ({ name, type }))),
  ];
}

/** The source's RRsets in this form, and nothing else beside them. No targets: none of them exists. */
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

/** The A or the AAAA RRset of a name: of the addresses given those that are of its family. */
export function addressRrset(
  name: Fqdn,
  type: 'A' | 'AAAA',
  ttlSeconds: number,
  addresses: readonly string[],
): Wanted {
  const rdata = addresses.filter((address) => address.includes(':') === (type === 'AAAA'));
  return wish({ name, type, ttlSeconds, rdata });
}

export const isIpText = (host: string): boolean => host.includes(':') || /^\d+(\.\d+){3}$/.test(host);
