/** A promotion belongs to an incident: a restart of the source moves the name to no other writable server. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { type FollowedName, followedName } from './followed-name.ts';
import { proberFor, until } from './probing.ts';

const account = accountName('source_dns', '127.0.0.%');

describe('a replica that is made writable while the source continues to write', () => {
  let mysql: MysqlServers;
  let prober: ServerProber;
  let name: FollowedName;
  const addressOf = (index: number): ServerAddress =>
    `${mysql.servers[index]!.address}:${mysql.port}` as ServerAddress;
  const [source, second] = [0, 1];
  const decided = (isWanted: (reason: string, sentence: string) => boolean) =>
    until(
      () => name.snapshot().decision,
      ({ reason, sentence }) => isWanted(reason, sentence),
    );
  const answers = new Map<ServerAddress, number>();
  const counting = (asked: ServerProber): ServerProber => ({
    ...asked,
    probe: async (server, deadline) => {
      const probe = await asked.probe(server, deadline);
      answers.set(server, (answers.get(server) ?? 0) + 1);
      return probe;
    },
  });
  /** The second answer from now on was asked for after now. */
  async function sourceAskedAgain(): Promise<void> {
    const asked = () => answers.get(addressOf(source)) ?? 0;
    const before = asked();
    await until(asked, (count) => count >= before + 2);
  }
  const serverOf = (index: number) => name.snapshot().servers[index]!;

  beforeAll(async () => {
    mysql = await startMysqlServers(3, {
      replicate: true,
      readOnly: (index) => (index === source ? 'off' : 'super-read-only'),
    });
    await mysql.servers[source]!.sql(
      `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
      ...grantStatements(account),
    );
    const servers = mysql.servers.map((_, index) => addressOf(index));
    prober = proberFor(servers, mysql.password);
    name = await followedName(servers, counting(prober));
    await name.recorded('move', ({ to }) => to.server === addressOf(source));
    await until(
      () => serverOf(second).replicatesFrom,
      ([channel]) => channel?.receiver === 'on',
    );
  });

  afterAll(async () => {
    await name?.stop();
    await prober?.close();
    await mysql?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('still replicates: the name stays during a restart of the source, writable and read-only', async () => {
    await mysql.servers[second]!.sql('SET GLOBAL read_only = OFF');
    await until(
      () => serverOf(second).writable,
      (writable) => writable === true,
    );
    await sourceAskedAgain();
    for (const options of [[], ['--super-read-only=ON']]) {
      await mysql.servers[source]!.restart(options);
      await decided((reason, sentence) =>
        options.length === 0 ? reason === 'steady' : sentence.includes('since it was restarted'),
      );
    }
    expect(name.snapshot()).toMatchObject({
      ledger: { epoch: 1, source: addressOf(source) },
      published: [mysql.servers[source]!.address],
    });
    await mysql.servers[source]!.sql('SET GLOBAL read_only = OFF');
    await decided((reason) => reason === 'steady');
  });

  test('no longer replicates: the name stays, and the hold names the command; the name moves when the source is seen closed', async () => {
    await mysql.servers[second]!.sql('SET GLOBAL super_read_only = ON');
    await until(
      () => serverOf(second).writable,
      (writable) => writable === false,
    );
    await mysql.servers[second]!.sql('STOP REPLICA', 'RESET REPLICA ALL', 'SET GLOBAL read_only = OFF');
    await decided(
      (reason, sentence) => reason === 'two-sources' && sentence.includes('its promotion proves nothing'),
    );

    await mysql.servers[source]!.restart(['--super-read-only=ON']);
    const held = await decided((reason) => reason === 'unproven-candidate');
    expect(held.sentence).toContain(`source-dns follow shop ${addressOf(second)}`);
    expect(name.snapshot().ledger).toMatchObject({ epoch: 1 });

    await mysql.servers[source]!.sql('SET GLOBAL read_only = OFF');
    await decided((reason) => reason === 'two-sources');
    await mysql.servers[source]!.sql('SET GLOBAL super_read_only = ON');
    expect(await name.recorded('move', ({ epoch }) => epoch === 2)).toMatchObject({
      reason: 'switchover',
      to: { server: addressOf(second) },
    });
  });

  test("then MHA's order: the name waits for the announced server, and moves when it takes writes", async () => {
    const third = 2;
    const { servers } = mysql;
    await servers[second]!.kill9();
    await servers[third]!.sql('STOP REPLICA');
    const announced = { kind: 'announce', server: addressOf(third), by: 'mha@manager1' } as const;
    expect(await name.command(announced)).toMatchObject({ results: [{ kind: 'done', code: 'announce' }] });
    await until(
      () => answers.get(addressOf(third)) ?? 0,
      (count) => count > 20,
    );
    expect(name.snapshot().ledger).toMatchObject({ epoch: 2, source: addressOf(second) });
    await servers[third]!.sql('SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF');
    expect(await name.recorded('move', ({ epoch }) => epoch === 3)).toMatchObject({
      reason: 'commanded',
      to: { server: addressOf(third) },
    });
  });
});
