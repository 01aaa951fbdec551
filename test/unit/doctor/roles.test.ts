/** What the doctor says of the roles: db2 is the published source, and db1 is a former source. */

import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import type { Channel, ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress, ServerId } from '../../../src/core/model/units.ts';
import { runChecks } from '../../../src/doctor/check.ts';
import { checks } from '../../../src/doctor/checks.ts';
import {
  healthyFacts,
  one,
  seen,
  shop,
  two,
  type Wrong,
  worldOf,
  wrongIn,
} from '../../support/doctor-world.ts';

const three = 'db3:3306' as ServerAddress;
const idOf = (address: ServerAddress): ServerId => healthyFacts(address).id;
const thirdId = '33333333-1111-1111-1111-111111111111' as ServerId;

const from = (source: ServerAddress, changes: Partial<Channel> = {}): Channel => ({
  ...healthyFacts(two).channels[0]!,
  sourceId: idOf(source),
  sourceAddress: source,
  ...changes,
});
const stopped = (source: ServerAddress, changes: Partial<Channel> = {}): Channel =>
  from(source, { receiver: 'off', applier: 'off', ...changes });

const flags = (open: boolean) => ({ readOnly: !open, superReadOnly: !open });
const variables = (open: boolean) => ({
  read_only: open ? 'OFF' : 'ON',
  super_read_only: open ? 'OFF' : 'ON',
});
const server = (address: ServerAddress, open: boolean, facts: Partial<ServerFacts> = {}) => {
  const own = address === three ? { id: thirdId, serverId: 3 } : {};
  const names =
    address === three
      ? { server_uuid: thirdId as string, server_id: '3', report_host: 'db3', hostname: 'db3' }
      : {};
  const wrong: Wrong = {
    facts: { ...own, ...flags(open), ...facts },
    variables: { ...variables(open), ...names },
  };
  return seen(address, wrong);
};
/** As after a failover from db1 to db2. */
const failedOver: Partial<Ledger> = {
  source: two,
  uuid: idOf(two),
  was: [{ uuid: idOf(one), address: one }],
};
const clusters = [shop({ servers: [one, two, three].map((address) => ({ address, candidate: 'auto' })) })];
const codes = ['role', 'read-only', 'replication', 'candidate', 'watch'];
const roleChecks = checks.filter(({ name }) => codes.includes(name));

interface Servers {
  readonly former?: ReturnType<typeof seen>;
  readonly source?: ReturnType<typeof seen>;
  readonly replica?: ReturnType<typeof seen>;
  /** Null: the name was never published. */
  readonly ledger?: Partial<Ledger> | null;
}

const wellSource = server(two, true, { channels: [] });
const wellReplica = server(three, false, { channels: [from(two)] });
const closedFormer = server(one, false, { channels: [from(two)] });

async function found({ former, source, replica, ledger = failedOver }: Servers) {
  const servers = [former ?? closedFormer, source ?? wellSource, replica ?? wellReplica];
  const findings = await wrongIn(roleChecks, { clusters, servers, ...(ledger !== null && { ledger }) });
  return findings.map(({ code, subject, verdict, mends }) => ({
    found: `${verdict} ${code} ${subject}`,
    lines: mends.flatMap(({ lines }) => lines),
  }));
}
const advise = (address: ServerAddress) => [`source-dns advise shop --server ${address}`];

test('after a failover in which all rejoined, nothing is wrong', async () => {
  expect(await found({})).toEqual([]);
});

describe('the published source', () => {
  test.each([
    ['', [], ['STOP REPLICA;', 'RESET REPLICA ALL;']],
    ['old', [], ["STOP REPLICA FOR CHANNEL 'old';", "RESET REPLICA ALL FOR CHANNEL 'old';"]],
  ])('has a stopped channel "%s" from the former source: never START', async (name, more, lines) => {
    const source = server(two, true, { channels: [stopped(one, { name }), ...more] });
    const former = server(one, true, { channels: [] });
    const all = await found({ source, former });
    expect(all).toEqual([
      { found: 'fault writes-elsewhere db1:3306', lines: advise(one) },
      { found: 'fault source-channel db2:3306', lines },
    ]);
  });

  test('has a stopped channel, in the words of MySQL 5.7 and of MariaDB', async () => {
    const channels = [stopped(one, { name: 'old' })];
    const version = { major: 5, minor: 7, patch: 44, text: '5.7.44' };
    const [mysql] = await found({ source: server(two, true, { channels, version }) });
    expect(mysql?.lines).toEqual(["STOP SLAVE FOR CHANNEL 'old';", "RESET SLAVE ALL FOR CHANNEL 'old';"]);
    const mariadb = { major: 10, minor: 11, patch: 6, text: '10.11.6-MariaDB' };
    const source = server(two, true, { channels, version: mariadb, flavour: 'mariadb' });
    expect((await found({ source }))[0]?.lines).toEqual(["STOP REPLICA 'old';", "RESET REPLICA 'old' ALL;"]);
  });

  test('still replicates from a former source that takes writes', async () => {
    const source = server(two, true, { channels: [from(one)] });
    expect(await found({ source, former: server(one, true, { channels: [] }) })).toEqual([
      { found: 'fault writes-elsewhere db1:3306', lines: advise(one) },
      { found: 'fault source-channel db2:3306', lines: ['STOP REPLICA;', 'RESET REPLICA ALL;'] },
    ]);
  });

  test.each([
    ['a ring', from(three)],
    ['another cluster', from(two, { sourceId: 'x' as ServerId, sourceAddress: 'far:3306' as ServerAddress })],
  ])('replicates from %s: nobody closes it', async (_, channel) => {
    expect(await found({ source: server(two, true, { channels: [channel] }) })).toEqual([]);
  });

  test('is no candidate: a stopped channel needs no GTIDs', async () => {
    const channels = [stopped(three, { sourceId: thirdId })];
    const source = seen(two, {
      facts: { ...flags(true), channels },
      variables: variables(true),
      report: { byPlaces: [''], filters: ['REPLICATE_DO_DB = shop'] },
    });
    expect(await found({ source })).toEqual([
      { found: 'warning source-channel db2:3306', lines: ['STOP REPLICA;', 'RESET REPLICA ALL;'] },
    ]);
  });

  test('is read-only: the lines open it, and the words say how to move the name', async () => {
    const source = server(two, false, { channels: [] });
    expect(await found({ source })).toEqual([
      { found: 'fault source-read-only db2:3306', lines: ['SET GLOBAL read_only = OFF;'] },
    ]);
  });

  test('is read-only while a former source takes writes: no line opens a second server', async () => {
    const all = await found({
      source: server(two, false, { channels: [] }),
      former: server(one, true, { channels: [] }),
    });
    expect(all).toEqual([
      { found: 'fault writes-elsewhere db1:3306', lines: advise(one) },
      { found: 'fault source-read-only db2:3306', lines: advise(two) },
    ]);
  });

  test('is a read-only replica of the server that takes writes', async () => {
    const source = server(two, false, { channels: [from(three, { sourceId: thirdId })] });
    const replica = server(three, true, { channels: [] });
    expect(await found({ source, replica })).toEqual([
      { found: 'fault source-read-only db2:3306', lines: ['source-dns follow shop db3:3306'] },
      { found: 'fault writes-elsewhere db3:3306', lines: advise(three) },
    ]);
  });
});

describe('the other servers', () => {
  test('of a former source that takes writes, no check says that it is well', async () => {
    const servers = [server(one, true, { channels: [] }), wellSource, wellReplica];
    const { findings } = await runChecks(worldOf({ clusters, servers, ledger: failedOver }), roleChecks);
    const said = findings.filter(({ subject }) => subject === one).map(({ code }) => code);
    expect(said).toEqual(['writes-elsewhere']);
  });

  test('a replica takes the stale line of a former source', async () => {
    const former = server(one, false, { channels: [] });
    expect(await found({ former, replica: server(three, false, { channels: [from(one)] }) })).toEqual([
      { found: 'fault stale-line db3:3306', lines: advise(three) },
      { found: 'fault replicates-from-nobody db1:3306', lines: advise(one) },
    ]);
  });

  test('below a former source that rejoined, a replica is well', async () => {
    expect(await found({ replica: server(three, false, { channels: [from(one)] }) })).toEqual([]);
  });

  test.each([
    ['the source', stopped(two), ['START REPLICA;']],
    ['a closed former source', stopped(one), advise(three)],
  ])('a replica of %s is stopped', async (_, channel, lines) => {
    const former = server(one, false, { channels: [] });
    const all = await found({ former, replica: server(three, false, { channels: [channel] }) });
    expect(all.find(({ found: code }) => code.includes('replica-stopped'))?.lines).toEqual(lines);
  });

  test('a former source is stopped: no line starts it', async () => {
    expect(await found({ former: server(one, false, { channels: [stopped(two)] }) })).toEqual([
      { found: 'fault replica-stopped db1:3306', lines: advise(one) },
    ]);
  });

  test('without a ledger, no line starts a replica towards one of two writable servers', async () => {
    const former = server(one, true, { channels: [] });
    const replica = server(three, false, { channels: [stopped(one)] });
    expect(await found({ former, replica, ledger: null })).toEqual([
      { found: 'fault replica-stopped db3:3306', lines: advise(three) },
    ]);
  });
});

test('the name is frozen', async () => {
  const frozen = { by: 'carol@host', reason: 'maintenance' };
  expect(await found({ ledger: { ...failedOver, frozen } })).toEqual([
    { found: 'warning name-frozen shop', lines: ['source-dns thaw shop'] },
  ]);
});

describe('a candidate that does not get all', () => {
  const replica = (wrong: Wrong) =>
    seen(three, {
      ...wrong,
      facts: { id: thirdId, channels: [from(two)], ...wrong.facts },
      variables: { server_uuid: thirdId, ...wrong.variables },
    });

  test.each<[string, Wrong, readonly string[]]>([
    ['replica-filtered', { report: { filters: ['REPLICATE_DO_DB = shop'] } }, []],
    [
      'replica-delayed',
      { facts: { channels: [from(two, { delaySeconds: 3600 })] } },
      [
        'STOP REPLICA SQL_THREAD;',
        'CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 0;',
        'START REPLICA SQL_THREAD;',
      ],
    ],
    ['auto-position-off', { report: { byPlaces: [''] } }, []],
  ])('%s, unless it is never a candidate', async (code, wrong, lines) => {
    const servers = [closedFormer, wellSource, replica(wrong)];
    expect(await found({ replica: replica(wrong) })).toEqual([{ found: `warning ${code} db3:3306`, lines }]);
    const never = [shop({ servers: [{ address: three, candidate: 'never' }] })];
    expect(await wrongIn(roleChecks, { clusters: never, servers, ledger: failedOver })).toEqual([]);
  });
});

test('what the daemon holds, and its alarms, are faults of the check', async () => {
  const alarm = { code: 'superseded-writable', subject: one, sentence: 'it takes writes', hint: 'Close it.' };
  const said = (cluster: string) => ({
    cluster,
    alarms: [alarm],
    publications: [{ decision: { kind: 'hold', reason: 'frozen', sentence: 'The name is frozen.' } }],
  });
  const body = { clusters: [said('shop'), said('another')] };
  const findings = await wrongIn(roleChecks, { daemon: { kind: 'document', body } });
  expect(findings.map(({ code, subject, verdict, sentence }) => [verdict, code, subject, sentence])).toEqual([
    ['fault', 'hold', 'shop', 'frozen: The name is frozen.'],
    ['fault', 'alarm', 'shop', 'superseded-writable: db1:3306: it takes writes; Close it.'],
  ]);
});
