/** Takes a probe's result into a server's memory, and says whether it is suspicious. */

import { contains } from '../gtid/gtid.ts';
import {
  type Channel,
  isWritable,
  type Probe,
  type ServerFacts,
  servesNobody,
} from '../model/observation.ts';
import { changedServer, type Receiving, type ServerMemory } from '../model/state.ts';
import type { Moment, MonoMs, Now, ServerId } from '../model/units.ts';
import { sameRole } from './role.ts';

interface Observed {
  readonly memory: ServerMemory;
  /** Something changed that may begin a move. */
  readonly suspicious: boolean;
  /** It was opened or closed, or is another server: who may write has changed. */
  readonly turned: boolean;
  /** The server's transactions are gone (a reset, another data folder): its line is void. */
  readonly historyVanished: ServerId | undefined;
}

/** `Uptime` counts whole seconds, and probes take time: two readings may differ by this. */
const uptimeToleranceSeconds = 2;

export interface Asked {
  /** When it was sent at the earliest; absent: now. */
  readonly askedAt?: MonoMs;
  /** Answers from before this time do not count: the machine slept, or a clock was set. Absent: all count. */
  readonly staleBefore?: MonoMs;
}

export function observe(memory: ServerMemory, probe: Probe, now: Now, asked: Asked = {}): Observed {
  const contactChanged = memory.latest !== undefined && memory.latest.probe.kind !== probe.kind;
  const latest = { probe, at: now.mono, askedAt: asked.askedAt ?? now.mono };
  if (probe.kind === 'reachable') {
    const observed = observeFacts({ memory, latest, facts: probe.facts }, now, asked);
    return contactChanged ? { ...observed, suspicious: true } : observed;
  }
  return {
    memory: changedServer(memory, {
      probing: undefined,
      unasked: undefined,
      latest,
      unknownSince: probe.kind === 'unknown' ? (memory.unknownSince ?? now.mono) : undefined,
      lostAskedAt: memory.lostAskedAt ?? asked.askedAt ?? now.mono,
      closedAt: saysClosed(memory, probe) ? { mono: now.mono, wall: now.wall } : memory.closedAt,
    }),
    suspicious: contactChanged,
    turned: false,
    historyVanished: undefined,
  };
}

/**
 * offline_mode is off by default: somebody closed the server. A Galera node that executes no query lost the
 * others, nobody closed it.
 */
const saysClosed = ({ facts, closedAt }: ServerMemory, probe: Probe): boolean =>
  servesNobody(probe) &&
  facts !== undefined &&
  facts.wsrep === undefined &&
  isWritable(facts) &&
  closedAt === undefined;

interface Answered {
  /** As it was before the answer. */
  readonly memory: ServerMemory;
  readonly latest: ServerMemory['latest'];
  readonly facts: ServerFacts;
}

function observeFacts(
  { memory: before, latest, facts }: Answered,
  now: Now,
  { askedAt = now.mono, staleBefore = Number.NEGATIVE_INFINITY as MonoMs }: Asked,
): Observed {
  const known = before.facts;
  const elapsedMs =
    before.factsAt === undefined || before.factsAt <= staleBefore ? undefined : now.mono - before.factsAt;
  const sameProcess = known !== undefined && isSameProcess(known, facts, elapsedMs);
  const moment = { mono: now.mono, wall: now.wall };
  const vanished = known !== undefined && known.id === facts.id && lostHistory(known, facts);
  const { promotedAt, shutAskedAt, lostAskedAt, closedAt } = turns(before, facts, sameProcess, {
    askedAt,
    moment,
  });
  return {
    // This runs for every answer: there is one copy, not one for each part.
    memory: changedServer(before, {
      probing: undefined,
      unasked: undefined,
      latest,
      facts,
      factsAt: now.mono,
      unknownSince: undefined,
      writableSince: isWritable(facts) ? (before.writableSince ?? moment) : undefined,
      promotedAt,
      shutAskedAt,
      lostAskedAt,
      closedAt,
      receiving: receivingSince(before, facts, sameProcess, now),
    }),
    suspicious: known !== undefined && !sameRole(known, facts),
    turned: known !== undefined && (known.id !== facts.id || isWritable(known) !== isWritable(facts)),
    historyVanished: vanished ? facts.id : undefined,
  };
}

/**
 * Notes when a person opened or closed the server. A restart can do the same, so only changes within one
 * process count. Its closing is remembered over a restart: somebody meant it.
 */
function turns(
  before: ServerMemory,
  facts: ServerFacts,
  sameProcess: boolean,
  { askedAt, moment }: { readonly askedAt: MonoMs; readonly moment: Moment },
): Pick<ServerMemory, 'promotedAt' | 'shutAskedAt' | 'lostAskedAt' | 'closedAt'> {
  const sameServer = before.facts?.id === facts.id;
  const wasWritable = before.facts !== undefined && isWritable(before.facts);
  if (isWritable(facts)) {
    const promotedAt = sameProcess ? (wasWritable ? before.promotedAt : moment.mono) : undefined;
    return { promotedAt, shutAskedAt: before.shutAskedAt, lostAskedAt: undefined, closedAt: undefined };
  }
  const closedAt = sameServer ? (sameProcess && wasWritable ? moment : before.closedAt) : undefined;
  const lostAskedAt = before.lostAskedAt ?? askedAt;
  return { promotedAt: undefined, shutAskedAt: askedAt, lostAskedAt, closedAt };
}

/** One connection is one process; over two, `Uptime` must go on, else a restart looks like a promotion. */
function isSameProcess(known: ServerFacts, facts: ServerFacts, elapsedMs: number | undefined): boolean {
  if (known.id !== facts.id) return false;
  if (known.session === facts.session) return true;
  if (elapsedMs === undefined) return false;
  return (
    facts.uptimeSeconds >= known.uptimeSeconds + elapsedMs / 1000 - uptimeToleranceSeconds &&
    known.uptimeSeconds > uptimeToleranceSeconds
  );
}

/** It has not executed any more what it had executed then: it was rebuilt. */
export function lostHistory(known: ServerFacts, facts: ServerFacts): boolean {
  if (known.gtidExecuted === undefined || facts.gtidExecuted === undefined) return false;
  return known.gtidExecuted !== facts.gtidExecuted && !contains(facts.gtidExecuted, known.gtidExecuted);
}

/** The same map as before if nothing has changed. */
function receivingSince(
  before: ServerMemory,
  facts: ServerFacts,
  sameProcess: boolean,
  now: Now,
): ReadonlyMap<string, Receiving> {
  const known = sameProcess ? before.receiving : new Map<string, Receiving>();
  const receiving = new Map<string, Receiving>();
  for (const channel of facts.channels) {
    const next = receivingOf(channel, known.get(channel.name), sameProcess, now);
    if (next !== undefined) receiving.set(channel.name, next);
  }
  return sameEntries(receiving, before.receiving) ? before.receiving : receiving;
}

const sameEntries = <K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);

function receivingOf(
  { receiver, sourceId, sourceAddress }: Channel,
  known: Receiving | undefined,
  sameProcess: boolean,
  now: Now,
): Receiving | undefined {
  if (receiver === 'off') return undefined;
  const source = sourceId ?? sourceAddress;
  const earlier = known?.source === source ? known : undefined;
  if (receiver === 'connecting') return earlier?.on ? { ...earlier, on: false } : earlier;
  if (earlier?.on) return earlier;
  const metAt = earlier?.metAt ?? now.mono;
  return { source, on: true, since: now.mono, metAt, witnessed: sameProcess };
}
