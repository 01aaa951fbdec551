/** What the account may do on each server: enough, and not more. */

import { type Need, needsOf } from '../../mysql/answer/needs.ts';
import {
  grantedRoles,
  ownGrants,
  revokeEverything,
  revokeStatements,
  type WideGrant,
  wideGrants,
} from '../../mysql/answer/privileges.ts';
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

const usefulPurposes = ['positions', 'failover-lists', 'replicas'] as const;
type Useful = (typeof usefulPurposes)[number];

/** Which of the further needs this server has now. */
function isUseful({ report, facts }: Answering, { cluster }: ClusterView): Readonly<Record<Useful, boolean>> {
  const { mariadb, rds, aurora } = report.traits;
  const mode = report.variables.get('gtid_mode');
  return {
    positions: !mariadb && !aurora && !rds && mode !== undefined && mode !== 'ON',
    'failover-lists': facts?.channels.some(({ autoFailover }) => autoFailover) === true,
    replicas: cluster.settings.discoverWithin !== undefined,
  };
}

function useful(server: Answering, view: ClusterView): readonly Found[] {
  const { account } = server;
  return usefulPurposes.flatMap((purpose) => {
    const denied = isUseful(server, view)[purpose] ? deniedFor(server, purpose) : [];
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
function wideIn(
  grants: readonly string[],
  { report }: Answering,
  { cluster }: ClusterView,
): readonly WideGrant[] {
  const needs = needsOf(report.traits).filter(
    ({ purpose }) => purpose !== 'replicas' || cluster.settings.discoverWithin !== undefined,
  );
  return wideGrants(
    grants,
    needs
      .map(({ privilege }) => privilege.replace(/ ON .*/, ''))
      .filter((privilege) => privilege !== 'SELECT'),
  );
}

interface Wide {
  readonly all: readonly WideGrant[];
  /** The account's own. */
  readonly own: readonly WideGrant[];
  /** Those that bring the rest. */
  readonly roles: readonly string[];
}

function wideOf(server: Answering, view: ClusterView): Wide {
  const { grants, grantsWithoutRoles, traits } = server.report;
  const ofAccount = ownGrants(grants);
  const all = wideIn(grants, server, view);
  const own = wideIn(traits.mariadb ? ofAccount : (grantsWithoutRoles ?? grants), server, view);
  const known = new Set(own.flatMap(named));
  const isByRole = all.flatMap(named).some((each) => !known.has(each));
  return { all, own, roles: isByRole ? grantedRoles(ofAccount) : [] };
}

const named = ({ privileges, object }: WideGrant): readonly string[] =>
  privileges.map((privilege) => `${privilege} ON ${object}`);

function wide(server: Answering, view: ClusterView): readonly Found[] {
  const { account, report } = server;
  const found = wideOf(server, view);
  if (found.all.length === 0) return [];
  const what = found.all.map(({ privileges, object }) => `${shortened(privileges)} ON ${object}`).join('; ');
  const by = found.roles.length === 0 ? '' : ` (by the role ${found.roles.join(', ')})`;
  const guarded = report.grants.some((line) => /^GRANT [^`]*\bSYSTEM_USER\b/.test(line))
    ? '. It has SYSTEM_USER: only a user that has SYSTEM_USER, too, can change it'
    : '';
  return [
    warning(
      'grant-wide',
      `the account ${account} only watches, and may do more than it needs: ${what}${by}${guarded}`,
      onAccount(
        view,
        server,
        narrowing(server, view, found),
        (source) => wideOf(source, view).all.length === 0,
      ),
    ),
  ];
}

/** What leaves the account with its needs. A privilege on everything also gives what a probe needs. */
function narrowing(
  server: Answering,
  view: ClusterView,
  { own, roles }: Pick<Wide, 'own' | 'roles'>,
): readonly string[] {
  const { account, report } = server;
  const { mariadb, version } = report.traits;
  const ifExists = !mariadb && version !== undefined && atLeast(version, 8, 0, 30);
  const wanted = isUseful(server, view);
  const needs = statements(
    needsOf(report.traits).filter(({ purpose }) => purpose === 'probe' || wanted[purpose]),
    account,
  );
  const noRoles = roles.map(
    (role) =>
      `REVOKE ${ifExists ? 'IF EXISTS ' : ''}${role} FROM ${account}${ifExists ? ' IGNORE UNKNOWN USER' : ''};`,
  );
  // The account keeps what it needs all the time: the role goes last.
  if (own.length === 0) return [...needs, ...noRoles];
  const isBroad = own.some(
    ({ object, privileges }) => object === '*.*' || privileges.includes('GRANT OPTION'),
  );
  if (!isBroad)
    return [...revokeStatements(own, account, ifExists), ...(roles.length > 0 ? needs : []), ...noRoles];
  const revokes = mariadb
    ? revokeStatements(own, account, ifExists)
    : revokeEverything(own, account, ifExists);
  return [...revokes, ...needs, ...noRoles];
}

const shown = 5;
const shortened = (privileges: readonly string[]): string =>
  privileges.length <= shown
    ? privileges.join(', ')
    : `${privileges.slice(0, shown).join(', ')} and ${privileges.length - shown} more`;
