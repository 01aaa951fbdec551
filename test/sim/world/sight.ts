/**
 * What one instance was told, apart from what its core concludes: the log of delivered observations and reads
 * that the judge keeps.
 */

import type { Command } from '../../../src/core/model/events.ts';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import { readLedger } from '../../../src/core/model/ledger-text.ts';
import {
  type Channel,
  isWritable,
  type Probe,
  type ServerFacts,
} from '../../../src/core/model/observation.ts';
import type { ServerAddress, ServerId } from '../../../src/core/model/units.ts';
import { findRrset, type Question, type Rrset } from '../../../src/core/model/zone.ts';
import { type Script, slowestProbeMs } from './script.ts';
import { exchangeMs, ledgerOwner, settleMs } from './settings.ts';

export interface Sighting {
  readonly server: ServerAddress;
  readonly probe: Probe;
  /** World time of the state in this answer. */
  readonly measuredAt: number;
  /** World time when the probe was sent. */
  readonly askedAt: number;
  /** World time of the deadline of the probe. */
  readonly dueAt: number;
  /** The true server process. */
  readonly process: number;
}

/** What was known when the instance first read that a server is a former source. */
export interface Former {
  /** The last reading before that. */
  readonly notAt: number;
  /** It may have been seen to be opened since, and was not seen read-only again. */
  opened: boolean;
}

/** The memory of one instance's life. */
export interface Sight {
  readonly life: number;
  readonly members: readonly ServerAddress[];
  /** An observation counts for so many milliseconds. */
  readonly freshForMs: number;
  readonly sightings: Map<ServerAddress, Sighting & { readonly at: number }>;
  /** The newest answer of each server, of any age. */
  readonly answers: Map<
    ServerAddress,
    { readonly facts: ServerFacts; readonly process: number; readonly beforeJump: boolean }
  >;
  /**
   * Servers that were seen read-only and then writable in one process, when, and whether that is certain:
   * `Uptime` proves across connections that it was one process, and the server did not stay a replica.
   */
  readonly promoted: Map<ServerAddress, { readonly provable: boolean; readonly at: number }>;
  /** The identities that the ledger names as former sources. */
  readonly former: Map<string, Former>;
  /**
   * When the first probe was sent that did not find the server writable, since the server was last found
   * writable.
   */
  readonly lost: Map<ServerAddress, number>;
  /** When the newest probe was sent that found a server read-only. */
  readonly shut: Map<ServerAddress, number>;
  /** Servers that were seen to close in one process, as far as `Uptime` proves that. */
  readonly closed: Map<ServerAddress, 'perhaps' | 'surely'>;
  /** Since when every probe of that server ended without an answer. */
  readonly silentSince: Map<ServerAddress, number>;
  readonly commands: Map<string, Command>;
  rrsets: readonly Rrset[];
  ledger: Ledger | undefined;
  /** The highest epoch that the instance knows, and the source of that epoch. */
  epoch: number;
  epochOf: ServerId | undefined;
  /** When the instance learned of that epoch. */
  epochAt: number;
  /** What the instance last asked the nameserver, and when. */
  questions: readonly Question[];
  askedAt: number;
  /** When the instance last read the zone. */
  goodReadAt: number;
}

type Fixed = Pick<Sight, 'life' | 'members' | 'freshForMs'>;

export const newSight = ({ life, members, freshForMs }: Fixed): Sight => ({
  life,
  members,
  freshForMs,
  sightings: new Map(),
  answers: new Map(),
  promoted: new Map(),
  former: new Map(),
  lost: new Map(),
  shut: new Map(),
  closed: new Map(),
  silentSince: new Map(),
  commands: new Map(),
  rrsets: [],
  ledger: undefined,
  epoch: 0,
  epochOf: undefined,
  epochAt: Number.NEGATIVE_INFINITY,
  questions: [],
  askedAt: 0,
  goodReadAt: 0,
});

/** The clocks of the instance parted: what it was told before is no evidence any more. */
export function noteJump(sight: Sight): void {
  sight.sightings.clear();
  sight.silentSince.clear();
  for (const [server, answer] of sight.answers) sight.answers.set(server, { ...answer, beforeJump: true });
  for (const [server, { at }] of sight.promoted) sight.promoted.set(server, { provable: false, at });
}

/**
 * A process that was this young when it was seen cannot be told, on a new connection, from one that was
 * restarted since.
 */
const provableUptimeSeconds = 3;

const isProvable = ({
  beforeJump,
  facts,
}: {
  readonly beforeJump: boolean;
  readonly facts: ServerFacts;
}): boolean => !beforeJump && facts.uptimeSeconds > provableUptimeSeconds;
/** An answer may be taken so much later than its deadline. */
const lateMs = 500;
/** So short a sleep is not noticed. */
const unnoticedSleepMs = 1000;

/** `sighting`: what is true of the answer; missing where the prober gave no answer. */
export function noteSighting(
  sight: Sight,
  server: ServerAddress,
  sighting: Sighting | undefined,
  now: number,
): void {
  // The answer waited in a stopped process: the present state of the server is unknown.
  if (sighting === undefined || now > sighting.dueAt + lateMs) {
    sight.sightings.delete(server);
    return;
  }
  const { probe, process } = sighting;
  if (probe.kind !== 'unknown') sight.silentSince.delete(server);
  else if (!sight.silentSince.has(server)) sight.silentSince.set(server, now);
  sight.sightings.set(server, { ...sighting, at: now });
  noteTurns(sight, sighting);
  if (probe.kind !== 'reachable') return;
  const before = sight.answers.get(server);
  const sameProcess = before?.process === process && before.facts.id === probe.facts.id;
  const turned = sameProcess && !isWritable(before.facts);
  const promoted = sight.promoted.get(server);
  if (!isWritable(probe.facts) || !sameProcess) sight.promoted.delete(server);
  else if (turned) sight.promoted.set(server, { provable: isProvable(before), at: now });
  else if (
    promoted &&
    now - promoted.at >= settleMs - unnoticedSleepMs &&
    isReplica(sight, server, probe.facts)
  )
    sight.promoted.set(server, { ...promoted, provable: false });
  sight.answers.set(server, { facts: probe.facts, process, beforeJump: false });
  noteOpened(sight, server, probe.facts);
}

function noteOpened(
  { former, promoted, freshForMs }: Sight,
  server: ServerAddress,
  facts: ServerFacts,
): void {
  const known = former.get(facts.id);
  if (known === undefined) return;
  const { at = Number.NEGATIVE_INFINITY } = promoted.get(server) ?? {};
  known.opened = isWritable(facts) && (known.opened || at >= known.notAt - freshForMs);
}

/** A replica that was made writable and stays a replica was not promoted. */
const isReplica = (sight: Sight, server: ServerAddress, facts: ServerFacts): boolean =>
  upstreams(sight, facts).some(({ channel, member }) => channel.receiver === 'on' && member !== server);

/** When the server was lost and when it was read-only, by the probes, and whether it was seen to close. */
function noteTurns(
  { lost, shut, closed, answers }: Sight,
  { server, probe, askedAt, process }: Sighting,
): void {
  const before = answers.get(server);
  const isOpen = probe.kind === 'reachable' && isWritable(probe.facts);
  if (isOpen) lost.delete(server);
  else if (!lost.has(server)) lost.set(server, askedAt);
  if (isOpen) closed.delete(server);
  // The server says that it lets no client in.
  else if (probe.kind === 'alive' && probe.servesNobody && before && isWritable(before.facts))
    closed.set(server, 'surely');
  if (probe.kind !== 'reachable' || isOpen) return;
  shut.set(server, askedAt);
  if (before?.facts.id !== probe.facts.id) closed.delete(server);
  else if (before.process === process && isWritable(before.facts))
    closed.set(server, isProvable(before) ? 'surely' : 'perhaps');
}

/** How far clocks of an instance may differ, in the longest time between a probe and its answer. */
const askedToleranceMs = 10;

/**
 * Whether the promotion of that server was seen in this incident: it was still read-only when it was asked
 * after the published source was lost, or that source was seen to close. Undefined: nobody can say.
 */
export function isPromotedInIncident(
  sight: Sight,
  server: ServerAddress,
  published: ServerAddress,
): boolean | undefined {
  const closed = sight.closed.get(published);
  if (!sight.promoted.has(server)) return false;
  if (closed === 'surely' || server === published) return true;
  const [lost, shut] = [sight.lost.get(published), sight.shut.get(server)];
  const doubtful = closed === 'perhaps' ? undefined : false;
  if (lost === undefined) return sight.answers.has(published) ? doubtful : undefined;
  if (shut === undefined || shut < lost - askedToleranceMs) return doubtful;
  return shut > lost + askedToleranceMs ? true : undefined;
}

/** Takes the ledger of a reading. */
export function noteLedger(sight: Sight, ledger: Ledger | undefined): void {
  sight.ledger = ledger;
  if (ledger === undefined) return;
  const { former } = sight;
  const named = new Set<string>(ledger.was.map(({ uuid }) => uuid));
  for (const uuid of former.keys()) if (!named.has(uuid)) former.delete(uuid);
  for (const uuid of named) {
    if (former.has(uuid)) continue;
    former.set(uuid, { notAt: sight.goodReadAt, opened: false });
    for (const [server, { facts }] of sight.answers) if (facts.id === uuid) noteOpened(sight, server, facts);
  }
}

/** By the RDATA: the judge looks again and again at a zone that seldom changes. */
const ledgers = new WeakMap<object, Ledger | undefined>();
/** Each reading has RDATA of its own, mostly with the text of the reading before. */
let newest: { readonly text: string; readonly ledger: Ledger | undefined } | undefined;

/** The ledger in these RRsets, if one can be read. */
export function ledgerIn(rrsets: readonly Rrset[]): Ledger | undefined {
  const rrset = findRrset(rrsets, ledgerOwner, 'TXT');
  if (rrset?.type !== 'TXT') return undefined;
  if (!ledgers.has(rrset)) {
    const text = JSON.stringify(rrset.rdata);
    if (newest?.text !== text) newest = { text, ledger: ledgerOf(rrset.rdata) };
    ledgers.set(rrset, newest.ledger);
  }
  return ledgers.get(rrset);
}

function ledgerOf(rdata: Parameters<typeof readLedger>[0]): Ledger | undefined {
  const reading = readLedger(rdata);
  return reading.kind === 'ledger' ? reading.ledger : undefined;
}

/**
 * The answer of that server within about `fresh_for`, to a probe that was sent not much earlier: the best
 * evidence that a move may have.
 */
export function freshFacts(sight: Sight, server: ServerAddress, now: number): ServerFacts | undefined {
  const sighting = sight.sightings.get(server);
  if (sighting?.probe.kind !== 'reachable' || now - sighting.at > sight.freshForMs + unnoticedSleepMs)
    return undefined;
  return now - sighting.measuredAt > sight.freshForMs + slowestProbeMs ? undefined : sighting.probe.facts;
}

/**
 * Whether the server refused with error 3032, as lately as an answer would count: that is true for every
 * client, so the server was not writable.
 */
export function saysOffline(sight: Sight, server: ServerAddress, now: number): boolean {
  const sighting = sight.sightings.get(server);
  return (
    sighting?.probe.kind === 'alive' &&
    sighting.probe.failure.code === 'mysql-3032' &&
    now - sighting.at <= sight.freshForMs + unnoticedSleepMs
  );
}

/** The evidence of a move was true at most so many milliseconds ago. */
export const oldestEvidenceMs = ({ shape, weather }: Script): number =>
  shape.pace.freshForMs + unnoticedSleepMs + weather.probeTimeoutMs + exchangeMs;

/** The answer of that server, if it is fresh beyond doubt: such an answer must stop a move. */
export function certainFacts(sight: Sight, server: ServerAddress, now: number): ServerFacts | undefined {
  const at = sight.sightings.get(server)?.at ?? Number.NEGATIVE_INFINITY;
  return now - at < sight.freshForMs ? freshFacts(sight, server, now) : undefined;
}

/** The channels of that server with a receiver that is not off, and the members that they lead to. */
export const upstreams = (
  sight: Sight,
  facts: ServerFacts,
): readonly { channel: Channel; member: ServerAddress }[] =>
  facts.channels
    .filter((channel) => channel.receiver !== 'off')
    .flatMap((channel) => {
      const byId = sight.members.find(
        (address) =>
          channel.sourceId !== undefined && sight.answers.get(address)?.facts.id === channel.sourceId,
      );
      const member =
        byId ??
        sight.members.find((address) => channel.sourceId === undefined && address === channel.sourceAddress);
      return member ? [{ channel, member }] : [];
    });

/** The members that say, in a fresh answer, that they receive from this server. */
export const followersOf = (sight: Sight, server: ServerAddress, now: number): readonly ServerAddress[] =>
  sight.members.filter((other) => {
    const facts = other === server ? undefined : freshFacts(sight, other, now);
    return (
      facts !== undefined &&
      upstreams(sight, facts).some(({ channel, member }) => member === server && channel.receiver === 'on')
    );
  });

/** Of these, the members that heard from this server for certain within the heartbeat period. */
export const heardFollowersOf = (
  sight: Sight,
  server: ServerAddress,
  now: number,
): readonly ServerAddress[] =>
  followersOf(sight, server, now).filter((other) => {
    const at = sight.sightings.get(other)?.at ?? 0;
    const facts = freshFacts(sight, other, now);
    return (
      facts?.channels.some(
        ({ heardAgoMs, heartbeatMs }) => heardAgoMs !== undefined && heardAgoMs + now - at <= heartbeatMs,
      ) ?? false
    );
  });
