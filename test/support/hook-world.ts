/** Hooks with real programs and URLs, a clock whose long waits the test ends, and what was recorded. */

import { onTestFinished } from 'vitest';
import type { CommandHook, HooksConfig, UrlHook } from '../../src/config/loaded.ts';
import { Secret } from '../../src/config/secret.ts';
import type { HistoryEntry } from '../../src/core/model/events.ts';
import { type Fqdn, plusMs, type ServerAddress, type ServerId } from '../../src/core/model/units.ts';
import type { AlarmCode } from '../../src/core/model/vocabulary.ts';
import { systemClock, systemRandom } from '../../src/daemon/clock.ts';
import type { HookLimits } from '../../src/daemon/hooks/hook-limits.ts';
import { createHooks, type Hooks } from '../../src/daemon/hooks/hooks.ts';
import type { Clock } from '../../src/ports.ts';
import { until } from './small-world.ts';

export type HookEntry = Extract<HistoryEntry, { readonly kind: 'hook' }>;

/** A wait of at least this is only over when the test says so. */
export const held = 60_000;

export interface HeldClock extends Clock {
  /** Ends the oldest long wait, when there is one. */
  release(): Promise<void>;
  /** Ends the newest one. */
  releaseLast(): Promise<void>;
  waits(): readonly number[];
}

export function heldClock(): HeldClock {
  let passed = 0;
  const waiting = new Set<{ readonly ms: number; callback(): void }>();
  const end = async (at: number): Promise<void> => {
    await until(() => waiting.size > 0);
    const wait = [...waiting].at(at);
    if (wait === undefined) return;
    waiting.delete(wait);
    passed += wait.ms;
    wait.callback();
  };
  return {
    ...systemClock,
    mono: () => plusMs(systemClock.mono(), passed),
    after(ms, callback) {
      if (ms < held) return systemClock.after(ms, callback);
      const wait = { ms, callback };
      waiting.add(wait);
      return () => void waiting.delete(wait);
    },
    waits: () => [...waiting].map(({ ms }) => ms),
    release: () => end(0),
    releaseLast: () => end(-1),
  };
}

export interface HookWorld {
  readonly hooks: Hooks;
  readonly clock: HeldClock;
  readonly records: HookEntry[];
  /** The record number `count`, from 1. */
  record(count?: number): Promise<HookEntry>;
}

export function hookWorld(config: Partial<HooksConfig>, limits: Partial<HookLimits> = {}): HookWorld {
  const records: HookEntry[] = [];
  const clock = heldClock();
  const hooks = createHooks({
    config: { instance: 'watcher-1', clusters: [], hooks: { afterMove: [], onAlarm: [], ...config } },
    clock,
    random: systemRandom,
    limits: {
      betweenStartsMs: 0,
      stopMs: 0,
      retryMs: 1,
      graceMs: 50,
      afterKillMs: 50,
      drainMs: 20,
      ...limits,
    },
    onRecord: (entry) => void records.push(entry as HookEntry),
    onBug(error) {
      throw error;
    },
  });
  onTestFinished(() => hooks.stop());
  return {
    hooks,
    clock,
    records,
    async record(count = 1) {
      await until(() => records.length >= count);
      return records[count - 1]!;
    },
  };
}

const secrets = (values: Readonly<Record<string, string>>): ReadonlyMap<string, Secret> =>
  new Map(Object.entries(values).map(([name, value]) => [name, new Secret(value)]));

export const command = (
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): CommandHook => ({ kind: 'command', program, args, env: secrets(env), timeoutMs: held });

/** A script for `sh -c`. */
export const script = (text: string, env: Readonly<Record<string, string>> = {}): CommandHook =>
  command(['/bin/sh', '-c', text], env);

export const urlHook = (url: string, headers: Readonly<Record<string, string>> = {}): UrlHook => ({
  kind: 'url',
  url: new Secret(url),
  headers: secrets(headers),
  timeoutMs: held,
});

const at = '2026-11-22T11:30:00.123Z';

export function moveOf(epoch = 7, over: { cluster?: string; first?: boolean; sentence?: string } = {}) {
  const server = (name: string) => ({
    server: `${name}:3306` as ServerAddress,
    uuid: `uuid-of-${name}` as ServerId,
  });
  return {
    at,
    cluster: over.cluster ?? 'shop',
    nameserver: 'ns1',
    kind: 'move',
    epoch,
    ...(over.first === true ? {} : { from: server('db1') }),
    to: server('db2'),
    reason: 'failover',
    sentence: over.sentence ?? 'db1 is gone.',
    name: 'source.shop.db.example.com.' as Fqdn,
    seenAt: at,
    decidedAt: at,
    sentAt: at,
    appliedAt: at,
  } as const satisfies HistoryEntry;
}

export const alarmOf = (code: AlarmCode = 'stale-source', raised = true, cluster = 'shop'): HistoryEntry => ({
  at,
  cluster,
  nameserver: 'ns1',
  kind: 'alarm',
  alarm: { code, subject: 'db1:3306', sentence: 'db1:3306 is writable.', hint: 'Make it read-only.' },
  raised,
});
