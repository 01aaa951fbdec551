/** What systemd is told, in which order, and when it is not told that the daemon lives. */

import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/core/model/observation.ts';
import { createNotifier, stuckAfterMs } from '../../../src/daemon/notify-systemd.ts';
import { takeSupervisor } from '../../../src/daemon/supervisor.ts';
import { fakeClock, settled } from '../../support/fakes.ts';

const failure: Failure = { code: 'systemd-not-told', message: 'it failed' };

function world(given: { readonly watchdogMs?: number | undefined } = { watchdogMs: 30_000 }) {
  const clock = fakeClock();
  const sent: string[] = [];
  const warnings: Failure[] = [];
  const daemon = { status: 'watches shop', overdueMs: 0 };
  let answer: () => Promise<Failure | undefined> = async () => undefined;
  const notifier = createNotifier({
    supervisor: { socket: '/run/systemd/notify', watchdogMs: given.watchdogMs },
    clock,
    send: (assignments, socket) => {
      expect(socket).toBe('/run/systemd/notify');
      sent.push(assignments.join(' ').replace(/USEC=\d{4,}/, 'USEC=now'));
      return answer();
    },
    onWarning: (warning) => warnings.push(warning),
  });
  return {
    clock,
    sent,
    warnings,
    daemon,
    notifier,
    watched: { status: () => daemon.status, overdueMs: () => daemon.overdueMs },
    /** From now on every notice ends so. */
    answerWith(next: () => Promise<Failure | undefined>) {
      answer = next;
    },
  };
}

describe('the supervisor', () => {
  test('is taken out of the environment, so that no child speaks for the daemon', () => {
    const env = { NOTIFY_SOCKET: '@n', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7', PATH: '/bin' };
    expect(takeSupervisor(env, 7)).toEqual({ socket: '@n', watchdogMs: 60_000 });
    expect(env).toEqual({ PATH: '/bin' });
    expect(takeSupervisor(env, 7)).toBeUndefined();
  });

  test.each([
    ['no watchdog', {}],
    ['a watchdog of 0', { WATCHDOG_USEC: '0' }],
    ['a watchdog that is no number', { WATCHDOG_USEC: '1s' }],
  ])('with %s wants no sign of life', (_, env) => {
    expect(takeSupervisor({ NOTIFY_SOCKET: '/n', ...env }, 7)).toEqual({
      socket: '/n',
      watchdogMs: undefined,
    });
  });
});

test('the watchdog of another process is none of ours: the operator hears why the service will end', () => {
  const env = { NOTIFY_SOCKET: '/n', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '8' };
  const supervisor = takeSupervisor(env, 7);
  expect(supervisor).toEqual({ socket: '/n', watchdogMs: undefined, watchesOther: '8' });
  const warnings: string[] = [];
  createNotifier({
    supervisor,
    clock: fakeClock(),
    send: async () => undefined,
    onWarning: ({ code }) => warnings.push(code),
  }).ready({ status: () => '', overdueMs: () => 0 });
  expect(warnings).toEqual(['systemd-watches-another-process']);
});

describe('systemd is told', () => {
  test('nothing without a supervisor', async () => {
    const clock = fakeClock();
    const told = (): never => expect.unreachable();
    const notifier = createNotifier({ supervisor: undefined, clock, send: told, onWarning: told });
    notifier.ready({ status: told, overdueMs: told });
    notifier.reloading();
    notifier.reloaded();
    await notifier.stopping();
    await clock.advance(100_000);
    expect(clock.timers()).toBe(0);
  });

  test('that the daemon watches, reloads, watches again and stops', async () => {
    const w = world();
    w.notifier.ready(w.watched);
    await settled();
    w.notifier.reloading();
    w.notifier.reloaded();
    await w.notifier.stopping();
    expect(w.sent).toEqual([
      'READY=1 STATUS=watches shop',
      'RELOADING=1 MONOTONIC_USEC=now',
      'READY=1',
      'STOPPING=1',
    ]);
  });

  test('three times in the time of the watchdog that the daemon lives, and the status when it changes', async () => {
    const w = world();
    w.notifier.ready(w.watched);
    await settled();
    await w.clock.advance(10_000);
    w.daemon.status = 'watches shop; shop holds:\nno-candidate';
    await w.clock.advance(20_000);
    expect(w.sent.slice(1)).toEqual([
      'WATCHDOG=1',
      'WATCHDOG=1 STATUS=watches shop; shop holds: no-candidate',
      'WATCHDOG=1',
    ]);
  });

  test('not that the daemon lives, while a cluster is not watched', async () => {
    const w = world();
    w.notifier.ready(w.watched);
    w.daemon.overdueMs = stuckAfterMs;
    await w.clock.advance(60_000);
    expect(w.sent).toEqual(['READY=1 STATUS=watches shop']);
    w.daemon.overdueMs = stuckAfterMs - 1;
    await w.clock.advance(10_000);
    expect(w.sent.slice(1)).toEqual(['WATCHDOG=1']);
  });

  test('the status also without a watchdog, at most three times a minute', async () => {
    const w = world({});
    w.notifier.ready(w.watched);
    for (let second = 0; second < 60; second += 1) {
      w.daemon.status = `second ${second}`;
      await w.clock.advance(1000);
    }
    expect(w.sent.slice(1)).toEqual(['STATUS=second 19', 'STATUS=second 39', 'STATUS=second 59']);
  });
});

test('a stop waits for its notice behind a sign of life, and not longer than a second', async () => {
  const w = world();
  w.notifier.ready(w.watched);
  await settled();
  const ends: ((failed: undefined) => void)[] = [];
  w.answerWith(() => new Promise((resolve) => ends.push(resolve)));
  await w.clock.advance(10_000);
  let isOver = false;
  const stopped = w.notifier.stopping().then(() => {
    isOver = true;
  });
  await w.clock.advance(999);
  expect([isOver, w.sent.at(-1)]).toEqual([false, 'WATCHDOG=1']);
  ends[0]?.(undefined);
  await settled();
  expect([isOver, w.sent.at(-1)]).toEqual([false, 'STOPPING=1']);
  await w.clock.advance(1);
  await stopped;
});

describe('a notice that fails', () => {
  test('is tried three times, in its turn; the operator hears of it once', async () => {
    const w = world();
    w.answerWith(async () => failure);
    w.notifier.reloading();
    w.notifier.reloaded();
    await settled();
    await w.clock.advance(10_000);
    const reloading = 'RELOADING=1 MONOTONIC_USEC=now';
    expect(w.sent).toEqual([reloading, reloading, reloading, 'READY=1', 'READY=1', 'READY=1']);
    expect(w.warnings).toEqual([failure]);
    w.answerWith(async () => undefined);
    w.notifier.reloaded();
    await settled();
    w.answerWith(async () => failure);
    w.notifier.reloaded();
    await settled();
    expect(w.warnings).toEqual([failure, failure]);
  });

  test('is no news when the daemon stops: who stops it may stop its children, too', async () => {
    const w = world();
    w.answerWith(async () => failure);
    await w.notifier.stopping();
    await w.clock.advance(10_000);
    expect(w.sent).toEqual(['STOPPING=1']);
    expect(w.warnings).toEqual([]);
  });

  test('holds back a bounded number of others, and no old sign of life', async () => {
    const w = world();
    let end: (value: undefined) => void = () => {};
    w.answerWith(
      () =>
        new Promise((resolve) => {
          end = resolve;
        }),
    );
    w.notifier.ready(w.watched);
    for (let round = 0; round < 100; round += 1) {
      w.notifier.reloading();
      w.notifier.reloaded();
    }
    await w.clock.advance(100_000);
    expect(w.sent).toHaveLength(1);
    w.answerWith(async () => undefined);
    end(undefined);
    await settled();
    expect(w.sent.slice(1)).toEqual(Array(4).fill(['RELOADING=1 MONOTONIC_USEC=now', 'READY=1']).flat());
  });
});
