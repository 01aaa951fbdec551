/** Probes of real MySQL servers. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contains, formatGtidSet, parseGtidSet, subtract, union } from '../../../src/core/gtid/gtid.ts';
import { lookedOnce, type Probe, type ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { Mysqld } from '../../../src/lab/servers/mysqld.ts';
import { accountName, grantStatements, probedTables } from '../../../src/mysql/answer/grants.ts';
import { Kept } from '../../../src/mysql/answer/kept.ts';
import { mysql57 } from '../../../src/mysql/flavour/mysql-5.7.ts';
import { mysql8 } from '../../../src/mysql/flavour/mysql-8.ts';
import type { ProberOptions } from '../../../src/mysql/probe.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { clock, deadline, proberFor, until } from './probing.ts';

const user = 'source_dns';
const account = accountName(user);
const password = "p'a\\ss-äöü-0815";

let mysql: MysqlServers;
let prober: ServerProber;
/** All answers of all probers: none may contain the password. */
const answers: Probe[] = [];
let lost: ServerAddress[] = [];
const open: ServerProber[] = [];

const addressOf = (index: number): ServerAddress =>
  `${mysql.servers[index]!.address}:${mysql.port}` as ServerAddress;

function newProber(options: Partial<ProberOptions> = {}): ServerProber {
  const made = proberFor(
    mysql.servers.map((_, index) => addressOf(index)),
    password,
    { user, ...options },
  );
  made.onConnectionLost((server) => lost.push(server));
  open.push(made);
  return made;
}

async function probe(index: number, by = prober, ms?: number): Promise<Probe> {
  const answer = lookedOnce(await by.probe(addressOf(index), deadline(ms)));
  answers.push(answer);
  return answer;
}

async function facts(index: number, by = prober): Promise<ServerFacts> {
  const answer = await probe(index, by);
  if (answer.kind !== 'reachable') throw new Error(`${answer.kind}: ${answer.failure.message}`);
  return answer.facts;
}

beforeAll(async () => {
  mysql = await startMysqlServers(2, {
    replicate: true,
    readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
  });
  const quoted = password.replaceAll('\\', '\\\\').replaceAll("'", "''");
  // The replication carries the account to the replica, as it does for users.
  await mysql.servers[0]!.sql(
    `CREATE USER ${account} IDENTIFIED BY '${quoted}'`,
    ...grantStatements(account),
  );
  await until(
    () => mysql.servers[1]!.sql("SELECT 1 FROM mysql.tables_priv WHERE User = 'source_dns'"),
    (rows) => rows.length === probedTables.length,
  );
});

afterAll(async () => {
  await mysql?.stop();
  expect(livingProcesses()).toEqual([]);
  expect(JSON.stringify(answers)).not.toContain('0815');
});

beforeEach(() => {
  prober = newProber();
  lost = [];
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** The rows as a connection returns them to a probe: text or null. */
async function textRows(server: Mysqld, sql: string): Promise<Record<string, string | null>[]> {
  const connection = await server.connect();
  const [rows] = await connection.query({ sql, typeCast: (field) => field.string() });
  connection.destroy();
  return rows as Record<string, string | null>[];
}

describe('what the prober sees', () => {
  test('a source, its replica, and a promotion within one session', async () => {
    const source = await facts(0);
    expect(source).toMatchObject({
      flavour: 'mysql',
      readOnly: false,
      superReadOnly: false,
      offlineMode: false,
      channels: [],
    });
    expect(source.version.major).toBeGreaterThanOrEqual(9);
    expect(source.uptimeSeconds).toBeLessThan(300);
    const replica = await until(
      () => facts(1),
      ({ channels }) => channels[0]?.lagSeconds === 0,
    );
    expect(replica).toMatchObject({ readOnly: true, superReadOnly: true });
    expect(replica.channels).toMatchObject([
      {
        name: '',
        sourceId: source.id,
        sourceAddress: addressOf(0),
        receiver: 'on',
        applier: 'on',
        heartbeatMs: 2000,
        autoFailover: false,
      },
    ]);
    expect(replica.channels[0]!.heardAgoMs).toBeLessThan(4000);
    expect(formatGtidSet(replica.gtidExecuted!)).toBe(formatGtidSet(source.gtidExecuted!));

    await mysql.servers[1]!.sql('STOP REPLICA');
    expect((await facts(1)).channels).toMatchObject([
      { receiver: 'off', applier: 'off', sourceId: source.id },
    ]);
    await mysql.servers[1]!.sql('SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF');
    const promoted = await facts(1);
    expect(promoted).toMatchObject({ readOnly: false, superReadOnly: false, session: replica.session });
    await mysql.servers[1]!.sql('SET GLOBAL super_read_only = ON', 'START REPLICA');
    await until(
      () => facts(1),
      ({ channels }) => channels[0]?.receiver === 'on',
    );
    expect(lost).toEqual([]);
  });

  test('the same lag as Seconds_Behind_Source, while a transaction cannot be applied', async () => {
    await mysql.servers[0]!.sql(
      'CREATE DATABASE IF NOT EXISTS late',
      'CREATE TABLE IF NOT EXISTS late.t (i INT PRIMARY KEY)',
    );
    await until(
      () => mysql.servers[1]!.sql("SHOW TABLES IN late LIKE 't'").catch(() => []),
      (rows) => rows.length === 1,
    );
    const holder = await mysql.servers[1]!.connect();
    await holder.query('LOCK TABLES late.t READ');
    await mysql.servers[0]!.sql('INSERT INTO late.t VALUES (1)');
    const late = await until(
      () => facts(1),
      ({ channels }) => (channels[0]?.lagSeconds ?? 0) > 1.2,
    );
    const [status] = await mysql.servers[1]!.sql('SHOW REPLICA STATUS');
    expect(
      Math.abs(Number(status!['Seconds_Behind_Source']) - late.channels[0]!.lagSeconds!),
    ).toBeLessThanOrEqual(1.2);
    await holder.query('UNLOCK TABLES');
    holder.destroy();
    await until(
      () => facts(1),
      ({ channels }) => channels[0]?.lagSeconds === 0,
    );
  });

  test('the statements for older versions show the same, as far as they can', async () => {
    const now = await facts(1);
    for (const [set, spelling] of [
      [mysql8, 1],
      [mysql57, 0],
    ] as const) {
      // MySQL 8.0 removed the older name of the variable.
      const statement = set.statements[0]!.spellings[spelling]!.replace(
        'tx_read_only',
        'transaction_read_only',
      );
      const rows = await textRows(mysql.servers[1]!, statement);
      const told = {
        session: now.session,
        uptimeSeconds: now.uptimeSeconds,
        at: clock.mono(),
        notes: new Map(),
        kept: new Kept(),
      };
      const reading = set.read({ server: addressOf(1), answers: { server: rows }, ...told });
      const { lagSeconds: _lag, heardAgoMs: _heard, ...channel } = now.channels[0]!;
      expect(reading).toMatchObject({
        kind: 'facts',
        facts: { id: now.id, gtidExecuted: now.gtidExecuted, channels: [channel] },
      });
    }
  });

  test('the prober asks a server once at a time, and keeps its address', async () => {
    const first = prober.probe(addressOf(0), deadline());
    expect(prober.probe(addressOf(0), deadline())).toBe(first);
    await first;
    const other = await facts(0, newProber());
    expect(other.session).not.toBe((await facts(0)).session);
    expect(await prober.resolve(addressOf(0), deadline())).toEqual({
      kind: 'addresses',
      addresses: ['127.0.0.11'],
    });
    expect(await prober.resolve('[::1]:3306' as ServerAddress, deadline())).toEqual({
      kind: 'addresses',
      addresses: ['::1'],
    });
    expect(await prober.resolve('nosuch.invalid:3306' as ServerAddress, deadline())).toMatchObject({
      kind: 'failed',
    });
  });
});

describe('a server that goes away', () => {
  test('by kill -9: the loss is pushed, then refused, then another session', async () => {
    const { session } = await facts(1);
    await mysql.servers[1]!.kill9();
    await until(
      () => lost,
      (servers) => servers.length > 0,
    );
    expect(await probe(1)).toMatchObject({
      kind: 'unknown',
      failure: { code: 'connection-refused', message: expect.stringContaining(addressOf(1)) },
    });
    await mysql.servers[1]!.start();
    expect((await facts(1)).session).toBeGreaterThan(session);
    await until(
      () => facts(1),
      ({ channels }) => channels[0]?.receiver === 'on',
    );
    expect(lost).toEqual([addressOf(1)]);
  });

  test('by KILL, during normal work', async () => {
    const { session } = await facts(0);
    const [row] = await mysql.servers[0]!.sql(
      `SELECT ID AS id FROM performance_schema.processlist WHERE USER = '${user}'`,
    );
    await mysql.servers[0]!.sql(`KILL ${String(row!['id'])}`);
    await until(
      () => lost,
      (servers) => servers.length > 0,
    );
    expect((await facts(0)).session).not.toBe(session);
    expect(lost).toEqual([addressOf(0)]);
  });

  test('by an orderly shutdown', async () => {
    await facts(1);
    await mysql.servers[1]!.stop();
    expect(lost).toEqual([addressOf(1)]);
    expect((await probe(1)).kind).toBe('unknown');
    await mysql.servers[1]!.start();
  });

  test('by SIGSTOP: a deadline in the query, then in the connect; after SIGCONT a new session', async () => {
    // So patient that only the deadline of a probe can end that probe.
    const patient = newProber({ connectTimeoutMs: 60_000, queryTimeoutMs: 60_000 });
    const { session } = await facts(0, patient);
    await mysql.servers[0]!.suspend();
    try {
      // The signal stops its threads one after the other: an answer may still be on its way.
      const hung = await until(
        () => probe(0, patient, 300),
        ({ kind }) => kind !== 'reachable',
      );
      expect(hung).toMatchObject({ kind: 'unknown', failure: { code: 'deadline' } });
      // The attempt to connect has more time than this probe, and goes on behind it.
      expect(await probe(0, patient, 300)).toMatchObject({ failure: { code: 'connection-not-open-yet' } });
      const impatient = newProber({ connectTimeoutMs: 100 });
      expect(await probe(0, impatient)).toMatchObject({
        failure: { code: 'deadline', message: expect.stringMatching(/no connection within \d+ ms/) },
      });
    } finally {
      mysql.servers[0]!.resume();
    }
    expect((await facts(0, patient)).session).toBeGreaterThan(session);
    expect(lost).toEqual([]);
  });
});

describe('a server that refuses us is alive', () => {
  test('access denied', async () => {
    expect(await probe(0, newProber({ password: 'wrong-0815' }))).toMatchObject({
      kind: 'alive',
      failure: {
        code: 'mysql-1045',
        message: expect.stringContaining(`${addressOf(0)}: Access denied`),
        hint: expect.stringContaining(account),
      },
    });
  });

  test.each([...probedTables])('SELECT on %s is missing, and comes back', async (table) => {
    const grant = grantStatements(account).find((statement) => statement.includes(`.${table} `))!;
    await facts(0);
    await mysql.servers[0]!.sql(grant.replace('GRANT', 'REVOKE').replace(' TO ', ' FROM '));
    expect(await probe(0)).toMatchObject({
      kind: 'alive',
      failure: { code: 'mysql-1142', hint: expect.stringContaining(grant) },
    });
    await mysql.servers[0]!.sql(grant);
    await facts(0);
    expect(lost).toEqual([]);
  });

  test('too many connections', async () => {
    const admin = await mysql.connect(0);
    await admin.query('SET GLOBAL max_connections = 1');
    expect(await probe(0)).toMatchObject({ kind: 'alive', failure: { code: 'mysql-1040' } });
    await admin.query('SET GLOBAL max_connections = 100');
    await facts(0);
  });

  test('offline_mode ends our connection', async () => {
    await facts(0);
    await mysql.servers[0]!.sql('SET GLOBAL offline_mode = ON');
    const answer = await until(
      () => probe(0),
      ({ kind }) => kind === 'alive',
    );
    expect(answer).toMatchObject({ failure: { code: 'mysql-3032' } });
    await mysql.servers[0]!.sql('SET GLOBAL offline_mode = OFF');
    await facts(0);
  });
});

describe('TLS', () => {
  const cipherCount = async (): Promise<number> => {
    const rows = await mysql.servers[0]!.sql(
      `SELECT 1 FROM performance_schema.status_by_thread JOIN performance_schema.threads USING (THREAD_ID)
       WHERE PROCESSLIST_USER = '${user}' AND VARIABLE_NAME = 'Ssl_cipher' AND VARIABLE_VALUE <> ''`,
    );
    return rows.length;
  };

  test.each([
    ['disabled', 0],
    ['preferred', 1],
    ['required', 1],
  ] as const)('%s', async (tls, encrypted) => {
    await facts(0, newProber({ tls }));
    expect(await cipherCount()).toBe(encrypted);
  });

  test('verify: the prober refuses an unknown authority, and a certificate for another name', async () => {
    expect(await probe(0, newProber({ tls: 'verify' }))).toMatchObject({
      kind: 'alive',
      failure: { code: 'tls-failed' },
    });
    const ca = readFileSync(join(mysql.servers[0]!.folder, 'data', 'ca.pem'));
    const answer = await probe(0, newProber({ tls: 'verify', ca }));
    expect(answer).toMatchObject({
      kind: 'alive',
      failure: { code: 'tls-failed', message: expect.stringContaining('127.0.0.11') },
    });
  });

  test('a server without TLS: preferred continues, with the RSA exchange only if allowed; required does not', async () => {
    await mysql.servers[0]!.kill9();
    await mysql.servers[0]!.start(['--tls-version=']);
    try {
      // It has just started: it remembers no login, and needs the password.
      const preferred = newProber();
      expect(await probe(0, preferred)).toMatchObject({
        kind: 'alive',
        failure: { code: 'public-key-refused', hint: expect.stringContaining('allow_public_key_retrieval') },
      });
      await facts(0, newProber({ allowPublicKeyRetrieval: true }));
      expect(await cipherCount()).toBe(0);
      // Now it remembers the hash of the password, and needs no key.
      await facts(0, preferred);
      expect(await probe(0, newProber({ tls: 'required' }))).toMatchObject({
        kind: 'alive',
        failure: { code: 'tls-unsupported' },
      });
    } finally {
      await mysql.servers[0]!.kill9();
      await mysql.servers[0]!.start();
    }
  });
});

describe('the end', () => {
  test('close ends the connection in order: the server counts no aborted client', async () => {
    const admin = await mysql.connect(0);
    const aborted = async () => {
      const [rows] = await admin.query("SHOW GLOBAL STATUS LIKE 'Aborted_clients'");
      return (rows as { Value: string }[])[0]!.Value;
    };
    const ours = async () =>
      (
        await admin.query(`SELECT ID FROM performance_schema.processlist WHERE USER = '${user}'`)
      )[0] as unknown[];
    await facts(0);
    expect(await ours()).toHaveLength(1);
    const before = await aborted();
    await prober.close();
    expect(await probe(0)).toMatchObject({ kind: 'unknown', failure: { code: 'closed' } });
    await until(ours, (rows) => rows.length === 0);
    expect(await aborted()).toBe(before);
    expect(lost).toEqual([]);
  });

  test('close in the middle of a probe: it resolves', async () => {
    const probing = prober.probe(addressOf(0), deadline());
    await prober.close();
    expect(await probing).toMatchObject({ kind: 'unknown', failure: { code: 'closed' } });
  });
});

describe('GTID sets', () => {
  test("subtract, contains and union agree with the server's GTID_SUBTRACT and GTID_SUBSET on 400 random pairs", async () => {
    const connection = await mysql.connect(0);
    let state = 4711;
    const pick = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const uuids = ['3e11fa47-71ca-11e1-9e33-c80aa9429562', '3E11FA47-71CA-11E1-9E33-C80AA9429563'];
    const keys = [...uuids, `${uuids[0]}:tag`, `${uuids[0]}:a_1`];
    const randomText = () =>
      Array.from({ length: pick(4) }, () => {
        const intervals = Array.from({ length: 1 + pick(5) }, () => 1 + pick(30)).map(
          (first) => `${first}-${first + pick(5)}`,
        );
        return `${keys[pick(keys.length)]}:${intervals.join(':')}`;
      }).join(',');
    for (let round = 0; round < 400; round += 1) {
      const [left, right] = [randomText(), randomText()];
      const [rows] = await connection.query(
        'SELECT GTID_SUBTRACT(?, ?) AS minus, GTID_SUBSET(?, ?) AS subset, GTID_SUBTRACT(?, "") AS same, GTID_SUBTRACT(CONCAT(?, ",", ?), "") AS both_of_them',
        [left, right, right, left, left, left, right],
      );
      const [row] = rows as { minus: string; subset: number; same: string; both_of_them: string }[];
      const [l, r] = [parseGtidSet(left)!, parseGtidSet(right)!];
      const unbroken = (text: string) => text.replaceAll('\n', '');
      expect(formatGtidSet(l), left).toBe(unbroken(row!.same));
      expect(formatGtidSet(subtract(l, r)), `${left} minus ${right}`).toBe(unbroken(row!.minus));
      expect(contains(l, r), `${right} in ${left}`).toBe(row!.subset === 1);
      expect(formatGtidSet(union(l, r)), `${left} and ${right}`).toBe(unbroken(row!.both_of_them));
    }
  });
});
