/** The runtime performs fences through the fencer of its cluster; a visit never fences. */

import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import type { Effect } from '../../../src/core/model/events.ts';
import type { FenceResult } from '../../../src/core/model/fence.ts';
import { plusMs, type ServerId } from '../../../src/core/model/units.ts';
import { sameFence, withoutFence } from '../../../src/daemon/adapters.ts';
import { describeEntry } from '../../../src/daemon/entry-text.ts';
import { guardGraceMs } from '../../../src/daemon/in-flight.ts';
import { createClusterRuntime } from '../../../src/daemon/runtime.ts';
import type { FenceRequest, ServerFencer } from '../../../src/ports.ts';
import {
  db1,
  fakeAdapters,
  fakeClock,
  fakeCore,
  fakeRandom,
  settings,
  settled,
} from '../../support/fakes.ts';
import { cluster } from '../../support/small-world.ts';

const uuid = '5d000000-0000-11f1-8000-000000000001' as ServerId;
const done: FenceResult = { kind: 'fenced', killed: 7, spared: 1 };

/** A runtime whose first tick wants db1 fenced within two seconds. */
function world(fencer?: ServerFencer) {
  const core = fakeCore();
  const clock = fakeClock();
  const { prober, zoneClients } = fakeAdapters();
  core.on((event, now): readonly Effect[] =>
    event.kind === 'tick'
      ? [{ kind: 'fence', server: db1, uuid, finishes: false, deadline: plusMs(now.mono, 2000) }]
      : [],
  );
  const runtime = createClusterRuntime({
    settings: settings(),
    remembered: [],
    prober,
    zoneClients,
    fencer,
    clock,
    random: fakeRandom(),
    core: core.core,
    onRecord: () => {},
    onBug(error) {
      throw error;
    },
  });
  runtime.start();
  return { ...core, clock, runtime };
}

/** A fencer that the test answers. */
function heldFencer() {
  const requests: FenceRequest[] = [];
  let answer: (result: FenceResult) => void = () => {};
  const fencer: ServerFencer = {
    fence(request) {
      requests.push(request);
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  };
  return { fencer, requests, answer: (result: FenceResult) => answer(result) };
}

describe('the runtime', () => {
  test('gives a fence to the fencer, and the result to the core', async () => {
    const { fencer, requests, answer } = heldFencer();
    const w = world(fencer);
    expect(requests).toEqual([
      { server: db1, uuid, finishes: false, deadline: plusMs(w.clock.mono(), 2000) },
    ]);
    answer(done);
    await settled();
    expect(w.events.slice(1)).toEqual([{ kind: 'fenced', server: db1, result: done }]);
  });

  test('does not know the outcome if the fencer is silent or missing', async () => {
    const w = world(heldFencer().fencer);
    await w.clock.advance(2000 + guardGraceMs);
    expect(w.events.slice(1)).toMatchObject([
      { kind: 'fenced', server: db1, result: { kind: 'unknown', failure: { code: 'adapter-deadline' } } },
    ]);
    const without = world();
    await settled();
    expect(without.events.slice(1)).toMatchObject([
      { kind: 'fenced', server: db1, result: { kind: 'unknown', failure: { code: 'adapter-bug' } } },
    ]);
  });

  test('stops when the attempt on its way has ended', async () => {
    const { fencer, answer } = heldFencer();
    const w = world(fencer);
    let stopped = false;
    const stop = w.runtime.stop().then(() => {
      stopped = true;
    });
    await settled();
    expect(stopped).toBe(false);
    answer(done);
    await stop;
    expect(w.events.slice(1)).toEqual([{ kind: 'fenced', server: db1, result: done }]);
  });
});

describe('the configuration of a fence', () => {
  const fence = {
    user: 'source_dns_fence',
    password: new Secret('x'),
    kill: 'clients',
    spare: ['backup'],
    timeoutMs: 5000,
  } as const;
  const shop = { ...cluster('shop', 'secret', { fence: { timeoutMs: 5000, kill: 'clients' } }), fence };

  test('is the same only with the same account and password', () => {
    expect(sameFence(shop, { ...shop, fence: { ...fence, password: new Secret('x') } })).toBe(true);
    expect(sameFence(shop, { ...shop, fence: { ...fence, password: new Secret('y') } })).toBe(false);
    expect(sameFence(shop, { ...shop, fence: { ...fence, spare: [] } })).toBe(false);
    expect(sameFence(shop, { ...shop, fence: undefined })).toBe(false);
    expect(sameFence(cluster('shop'), cluster('shop'))).toBe(true);
  });

  test('is taken away from a command that looks once', () => {
    const { fence: access, settings: without } = withoutFence(shop);
    expect([access, without.fence]).toEqual([undefined, undefined]);
  });
});

test('the history tells a fence as a warning', () => {
  const about = { at: '2026-11-22T11:30:00.123Z', cluster: 'shop', nameserver: 'ns1' };
  const again = { ...about, kind: 'fenced', server: db1, uuid, again: true, killed: 2, spared: 1 } as const;
  expect(describeEntry(again)).toMatchObject({
    sentence:
      'db1:3306 was read-only already. 2 connections of clients ended, 1 left: clients that had stayed, or had come back by an answer of before the move',
  });
  expect(describeEntry({ ...about, kind: 'fenced', server: db1, uuid, killed: 1, spared: 2 })).toEqual({
    level: 'warn',
    code: 'fenced',
    sentence:
      'db1:3306 was made read-only: it is a former source and took writes. 1 connection of clients ended, 2 left',
  });
});
