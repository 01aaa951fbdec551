/** Shows which promotions, losses and closings of a source count as seen. */

import { describe, expect, test } from 'vitest';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import { newServer, type ServerMemory } from '../../../../src/core/model/state.ts';
import type { MonoMs, Now, ServerAddress, ServerId, WallMs } from '../../../../src/core/model/units.ts';
import { type Asked, observe } from '../../../../src/core/observe/observe.ts';

const facts = (session: number, uptimeSeconds: number, readOnly: boolean): ServerFacts => ({
  id: '00000000-0000-0000-0000-000000000001' as ServerId,
  flavour: 'mysql',
  version: { major: 9, minor: 7, patch: 4, text: '9.7.4' },
  session,
  uptimeSeconds,
  readOnly,
  superReadOnly: readOnly,
  offlineMode: false,
  channels: [],
});
const at = (mono: number): Now => ({ mono: mono as MonoMs, wall: mono as WallMs, token: 't' });
const seen = (memory: ServerMemory, what: ServerFacts, mono: number, asked: Asked = {}): ServerMemory =>
  observe(memory, { kind: 'reachable', facts: what }, at(mono), asked).memory;

const server = newServer({ address: 'db1:3306' as ServerAddress, candidate: 'auto' }, 0 as MonoMs);
const readOnlyReplica = seen(server, facts(1, 1000, true), 1000);

describe('a promotion counts as seen', () => {
  test('on one connection', () => {
    expect(seen(readOnlyReplica, facts(1, 1001, false), 2000).promotedAt).toBe(2000);
  });

  test('across connections, when Uptime has gone on', () => {
    expect(seen(readOnlyReplica, facts(2, 1010, false), 11_000).promotedAt).toBe(11_000);
  });

  test('not when the server was restarted in between', () => {
    expect(seen(readOnlyReplica, facts(2, 3, false), 11_000).promotedAt).toBeUndefined();
  });

  test('not across a sleep of this machine: our clock stood still, so Uptime proves nothing', () => {
    // The machine slept for 2,000 s by the wall clock and for 1 s by the monotonic clock. The server was
    // restarted 1,500 s ago.
    expect(
      seen(readOnlyReplica, facts(2, 1500, false), 2000, { staleBefore: 1900 as MonoMs }).promotedAt,
    ).toBeUndefined();
  });

  test('until the server is read-only again', () => {
    const promoted = seen(readOnlyReplica, facts(1, 1001, false), 2000);
    expect(
      seen(seen(promoted, facts(1, 1002, true), 3000), facts(2, 5, false), 60_000).promotedAt,
    ).toBeUndefined();
  });
});

describe('a source counts', () => {
  const source = seen(server, facts(1, 1000, false), 1000, { askedAt: 990 as MonoMs });
  const closed = seen(source, facts(1, 1001, true), 2000);

  test('as not lost, when it is writable', () => {
    expect(source.lostAskedAt).toBeUndefined();
  });

  test('as lost, since the first probe was sent that did not find it writable', () => {
    const failure = { code: 'timeout', message: 'no answer' };
    const silent = observe(source, { kind: 'unknown', failure }, at(3000), {
      askedAt: 1500 as MonoMs,
    }).memory;
    expect(
      observe(silent, { kind: 'unknown', failure }, at(5000), { askedAt: 3500 as MonoMs }).memory.lostAskedAt,
    ).toBe(1500);
    expect(seen(silent, facts(1, 1004, false), 6000).lostAskedAt).toBeUndefined();
  });

  test('as closed, and as lost since then', () => {
    expect(closed).toMatchObject({ shutAskedAt: 2000, lostAskedAt: 2000, closedAt: { mono: 2000 } });
  });

  test('as closed, even if it is restarted after that', () => {
    expect(seen(closed, facts(2, 1, true), 9000).closedAt?.mono).toBe(2000);
  });

  test('not as closed, when a restart made it read-only', () => {
    expect(seen(source, facts(2, 1, true), 2000).closedAt).toBeUndefined();
  });

  test('as closed, by the refusal of offline_mode', () => {
    const failure = { code: 'mysql-3032', message: 'The server is currently in offline mode' };
    const offline = observe(source, { kind: 'alive', failure, servesNobody: true }, at(2000)).memory;
    expect(offline.closedAt?.mono).toBe(2000);
    // Also when its supervisor restarts the server so.
    expect(
      observe(offline, { kind: 'alive', failure, servesNobody: true }, at(3000)).memory.closedAt?.mono,
    ).toBe(2000);
    expect(observe(source, { kind: 'alive', failure }, at(2000)).memory.closedAt).toBeUndefined();
  });

  test('not as closed any more, when it opens again', () => {
    const open = seen(closed, facts(1, 1002, false), 3000, { askedAt: 2995 as MonoMs });
    expect(open.lostAskedAt).toBeUndefined();
    expect(open.closedAt).toBeUndefined();
  });
});
