/** Whether each server lets us in, and whether it is the server itself that answers. */

import type { Failure } from '../../core/model/observation.ts';
import {
  accountsQuery,
  certificateLine,
  refusalMend,
  unknownHost,
} from '../../mysql/answer/refusal-mends.ts';
import type { Check } from '../check.ts';
import type { Mend } from '../finding.ts';
import { type Found, fault, judged, unreachable } from '../found.ts';
import type { SeenServer } from '../world.ts';
import {
  allAnswering,
  type ClusterView,
  clusterCheck,
  factsOf,
  onlyHere,
  onServer,
  onSource,
  tlsLines,
} from './cluster-view.ts';

const name = 'login';

/** Access denied to a table, a column, a database, a privilege: the check `grants` says which. */
const grantErrors: ReadonlySet<string> = new Set(['mysql-1044', 'mysql-1142', 'mysql-1143', 'mysql-1227']);

/** By the codes of the probe. */
const ownCodes: Readonly<Record<string, string>> = {
  'proxy-answers': 'proxy-answers',
  'version-unsupported': 'version-unsupported',
  'tls-unsupported': 'tls-refused',
  'tls-failed': 'tls-refused',
  'public-key-refused': 'tls-refused',
  'not-a-server': 'login-refused',
};

export const reachCheck: Check = clusterCheck(
  {
    name,
    codes: ['server-unreachable', 'login-refused', 'tls-refused', 'proxy-answers', 'version-unsupported'],
  },
  (view) =>
    view.servers.flatMap((server) =>
      judged({ area: 'mysql', name }, server.address, reached(server, view), versionText(server)),
    ),
);

function versionText(server: SeenServer): string {
  const facts = factsOf(server);
  return facts === undefined ? 'answers' : `answers: ${facts.flavour} ${facts.version.text}`;
}

function reached(server: SeenServer, view: ClusterView): readonly Found[] {
  const { inspection, probe } = server;
  if (inspection.kind === 'refused') {
    const { problem, errno } = inspection;
    return refusal(server, view, { ...problem, ...(errno !== undefined && { errno }) });
  }
  if (probe.kind !== 'reachable')
    return grantErrors.has(probe.failure.code) ? [] : refusal(server, view, probe);
  const uuid = inspection.report.variables.get('server_uuid');
  if (uuid === undefined || uuid.toLowerCase() === probe.facts.id || probe.facts.flavour !== 'mysql')
    return [];
  return [
    fault(
      'proxy-answers',
      `two connections reached two servers (server_uuid ${uuid}, then ${probe.facts.id}): a proxy or a balancer is at this address`,
      ownAddress(server, view),
    ),
  ];
}

const accessDenied = 1045;

/** Accounts with the best host part come first, whatever their user part (manual 8.2.6). */
const orOther =
  '. The server does not tell why: the password is wrong, the account wants a client certificate (REQUIRE X509), or another account fits our address better, perhaps an anonymous one';

/** TLS on the server ends them. */
const withoutTls: ReadonlySet<string> = new Set(['tls-unsupported', 'public-key-refused']);

interface Refusal {
  readonly kind: 'alive' | 'unknown';
  readonly failure: Failure;
  readonly errno?: number;
}

function refusal(server: SeenServer, view: ClusterView, refused: Refusal): readonly Found[] {
  const { kind, failure } = refused;
  // The check of the names says it.
  if (failure.code === 'host-not-found') return [];
  const code = ownCodes[failure.code];
  const mend = mendOf(server, view, refused);
  const mends = mend === undefined ? [] : [mend];
  const all =
    code === undefined && refused.errno === accessDenied
      ? [accountsLook(server, view), ...mends, certificate(server, view)]
      : mends;
  const what = `${failure.message.replace(`${server.address}: `, '')}${refused.errno === accessDenied ? orOther : ''}`;
  const sentence = mend === undefined && failure.hint !== undefined ? `${what}. ${failure.hint}` : what;
  if (code === undefined && kind === 'unknown') return [unreachable('server-unreachable', sentence, ...all)];
  return [fault(code ?? 'login-refused', sentence, ...all)];
}

function mendOf(server: SeenServer, view: ClusterView, { failure, errno }: Refusal): Mend | undefined {
  if (failure.code === 'proxy-answers') return ownAddress(server, view);
  // Of this server we do not know the product: that of the other members.
  if (withoutTls.has(failure.code))
    return allAnswering(view).some(({ report }) => report.traits.mariadb)
      ? undefined
      : onServer(server.address, tlsLines);
  if (errno === undefined) return undefined;
  const known = knownAccount(view);
  const { user, account } = known;
  const mend = refusalMend({ errno, text: failure.message, ...known });
  if (mend === undefined) return undefined;
  if (mend.at === 'configuration') return inMysqlSection(view, mend.lines);
  if (mend.at === 'server') return onServer(server.address, mend.lines);
  // The other members accept the account: so it is right on the source, and wrong only here.
  const where = whereAccountIs(server, view, mend.lines);
  return account === undefined && mend.lines.some((line) => line.includes(unknownHost))
    ? {
        ...where,
        where: `${where.where} (SELECT host FROM mysql.user WHERE user = '${user}'; tells ${unknownHost})`,
      }
    : where;
}

/** Another member let the same user in. Here it has the same host part, if no other account fits better. */
function knownAccount(view: ClusterView): { readonly user: string; readonly account?: string } {
  const { user } = view.cluster.mysql;
  const account = allAnswering(view).find(({ report }) => report.currentUser.startsWith(`${user}@`))?.account;
  return { user, ...(account !== undefined && { account }) };
}

/** The source accepts the account: so the account is wrong only here. */
const whereAccountIs = (server: SeenServer, view: ClusterView, lines: readonly string[]): Mend =>
  knownAccount(view).account !== undefined && view.source?.inspection.kind === 'seen'
    ? onlyHere(server.address, view, lines)
    : onSource(view, lines);

/** After a refusal we see no account: a person must look. */
const accountsLook = ({ address }: SeenServer, { cluster }: ClusterView): Mend => ({
  where: `on ${address}, as an administrator: this shows the accounts, which source-dns cannot see. The account with the best host for our address counts; put that account into the lines below`,
  lines: [accountsQuery(cluster.mysql.user)],
});

function certificate(server: SeenServer, view: ClusterView): Mend {
  const line = certificateLine(knownAccount(view), view.cluster.mysql.tls !== 'disabled');
  const mend = whereAccountIs(server, view, [line]);
  return { ...mend, where: `${mend.where}, only if its ssl_type is X509 or SPECIFIED` };
}

export const inMysqlSection = ({ file, name: cluster }: ClusterView, lines: readonly string[]): Mend => ({
  where: `in ${file}, under clusters: ${cluster}: mysql`,
  lines,
});

const ownAddress = (server: SeenServer, { file, name: cluster }: ClusterView): Mend => ({
  where: `in ${file}, under clusters: ${cluster}: servers, instead of ${server.address}`,
  lines: ['- <the own address of the server>'],
});
