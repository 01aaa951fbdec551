/** The statement of a probe that a real server reads once: each answer is of its moment. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { deadline, proberFor } from './probing.ts';

let mysql: MysqlServers;
let prober: ServerProber | undefined;
const server = () => mysql.servers[0]!;
const address = () => `${server().address}:${mysql.port}` as ServerAddress;

beforeAll(async () => {
  mysql = await startMysqlServers(1);
});

afterAll(() => mysql?.stop());

afterEach(async () => {
  await prober?.close();
  await server().sql('SET GLOBAL super_read_only = 0, GLOBAL read_only = 0');
});

async function facts(): Promise<ServerFacts> {
  prober ??= proberFor([address()], mysql.password, { user: 'admin' });
  const probe = await prober.probe(address(), deadline());
  if (probe.kind !== 'reachable') throw new Error(`${probe.kind}: ${probe.failure.message}`);
  return probe.facts;
}

/** How often the server executed a prepared statement. */
async function executed(): Promise<number> {
  const [row] = await server().sql("SHOW GLOBAL STATUS LIKE 'Com_execute_sql'");
  return Number((row as { readonly Value: unknown }).Value);
}

test('every change shows in the next answer of the same session', async () => {
  const { session } = await facts();
  const changes: readonly (readonly [string, (now: ServerFacts) => unknown, unknown])[] = [
    ['SET GLOBAL read_only = 1', ({ readOnly }) => readOnly, true],
    ['SET GLOBAL super_read_only = 1', ({ superReadOnly }) => superReadOnly, true],
    ['SET GLOBAL read_only = 0', ({ readOnly, superReadOnly }) => readOnly || superReadOnly, false],
    ['SET GLOBAL offline_mode = 1', ({ offlineMode }) => offlineMode, true],
    ['SET GLOBAL offline_mode = 0', ({ offlineMode }) => offlineMode, false],
    ["CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.99'", ({ channels }) => channels.length, 1],
    [
      "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.99' FOR CHANNEL 'b'",
      (now) => now.channels.length,
      2,
    ],
    ['RESET REPLICA ALL', ({ channels }) => channels.length, 0],
    ['FLUSH TABLES', ({ readOnly }) => readOnly, false],
  ];
  for (const [statement, seen, expected] of changes) {
    await server().sql(statement);
    expect(seen(await facts()), statement).toBe(expected);
  }
  // A longer text than it had when the statement was read.
  const uuids = Array.from({ length: 40 }, (_, n) => `aaaaaaaa-0000-0000-0000-${`${n}`.padStart(12, '0')}:1`);
  await server().sql('RESET BINARY LOGS AND GTIDS', `SET GLOBAL gtid_purged = '${uuids.join(',')}'`);
  const last = await facts();
  expect(last.gtidExecuted?.size).toBe(40);
  expect(last.session).toBe(session);
  expect(await executed()).toBe(changes.length + 2);
});

test('a server without room for it is asked in full', async () => {
  await prober?.close();
  prober = undefined;
  await server().sql('SET GLOBAL max_prepared_stmt_count = 0');
  const before = await executed();
  expect((await facts()).readOnly).toBe(false);
  // That attempt failed; there is no second one.
  expect((await facts()).readOnly).toBe(false);
  expect((await executed()) - before).toBeLessThanOrEqual(1);
});
