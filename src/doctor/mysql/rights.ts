/** What the account may do on each server: enough, and not more. */

import { grantStatements, mariadbGrantStatements } from '../../mysql/answer/grants.ts';
import { type Need, needsOf } from '../../mysql/answer/needs.ts';
import { grantedRoles, revokeStatements, type WideGrant, wideGrants } from '../../mysql/answer/privileges.ts';
import { atLeast } from '../../mysql/answer/version.ts';
import type { Check } from '../check.ts';
import { type Found, fault, warning } from '../found.ts';
import { type Answering, type ClusterView, onAccount, serverCheck } from './cluster-view.ts';

export const rightsCheck: Check = serverCheck(
  {
    name: 'grants',
    codes: ['grant-missing', 'role-inactive', 'grant-useful', 'grant-wide'],
    ok: 'the account has the rights that it needs, and no others',
  },
  (server, view) => [...missing(server, view), ...useful(server, view), ...wide(server, view)],
);

const statements = (needs: readonly Need[], account: string): readonly string[] =>
  needs.map(({ privilege }) => `GRANT ${privilege} TO ${account};`);

const deniedFor = ({ report }: Answering, purpose: Need['purpose']): readonly Need[] =>
  report.denied.filter((need) => need.purpose === purpose);

const list = (needs: readonly Need[]): string => needs.map(({ privilege }) => privilege).join('; ');

function missing(server: Answering, view: ClusterView): readonly Found[] {
  const { account, report } = server;
  const denied = deniedFor(server, 'probe');
  if (denied.length === 0) return [];
  const isRight = (source: Answering) => deniedFor(source, 'probe').length === 0;
  if (report.roleWouldDo) {
    const roles = grantedRoles(report.grants).join(', ');
    return [
      fault(
        'role-inactive',
        `the account ${account} has its rights by a role that is not active at the login: ${roles}`,
        onAccount(view, server, [`SET DEFAULT ROLE ALL TO ${account};`], isRight),
      ),
    ];
  }
  return [
    fault(
      'grant-missing',
      `the account ${account} lacks ${list(denied)}, so source-dns knows nothing of this server`,
      onAccount(view, server, statements(denied, account), isRight),
    ),
  ];
}

const benefits: Readonly<Record<Exclude<Need['purpose'], 'probe'>, string>> = {
  positions:
    'without GTIDs, source-dns cannot see without it whether a former source has caught up, and the server stays superseded',
  'failover-lists': 'a replica chooses its source by itself, and source-dns cannot see from which list',
  replicas: 'discover_within is set, and source-dns cannot ask for the registered replicas',
};

function useful(server: Answering, view: ClusterView): readonly Found[] {
  const { report, facts, account } = server;
  const { mariadb, rds, aurora } = report.traits;
  const mode = report.variables.get('gtid_mode');
  const isUseful = {
    positions: !mariadb && !aurora && !rds && mode !== undefined && mode !== 'ON',
    'failover-lists': facts?.channels.some(({ autoFailover }) => autoFailover) === true,
    replicas: view.cluster.settings.discoverWithin !== undefined,
  };
  return (['positions', 'failover-lists', 'replicas'] as const).flatMap((purpose) => {
    const denied = isUseful[purpose] ? deniedFor(server, purpose) : [];
    if (denied.length === 0) return [];
    const isRight = (source: Answering) => deniedFor(source, purpose).length === 0;
    return [
      warning(
        'grant-useful',
        `the account ${account} lacks ${list(denied)}: ${benefits[purpose]}`,
        onAccount(view, server, statements(denied, account), isRight),
      ),
    ];
  });
}

/** On MySQL, REPLICATION SLAVE also lets the account read the whole binary log: only with discover_within. */
function wideOf({ report }: Answering, { cluster }: ClusterView): readonly WideGrant[] {
  const needs = needsOf(report.traits).filter(
    ({ purpose }) => purpose !== 'replicas' || cluster.settings.discoverWithin !== undefined,
  );
  return wideGrants(
    report.grants,
    needs
      .map(({ privilege }) => privilege.replace(/ ON .*/, ''))
      .filter((privilege) => privilege !== 'SELECT'),
  );
}

/**
 * A privilege on everything also gives what a probe needs. MySQL: that is given first, so no probe fails.
 * MariaDB has it on everything, too: the REVOKE would take it, so it is given after.
 */
function wide(server: Answering, view: ClusterView): readonly Found[] {
  const { account, report } = server;
  const grants = wideOf(server, view);
  if (grants.length === 0) return [];
  const { mariadb, aurora, version } = report.traits;
  const own = mariadb ? mariadbGrantStatements(account, version) : aurora ? [] : grantStatements(account);
  const gone = grants.some(({ object, privileges }) => object === '*.*' && gives(privileges));
  const ifExists = !mariadb && version !== undefined && atLeast(version, 8, 0, 30);
  const revokes = revokeStatements(grants, account, ifExists);
  const what = grants.map(({ privileges, object }) => `${shortened(privileges)} ON ${object}`).join('; ');
  return [
    warning(
      'grant-wide',
      `the account ${account} only watches, and may do more than it needs: ${what}`,
      onAccount(
        view,
        server,
        mariadb ? [...revokes, ...(gone ? own : [])] : [...(gone ? own : []), ...revokes],
        (source) => wideOf(source, view).length === 0,
      ),
    ),
  ];
}

const gives = (privileges: readonly string[]): boolean =>
  privileges.some((privilege) => ['SELECT', 'ALL PRIVILEGES', 'SUPER'].includes(privilege));

const shown = 5;
const shortened = (privileges: readonly string[]): string =>
  privileges.length <= shown
    ? privileges.join(', ')
    : `${privileges.slice(0, shown).join(', ')} and ${privileges.length - shown} more`;
