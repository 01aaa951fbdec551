/** Probes of real MySQL servers without GTIDs and without the Performance Schema. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { factsOf, proberFor, until } from './probing.ts';

describe('MySQL without GTIDs and without the Performance Schema', () => {
  const account = accountName('source_dns', '127.0.0.%');
  let mysql: MysqlServers;
  let prober: ServerProber;

  const addressOf = (index: number): ServerAddress =>
    `${mysql.servers[index]!.address}:${mysql.port}` as ServerAddress;
  const facts = (index: number): Promise<ServerFacts> => factsOf(prober, addressOf(index));
  const streams = ({ channels }: ServerFacts): boolean =>
    channels[0]?.receiver === 'on' && (channels[0].heardAgoMs ?? 9999) < 600;

  const newProber = (): ServerProber =>
    proberFor(
      mysql.servers.map((_, index) => addressOf(index)),
      mysql.password,
    );

  beforeAll(async () => {
    const options = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF', '--performance-schema=OFF'];
    mysql = await startMysqlServers(2, {
      options: () => options,
      readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
    });
    const statements = [
      `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
      ...grantStatements(account),
    ];
    for (const server of mysql.servers)
      await server.sql('SET GLOBAL super_read_only = OFF', 'SET sql_log_bin = 0', ...statements);
    const [end] = await mysql.servers[0]!.sql('SHOW BINARY LOG STATUS');
    await mysql.servers[1]!.sql(
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${mysql.servers[0]!.address}', SOURCE_PORT=${mysql.port}, SOURCE_USER='repl', SOURCE_PASSWORD='${mysql.password}',
       SOURCE_LOG_FILE='${String(end!['File'])}', SOURCE_LOG_POS=${String(end!['Position'])}, GET_SOURCE_PUBLIC_KEY=1, SOURCE_HEARTBEAT_PERIOD=0.2`,
      'START REPLICA',
      'SET GLOBAL super_read_only = ON',
    );
    prober = newProber();
  });

  afterAll(async () => {
    await prober?.close();
    await mysql?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('the prober still sees which server replicates from which, and that it streams', async () => {
    const source = await facts(0);
    expect(source).toMatchObject({ readOnly: false, channels: [] });
    for (const absent of ['gtidExecuted', 'binlogEnd'] as const) expect(source[absent]).toBeUndefined();
    const replica = await until(() => facts(1), streams);
    expect(replica.channels).toMatchObject([
      { sourceId: source.id, sourceAddress: addressOf(0), receiver: 'on', applier: 'on', heartbeatMs: 200 },
    ]);
    for (const absent of ['received', 'applied', 'retrieved'] as const)
      expect(replica.channels[0]?.[absent]).toBeUndefined();
  });

  test('REPLICATION CLIENT shows coordinates, on the next connection', async () => {
    const grant = `GRANT REPLICATION CLIENT ON *.* TO ${account}`;
    await mysql.servers[0]!.sql('SET sql_log_bin = 0', grant);
    await mysql.servers[1]!.sql(
      'SET GLOBAL super_read_only = OFF',
      'SET sql_log_bin = 0',
      grant,
      'SET GLOBAL super_read_only = ON',
    );
    await mysql.servers[0]!.sql('CREATE DATABASE shop');
    await prober.close();
    prober = newProber();
    const source = await facts(0);
    expect(source).toMatchObject({ binlogEnd: { file: 'binlog.000001' } });
    const replica = await until(
      () => facts(1),
      ({ channels }) => channels[0]?.applied?.position === source.binlogEnd!.position,
    );
    expect(replica.channels[0]).toMatchObject({
      received: source.binlogEnd,
      applied: source.binlogEnd,
      lagSeconds: 0,
    });
  });

  test('a source that hangs falls silent', async () => {
    await mysql.servers[0]!.suspend();
    try {
      const silent = await until(
        () => facts(1),
        ({ channels }) => (channels[0]?.heardAgoMs ?? 0) > 800,
      );
      expect(silent.channels[0]).toMatchObject({ receiver: 'on' });
    } finally {
      mysql.servers[0]!.resume();
    }
    await until(() => facts(1), streams);
  });
});
