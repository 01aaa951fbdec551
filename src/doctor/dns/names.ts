/** The names and types that a publication reads and writes in its zone. */
import { ledgerName } from '../../core/model/ledger.ts';
import type { PublicationSettings, SourceName } from '../../core/model/settings.ts';
import type { Fqdn } from '../../core/model/units.ts';
import type { Question, Rrset } from '../../core/model/zone.ts';

export const srvName = (source: SourceName): Fqdn => `_mysql._tcp.${source.name}` as Fqdn;

/** Everything that a publication reads, the source's name first: the zone is found by it. */
export function readQuestions({ source, replicas }: PublicationSettings): readonly Question[] {
  const of = (name: Fqdn, ...types: readonly Question['type'][]) => types.map((type) => ({ name, type }));
  return [
    ...of(source.name, 'A', 'AAAA', 'CNAME'),
    ...of(ledgerName(source), 'TXT', 'CNAME'),
    ...(source.srv ? of(srvName(source), 'SRV') : []),
    ...(replicas ? of(replicas.name, 'A', 'AAAA', 'CNAME') : []),
  ];
}

/** Names that source-dns moves without, if they cannot be read. */
export const sideNames = ({ source, replicas }: PublicationSettings): readonly Fqdn[] => [
  ...(source.srv ? [srvName(source)] : []),
  ...(replicas ? [replicas.name] : []),
];

/** The RRsets that the key must be allowed to write. `stored`: a first publication deletes what is there. */
export function writtenQuestions(
  { source, replicas, adopt }: PublicationSettings,
  stored: readonly Rrset[],
): readonly Question[] {
  const types = source.type === 'cname' ? (['CNAME'] as const) : (['A', 'AAAA'] as const);
  const other = stored
    .filter(({ name, type }) => adopt && name === source.name && !types.some((own) => own === type))
    .map(({ type }) => type);
  const own = [...types, ...other].map((type) => ({ name: source.name, type }));
  return [
    ...own,
    { name: ledgerName(source), type: 'TXT' },
    ...(source.srv ? [{ name: srvName(source), type: 'SRV' } as const] : []),
    ...(replicas ? (['A', 'AAAA'] as const).map((type) => ({ name: replicas.name, type })) : []),
  ];
}
