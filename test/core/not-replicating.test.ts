import { describe, expect, it } from 'vitest';
import { notReplicatingAlarm } from '../../src/core/not-replicating.ts';
import type { Channel, Probe, ServerFacts } from '../../src/core/observation.ts';
import { channelFrom, factsOf, given, ledgerOf, replicaOf, seen, silent, uuid } from './given.ts';

/** What is said of db2, which replicates from the published db1. */
function alarm(channel: Partial<Channel>, db1: Probe = seen(factsOf('db1')), facts: Partial<ServerFacts> = {}): string | undefined {
  const db2 = seen(replicaOf('db1', 'db2', { channels: [channelFrom('db1', channel)], ...facts }));
  const situation = given({ servers: { db1, db2 }, ledger: ledgerOf('db1'), publication: { line: new Set([uuid('db2')]) } });
  return notReplicatingAlarm(situation, situation.members[1]!)[0]?.sentence;
}

describe('a replica of a source that is well', () => {
  it.each([
    [
      'its receiver is off',
      { receiver: 'off' },
      'receiver off, applier on; it was stopped, or never started. If nobody needs it stopped: START REPLICA',
    ],
    [
      'its applier is off',
      { applier: 'off' },
      'receiver on, applier off; it was stopped, or never started. If nobody needs it stopped: START REPLICA',
    ],
    ['its applier failed', { applier: 'off', lastError: 'Duplicate entry' }, 'receiver on, applier off (Duplicate entry).'],
    ['it cannot connect', { receiver: 'connecting', lastError: 'Access denied' }, 'receiver connecting, applier on (Access denied).'],
  ] as const)('gets nothing: %s', (_, channel, said) => {
    expect(alarm(channel)).toBe(`db2:3306 does not replicate from the source db1:3306: ${said}`);
  });

  it.each([
    ['it streams', {}],
    ['it is just connecting', { receiver: 'connecting' }],
    ['the channel that is off is from somebody else', { receiver: 'off', sourceId: uuid('db9') }],
  ] as const)('nothing is said: %s', (_, channel) => expect(alarm(channel)).toBeUndefined());

  it('names the channel: without a name START REPLICA starts also what somebody stopped on purpose', () => {
    const channels = [channelFrom('db1', { name: 'c1', receiver: 'off' })];
    expect(alarm({}, undefined, { channels })).toContain(": START REPLICA FOR CHANNEL 'c1'");
    expect(alarm({}, undefined, { channels, flavour: 'mariadb' })).toContain(": START REPLICA 'c1'");
  });

  it('is known without an identity by the address, and on MariaDB by server_id', () => {
    const { sourceId: _none, ...channel } = channelFrom('db1', { receiver: 'off' });
    expect(alarm({}, undefined, { channels: [channel] })).toContain('receiver off');
    const mariadb = seen(factsOf('db1', { flavour: 'mariadb', serverId: 7 }));
    expect(alarm({}, mariadb, { channels: [{ ...channel, sourceServerId: 7 }] })).toContain('receiver off');
    expect(alarm({}, mariadb, { channels: [{ ...channel, sourceServerId: 8 }] })).toBeUndefined();
  });
});

it.each([
  ['is away', silent],
  ['takes no writes', seen(factsOf('db1', { readOnly: true }))],
])('nothing is said while the source %s', (_, db1) => expect(alarm({ receiver: 'off' }, db1)).toBeUndefined());
