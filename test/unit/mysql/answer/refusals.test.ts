/**
 * Each refusal and its hint. The texts are those of MySQL 9.7, MariaDB 10.11 and 11.8
 * (test/real/lab/refusals.test.ts).
 */

import { describe, expect, test } from 'vitest';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import { classify } from '../../../../src/mysql/answer/failures.ts';
import type { Asker } from '../../../../src/mysql/answer/refusal-hints.ts';
import { readTraits } from '../../../../src/mysql/flavour/flavour.ts';
import { answering, deadline, fake, packet, proberOf } from '../../../support/false-server.ts';

const server = 'db1:3306' as ServerAddress;
const refused = (errno: number, sqlMessage: string, asker: Partial<Asker> = {}) =>
  classify({ server, user: 'source_dns', encrypted: true, ...asker }, { errno, sqlMessage });

describe('a refusal', () => {
  test.each([
    [
      1524,
      "Plugin 'mysql_native_password' is not loaded",
      /ALTER USER 'source_dns'@'%' IDENTIFIED WITH caching_sha2_password BY '<password>';/,
    ],
    [
      1226,
      "User 'source_dns' has exceeded the 'max_questions' resource (current value: 1)",
      /ALTER USER 'source_dns'@'%' WITH MAX_QUERIES_PER_HOUR 0;$/,
    ],
    [
      1226,
      "User 'source_dns' has exceeded the 'max_queries_per_hour' resource (current value: 1)",
      /WITH MAX_QUERIES_PER_HOUR 0;$/,
    ],
    [
      1226,
      "User 'source_dns' has exceeded the 'max_connections_per_hour' resource (current value: 1)",
      /WITH MAX_CONNECTIONS_PER_HOUR 0;$/,
    ],
    [
      1226,
      "User 'source_dns' has exceeded the 'max_user_connections' resource (current value: 1)",
      /WITH MAX_USER_CONNECTIONS 0;$/,
    ],
    [1226, 'words of another version', /SHOW CREATE USER 'source_dns'@'%';$/],
    [1040, 'Too many connections', /check max_connections,/],
    [
      1203,
      "User source_dns already has more than 'max_user_connections' active connections",
      /check max_user_connections,/,
    ],
    [
      3118,
      "Access denied for user 'source_dns'@'10.0.0.1'. Account is locked.",
      /^Run on the source, .*: ALTER USER 'source_dns'@'%' ACCOUNT UNLOCK;$/,
    ],
    [
      3955,
      'Account is blocked for 1 day(s) (1 day(s) remaining) due to 1 consecutive failed logins.',
      /ACCOUNT UNLOCK;$/,
    ],
    [4151, 'Access denied, this account is locked', /ACCOUNT UNLOCK;$/],
    [4150, 'User is blocked because of too many credential errors', /FLUSH LOCAL PRIVILEGES;/],
    [1820, 'You must SET PASSWORD before executing this statement', /PASSWORD EXPIRE NEVER;$/],
    [1862, 'Your password has expired.', /PASSWORD EXPIRE NEVER;$/],
    [1184, "Aborted connection 42 to db: 'unconnected' (init_connect command failed)", /init_connect/],
    [1159, 'Got timeout reading communication packets', /connect_timeout/],
    [3159, 'Connections using insecure transport are prohibited', /tls: required/],
    [
      3032,
      'The server is currently in offline mode',
      /SET GLOBAL offline_mode = OFF; .*promote that server: the name follows/,
    ],
  ])('%i: %s', (errno, text, hint) => {
    expect(refused(errno, text)).toMatchObject({
      kind: 'alive',
      failure: { code: `mysql-${errno}`, message: `db1:3306: ${text}`, hint: expect.stringMatching(hint) },
    });
  });

  test('names the account that the server chose, where it is known', () => {
    expect(refused(3118, 'locked', { currentUser: 'source_dns@10.%' }).failure.hint).toMatch(
      /: ALTER USER 'source_dns'@'10\.%' ACCOUNT UNLOCK;$/,
    );
  });

  test('has its number where the server sends no text', () => {
    expect(refused(1045, '').failure.message).toMatch(/: error 1045 without a text$/);
  });

  test('sends every account statement to the source: on a replica it would be an errant transaction', () => {
    const replicated = [1044, 1045, 1130, 1142, 1226, 1227, 1251, 1524, 1820, 3118].map(
      (errno) => refused(errno, "'max_questions'").failure.hint ?? '',
    );
    const statements = /(?:CREATE USER|ALTER USER|GRANT) /;
    expect(
      replicated.filter(
        (hint) =>
          !(
            hint.indexOf('Run on the source,') >= 0 &&
            hint.indexOf('Run on the source,') < hint.search(statements)
          ),
      ),
    ).toEqual([]);
  });

  test('access denied without TLS: the hint names TLS too', () => {
    const text = "Access denied for user 'source_dns'@'10.0.0.1' (using password: YES)";
    expect(refused(1045, text, { encrypted: false }).failure.hint).toMatch(
      /REQUIRE SSL.* set tls: required\./,
    );
    expect(refused(1045, text).failure.hint).not.toMatch(/tls/);
  });

  test('counts for every client, or for us alone', () => {
    const wsrep = 'WSREP has not yet prepared node for application use';
    expect([refused(3032, 'The server is currently in offline mode'), refused(1047, wsrep)]).toMatchObject([
      { kind: 'alive', servesNobody: true },
      { kind: 'alive', servesNobody: true, failure: { hint: expect.stringContaining('wsrep') } },
    ]);
    for (const [errno, text] of [
      [1040, 'Too many connections'],
      [1045, 'Access denied'],
      [1047, 'Unknown command'],
      [1129, 'Host is blocked'],
      [1130, 'Host is not allowed'],
      [1226, 'exceeded'],
      [1927, 'Connection was killed'],
      [3118, 'locked'],
      [3169, 'Session was killed'],
    ] as const)
      expect(refused(errno, text)).not.toHaveProperty('servesNobody');
    // The server is going: its next answer is a refusal by the machine.
    expect(refused(1053, 'Server shutdown in progress')).toMatchObject({ kind: 'unknown' });
  });
});

describe('a server that gives no version', () => {
  test('is not a server of an unsupported version', async () => {
    const { address, asked } = await answering(() => []);
    expect(await proberOf(address).probe(address, deadline())).toMatchObject({
      kind: 'alive',
      failure: { code: 'rows-unexpected', message: `${address}: does not say which version it runs` },
    });
    // Our session lifts a global limit before it asks.
    expect(asked[0]).toContain('SET SESSION sql_select_limit = 18446744073709551615');
  });
});

describe('a variable that no MySQL has shows MariaDB', () => {
  const traits = (values: Record<string, string>) =>
    readTraits(Object.entries(values).map(([name, value]) => ({ Variable_name: name, Value: value })));

  test.each([
    [{ gtid_domain_id: '0', version: '10.11.6', version_comment: 'Debian 12' }, true, false],
    [{ gtid_domain_id: '0', version: '8.0.36', version_comment: 'MySQL Community Server - GPL' }, true, true],
    [{ gtid_domain_id: '0', version: '10.11.6-MariaDB' }, true, false],
    [{ version: '5.5.5-10.11.6-MariaDB' }, true, false],
    [{ version: '8.0.36', version_comment: 'MySQL Community Server - GPL' }, false, false],
    [{ version: '8.0.36-28', version_comment: 'Percona Server (GPL)' }, false, false],
    [
      { version: '8.0.35', version_comment: 'Source distribution', basedir: '/rdsdbbin/mysql-8.0.35/' },
      false,
      false,
    ],
  ])('%j: %s', (values, mariadb, versionByHand) => {
    expect(traits(values as Record<string, string>)).toMatchObject({ mariadb, versionByHand });
  });

  test('the prefix of the greeting is no version', () => {
    expect(traits({ version: '5.5.5-10.11.6-MariaDB' }).version).toMatchObject({
      major: 10,
      minor: 11,
      patch: 6,
    });
    expect(traits({ version: '5.5.5-m3' }).version).toMatchObject({ major: 5, minor: 5, patch: 5 });
  });
});

/** The greeting of a server with TLS. */
const greeting = packet(
  0,
  Buffer.concat([
    Buffer.from('\u000a8.0.11\0', 'latin1'),
    Buffer.from([
      1,
      0,
      0,
      0,
      ...Buffer.from('12345678'),
      0,
      0xff,
      0xff,
      33,
      2,
      0,
      0xff,
      0xff,
      21,
      ...Array<number>(10).fill(0),
    ]),
    Buffer.from('123456789012\0caching_sha2_password\0', 'latin1'),
  ]),
);

describe('TLS', () => {
  // Fatal alerts of TLS (RFC 5246 7.2): protocol_version, handshake_failure.
  test.each([
    [70, 'that knows only old protocols', /TLS 1\.2 .*tls_version/],
    [40, 'without a cipher in common', /no cipher in common.*ssl_cipher/],
  ])('alert %i of a server %s gives a matching hint', async (alert, _, hint) => {
    const { address } = await fake((socket) => {
      socket.write(greeting);
      socket.once('data', () => socket.write(Buffer.from([21, 3, 1, 0, 2, 2, alert])));
    });
    expect(await proberOf(address, { tls: 'required' }).probe(address, deadline())).toMatchObject({
      kind: 'alive',
      failure: { code: 'tls-failed', hint: expect.stringMatching(hint) },
    });
  });
});
