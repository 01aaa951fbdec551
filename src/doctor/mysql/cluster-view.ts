/** The servers of one cluster, as a check sees them. */

import type { LoadedCluster } from '../../config/loaded.ts';
import type { Ledger } from '../../core/model/ledger.ts';
import { isWritable, type ServerFacts } from '../../core/model/observation.ts';
import type { ServerAddress, ServerId, WallMs } from '../../core/model/units.ts';
import { accountOfCurrentUser } from '../../mysql/answer/grants.ts';
import type { ServerReport } from '../../mysql/inspection.ts';
import type { Check } from '../check.ts';
import type { Finding, Mend } from '../finding.ts';
import { type Found, judged } from '../found.ts';
import type { SeenServer, World } from '../world.ts';

export interface ClusterView {
  readonly cluster: LoadedCluster;
  readonly name: string;
  readonly servers: readonly SeenServer[];
  /** Undefined: the name was never published, or the zone cannot be read. */
  readonly ledger: Ledger | undefined;
  /** The server that the ledger names. */
  readonly published: SeenServer | undefined;
  /** The published server if it takes writes, else the only one that does and replicates from none. */
  readonly source: SeenServer | undefined;
  /** The configuration file. */
  readonly file: string;
  readonly wall: WallMs;
}

/** A server that answered everything. */
export interface Answering {
  readonly address: ServerAddress;
  readonly report: ServerReport;
  /** Absent: the probe was refused, for example without the privileges. */
  readonly facts: ServerFacts | undefined;
  /** Quoted for a statement. */
  readonly account: string;
}

export const factsOf = ({ probe }: SeenServer): ServerFacts | undefined =>
  probe.kind === 'reachable' ? probe.facts : undefined;

export function answering(server: SeenServer): Answering | undefined {
  const { address, inspection } = server;
  if (inspection.kind !== 'seen') return undefined;
  const { report } = inspection;
  return { address, report, facts: factsOf(server), account: accountOfCurrentUser(report.currentUser) };
}

export const allAnswering = ({ servers }: ClusterView): readonly Answering[] =>
  servers.flatMap((server) => answering(server) ?? []);

function sourceOf(servers: readonly SeenServer[]): SeenServer | undefined {
  const open = servers.filter(isOpen);
  return open.length === 1 ? open[0] : undefined;
}

/** Without its facts, because the account may not see them: by the variables that everybody sees. */
function isOpen(server: SeenServer): boolean {
  return takesWrites(server) && !isReplicating(server);
}

const isReplicating = (server: SeenServer): boolean =>
  factsOf(server)?.channels.some(({ receiver }) => receiver !== 'off') === true;

export function takesWrites(server: SeenServer): boolean {
  const facts = factsOf(server);
  if (facts !== undefined) return isWritable(facts);
  const { inspection } = server;
  return inspection.kind === 'seen' && inspection.report.variables.get('read_only') === 'OFF';
}

/** By its identity; by the address while no server has that identity. */
const publishedOf = (servers: readonly SeenServer[], ledger: Ledger | undefined): SeenServer | undefined =>
  ledger === undefined
    ? undefined
    : (servers.find((server) => factsOf(server)?.id === ledger.uuid) ??
      servers.find(({ address }) => address === ledger.source));

/** A former source that has not rejoined: as the daemon knows it, by identity or address. */
export const isSuperseded = (
  { ledger, published }: Pick<ClusterView, 'ledger' | 'published'>,
  { address, id }: { readonly address: ServerAddress; readonly id: ServerId | undefined },
): boolean =>
  ledger !== undefined &&
  address !== published?.address &&
  ledger.was.some((former) => former.uuid === id || former.address === address);

async function viewOf(world: World, cluster: LoadedCluster): Promise<ClusterView> {
  const [servers, ledger] = await Promise.all([world.servers(cluster), world.ledger(cluster)]);
  const published = publishedOf(servers, ledger);
  const inLine = servers.filter(
    (server) => !isSuperseded({ ledger, published }, { address: server.address, id: factsOf(server)?.id }),
  );
  return {
    cluster,
    name: cluster.settings.cluster,
    servers,
    ledger,
    published,
    source: published && takesWrites(published) ? published : sourceOf(inLine),
    file: world.config.file,
    wall: world.clock.wall(),
  };
}

type Parts = Pick<Check, 'name' | 'codes'>;

/** A check of each cluster as a whole. */
export function clusterCheck(parts: Parts, look: (view: ClusterView) => readonly Finding[]): Check {
  return {
    area: 'mysql',
    ...parts,
    look: async (world) =>
      (await Promise.all(world.clusters.map((cluster) => viewOf(world, cluster)))).flatMap(look),
  };
}

/** A check of each server that answers. `ok`: the sentence where nothing is found. Undefined: no sentence. */
export const serverCheck = (
  parts: Parts & { readonly ok: string },
  look: (server: Answering, view: ClusterView) => readonly Found[] | undefined,
): Check =>
  clusterCheck({ name: parts.name, codes: parts.codes }, (view) =>
    allAnswering(view).flatMap((server) => {
      const found = look(server, view);
      return found ? judged({ area: 'mysql', name: parts.name }, server.address, found, parts.ok) : [];
    }),
  );

/** Accounts and their privileges replicate: run elsewhere, the statements would be errant transactions. */
export const onSource = ({ source }: ClusterView, lines: readonly string[]): Mend => ({
  where: source === undefined ? 'on the source' : `on the source ${source.address}`,
  lines,
});

export const onServer = (address: ServerAddress, lines: readonly string[]): Mend => ({
  where: `on ${address}`,
  lines,
});

/** A setting that counts from the next start on. */
export const inServerFile = ({ address, report }: Answering, lines: readonly string[]): Mend =>
  report.traits.rds || report.traits.aurora
    ? { where: `in the DB parameter group of ${address}; then reboot it`, lines }
    : { where: `in my.cnf of ${address}, section [mysqld]; then restart it`, lines };

/** A setting that the server takes at once and keeps: MariaDB, MySQL 5.7 and RDS have no SET PERSIST. */
export function setAndKept(server: Answering, variable: string, value: string): readonly Mend[] {
  const { address, report } = server;
  const { mariadb, rds, aurora, version } = report.traits;
  if (rds || aurora)
    return [{ where: `in the DB parameter group of ${address}`, lines: [`${variable} = ${value}`] }];
  if (!mariadb && (version?.major ?? 0) >= 8)
    return [onServer(address, [`SET PERSIST ${variable} = ${value};`])];
  return [
    onServer(address, [`SET GLOBAL ${variable} = ${value};`]),
    { where: `in my.cnf of ${address}, section [mysqld]`, lines: [`${variable} = ${value}`] },
  ];
}

/** TLS on a server that has none: MySQL 8 makes itself a certificate at its first start, others do not. */
export function tlsOn(server: Answering): Mend {
  const { mariadb, rds, aurora, version } = server.report.traits;
  if (rds || aurora) return inServerFile(server, ['tls_version = TLSv1.2,TLSv1.3']);
  if (!mariadb && (version?.major ?? 0) >= 8) return onServer(server.address, tlsLines);
  return inServerFile(server, [
    'ssl_ca = <the certificate of the authority, as PEM>',
    'ssl_cert = <the certificate of the server>',
    'ssl_key = <its key>',
  ]);
}

/** MySQL 8 and later. */
export const tlsLines: readonly string[] = [
  "SET PERSIST tls_version = 'TLSv1.2,TLSv1.3';",
  'ALTER INSTANCE RELOAD TLS;',
];

export const variable = ({ report }: Answering, name: string): string | undefined =>
  report.variables.get(name);

/**
 * For an account that is right on the source, but not on this server: so it did not replicate. The binary log
 * stays off, because the statements would be errant transactions. read_only stays as it is all the time.
 */
export const onlyHere = (address: ServerAddress, view: ClusterView, lines: readonly string[]): Mend => {
  const mariadb = allAnswering(view).some(({ report }) => report.traits.mariadb);
  return {
    where: `on ${address}, in one session: there the account differs from that of the source`,
    lines: [
      ...(mariadb ? [] : ['SET @closed = @@GLOBAL.super_read_only;', 'SET GLOBAL super_read_only = OFF;']),
      'SET SESSION sql_log_bin = 0;',
      ...lines,
      'SET SESSION sql_log_bin = 1;',
      ...(mariadb ? [] : ['SET GLOBAL super_read_only = @closed;']),
    ],
  };
};

/** Where to change the account: on the source, unless `isRight` says that nothing is to be changed there. */
export function onAccount(
  view: ClusterView,
  server: Answering,
  lines: readonly string[],
  isRight: (source: Answering) => boolean,
): Mend {
  const source = view.source && answering(view.source);
  return source !== undefined && source.address !== server.address && isRight(source)
    ? onlyHere(server.address, view, lines)
    : onSource(view, lines);
}

/** The commands of source-dns that print the statements for this server. */
export const advised = ({ name }: ClusterView, { address }: Pick<Answering, 'address'>): Mend => ({
  where: 'in a shell on this host: it prints the statements for this server, and when they are right',
  lines: [`source-dns advise ${name} --server ${address}`],
});
