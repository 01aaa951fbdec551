/** How the account logs in: what works today and will stop, and what is slow. */

import type { Check } from '../check.ts';
import { type Found, fault, warning } from '../found.ts';
import {
  type Answering,
  type ClusterView,
  inServerFile,
  onAccount,
  serverCheck,
  variable,
} from './cluster-view.ts';

export const accountCheck: Check = serverCheck(
  {
    name: 'account',
    codes: ['account-anonymous', 'account-by-name', 'name-lookup', 'native-password', 'password-expires'],
    ok: 'the account will work tomorrow, too',
  },
  (server, view) => [
    ...anonymous(server, view),
    ...byName(server, view),
    ...nameLookup(server),
    ...nativePassword(server, view),
    ...expiry(server, view),
  ],
);

const hostPart = ({ report }: Answering): string =>
  report.currentUser.slice(report.currentUser.lastIndexOf('@') + 1);

const isAnonymous = ({ report }: Answering): boolean => report.currentUser.startsWith('@');

function anonymous(server: Answering, view: ClusterView): readonly Found[] {
  if (!isAnonymous(server)) return [];
  const { user } = view.cluster.mysql;
  return [
    fault(
      'account-anonymous',
      `the login of ${user} used the anonymous account ${server.account}: its host part fits better than that of the right account`,
      onAccount(view, server, [`DROP USER IF EXISTS ${server.account};`], (source) => !isAnonymous(source)),
    ),
  ];
}

/** IP addresses, patterns of them and networks have no letters but those of IPv6. */
const isName = (host: string): boolean => /[g-z]/i.test(host) || (/[a-f]/i.test(host) && !host.includes(':'));

function byName(server: Answering, view: ClusterView): readonly Found[] {
  const host = hostPart(server);
  if (!isName(host) || variable(server, 'skip_name_resolve') === 'ON') return [];
  const named = server.account.slice(0, server.account.lastIndexOf('@'));
  return [
    warning(
      'account-by-name',
      `the host part of the account ${server.account} is a name: each login waits for the resolver of the server, and skip_name_resolve would lock us out`,
      onAccount(
        view,
        server,
        [`RENAME USER ${server.account} TO ${named}@'<our IP address>';`],
        (source) => !isName(hostPart(source)),
      ),
    ),
  ];
}

function nameLookup(server: Answering): readonly Found[] {
  if (variable(server, 'skip_name_resolve') !== 'OFF' || isName(hostPart(server))) return [];
  return [
    warning(
      'name-lookup',
      'skip_name_resolve is OFF: the server looks up the name of our address at the login, and a slow resolver there takes longer than connect_timeout. Accounts with a name as their host part must go first',
      inServerFile(server, ['skip_name_resolve = ON']),
    ),
  ];
}

const isNative = ({ report }: Answering): boolean =>
  !report.traits.mariadb && report.login.plugin === 'mysql_native_password';

function nativePassword(server: Answering, view: ClusterView): readonly Found[] {
  if (!isNative(server)) return [];
  return [
    warning(
      'native-password',
      `the account ${server.account} uses mysql_native_password, which MySQL 9 does not have`,
      onAccount(
        view,
        server,
        [`ALTER USER IF EXISTS ${server.account} IDENTIFIED WITH caching_sha2_password BY '<password>';`],
        (source) => !isNative(source),
      ),
    ),
  ];
}

/** Days after the last change of the password. */
function lifetime(server: Answering): number {
  const { expires } = server.report.login;
  if (expires === 'never') return 0;
  return expires === 'default' ? Number(variable(server, 'default_password_lifetime') ?? 0) : expires;
}

function expiry(server: Answering, view: ClusterView): readonly Found[] {
  const days = lifetime(server);
  if (days <= 0) return [];
  const own = server.report.login.expires !== 'default';
  return [
    warning(
      'password-expires',
      `the password of ${server.account} expires ${days} days after its last change (${own ? 'PASSWORD EXPIRE INTERVAL' : 'default_password_lifetime'}): then the server refuses us`,
      onAccount(
        view,
        server,
        [`ALTER USER IF EXISTS ${server.account} PASSWORD EXPIRE NEVER;`],
        (source) => lifetime(source) <= 0,
      ),
    ),
  ];
}
