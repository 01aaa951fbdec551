/**
 * Judges the promises by what was delivered to each instance, what left it and what the zone held, never by
 * what a core believes.
 */

import type { Command, HistoryEntry } from '../../../src/core/model/events.ts';
import type { FenceResult } from '../../../src/core/model/fence.ts';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import { readLedger } from '../../../src/core/model/ledger-text.ts';
import type { Remembered } from '../../../src/core/model/remembered.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Change, Question, Rrset, UpdateOutcome, ZoneReading } from '../../../src/core/model/zone.ts';
import type { Asked } from '../world/fencing-session.ts';
import { type InstanceName, ledgerOwner } from '../world/settings.ts';
import {
  ledgerIn,
  newSight,
  noteJump,
  noteLedger,
  noteSighting,
  oldestEvidenceMs,
  type Sight,
  type Sighting,
} from '../world/sight.ts';
import { readUpdate } from '../world/update-bytes.ts';
import type { World } from '../world/world-types.ts';
import { isRefused } from '../world/zone-odds.ts';
import { brokenAtApplication } from './judge-applied.ts';
import { brokenByOutcome, brokenByReading } from './judge-belief.ts';
import { createFenceJudge, type Sender } from './judge-fences.ts';
import { createInspectionJudge, isInspection } from './judge-inspections.ts';
import { brokenReplicas, type Readable, readableNow } from './judge-replicas.ts';
import { brokenAtSending, isMove, isWayBack } from './judge-sent.ts';
import { createStormJudge } from './judge-storms.ts';

/** One update that an instance decided to send, with what the instance knew of the zone then. */
interface WantedUpdate {
  readonly sender: InstanceName;
  readonly life: number;
  readonly read: Ledger | undefined;
  readonly readRrsets: readonly Rrset[];
  /** The highest epoch that the sender knew. */
  readonly knownEpoch: number;
  /** The servers that may be shown as replicas. */
  readonly readable: Readable;
}

/** An update that left, as it was on the wire. */
export interface SentUpdate extends WantedUpdate {
  readonly try: string;
  readonly changes: readonly Change[];
  readonly ledger: Ledger;
  readonly move: boolean;
  readonly forced: boolean;
  /** A plain command of a person went back to a former source, and nothing could be lost. */
  readonly wayBack: boolean;
  /** A lost ledger is written again: the same source, a new epoch. */
  readonly repeats: boolean;
}

export interface Judge {
  readonly broken: string | undefined;
  /** The true UUIDs of servers whose data is of no line of ours: the operator keeps this set. */
  readonly strangers: Set<string>;
  /** Former sources, or any server in their place, that have truly not rejoined yet. */
  readonly stale: Set<ServerAddress>;
  /** Somebody took the ledger away, or put an old one back: nothing is certain any more. */
  ledgerTouched: boolean;
  /** From here on nothing may be written. */
  silentFrom: number;
  readonly decisions: ReadonlyMap<InstanceName, Said>;
  readonly moves: number;
  /** The updates that left. */
  readonly updates: number;
  /** The fences that took effect. */
  readonly fences: number;
  started(instance: InstanceName, remembered: Remembered | undefined): void;
  crashed(instance: InstanceName): void;
  clockJumped(instance: InstanceName): void;
  observed(instance: InstanceName, server: ServerAddress, sighting: Sighting | undefined): void;
  reads(instance: InstanceName, questions: readonly Question[]): void;
  zoneRead(instance: InstanceName, reading: ZoneReading): void;
  commanded(instance: InstanceName, id: string, command: Command): void;
  answered(instance: InstanceName, id: string): void;
  recorded(instance: InstanceName, entry: HistoryEntry): void;
  wants(instance: InstanceName, token: string): void;
  /** The instance wants to know why an update was refused. */
  inspects(instance: InstanceName, about: string): void;
  leaves(host: string, message: Buffer): void;
  wantsFence(
    instance: InstanceName,
    request: { readonly server: ServerAddress; readonly uuid: string; readonly finishes: boolean },
  ): void;
  fenceDone(instance: InstanceName, server: ServerAddress, result: FenceResult): void;
  /** A writable server becomes read-only by a fence that was asked for. */
  fenceLands(asked: Asked, target: ServerAddress): void;
  /** Called again and again, with the running instances. */
  watchesFences(running: readonly InstanceName[]): void;
  updateDone(instance: InstanceName, token: string, outcome: UpdateOutcome): void;
  applied(message: Buffer, before: readonly Rrset[], after: readonly Rrset[]): void;
  breaks(promise: string): void;
}

/** The last decision of an instance. */
export interface Said {
  readonly source: string | undefined;
  readonly reason: string;
  readonly at: number;
}

/**
 * An instance could have fenced when it read the zone long after it began to want something else, and had no
 * trouble with its updates.
 */
const fenceWithinMs = 1000;

const addedNames = (changes: readonly Change[]): readonly string[] =>
  changes.flatMap((change) => (change.kind === 'add-rrset' ? [change.rrset.name] : []));

export function createJudge(world: World): Judge {
  const { timeline, primary, script, members, mysql } = world;
  const now = (): number => timeline.now;
  const sights = new Map<InstanceName, Sight>();
  const decisions = new Map<InstanceName, Said>();
  /**
   * For each instance: when an update last left or ended, how many failed in a row, and when a read last
   * failed.
   */
  const unrest = new Map<InstanceName, { at: number; failures: number }>();
  const inFlight = new Map<string, WantedUpdate>();
  /** By its bytes: a copy of an update is the same update. */
  const sent = new Map<string, SentUpdate>();
  /** By the sender and its try. */
  const left = new Map<string, SentUpdate>();
  const landed = new Set<string>();
  const inspections = createInspectionJudge();
  const storms = createStormJudge();
  const fences = createFenceJudge(world);
  let [updates, moves, lives] = [0, 0, 0];
  let broken: string | undefined;
  const sightOf = (instance: InstanceName): Sight => sights.get(instance) as Sight;
  const unrestOf = (instance: InstanceName) => unrest.get(instance) ?? { at: 0, failures: 0 };

  const judges = (promise: string | undefined): void => {
    if (promise !== undefined) broken ??= promise;
  };
  const senderOf = (name: InstanceName): Sender => {
    const sight = sightOf(name);
    const writes = [...inFlight.values()].some(({ sender, life }) => sender === name && life === sight.life);
    return { name, sight, writes };
  };

  const judge: Judge = {
    get broken() {
      return broken;
    },
    get moves() {
      return moves;
    },
    get updates() {
      return updates;
    },
    get fences() {
      return fences.landed;
    },
    strangers: new Set(),
    stale: new Set(),
    ledgerTouched: false,
    silentFrom: Number.POSITIVE_INFINITY,
    decisions,
    breaks(promise) {
      broken ??= promise;
    },
    started(instance, remembered) {
      lives += 1;
      sights.set(instance, {
        ...newSight({ life: lives, members, freshForMs: script.shape.pace.freshForMs }),
        epoch: remembered?.epoch ?? 0,
        epochOf: remembered?.uuid,
      });
      decisions.delete(instance);
      inspections.started(instance);
      fences.started(instance);
      unrest.set(instance, { at: now(), failures: 0 });
    },
    crashed: (instance) => void decisions.delete(instance),
    clockJumped(instance) {
      const sight = sights.get(instance);
      if (sight) noteJump(sight);
    },
    observed: (instance, server, sighting) => noteSighting(sightOf(instance), server, sighting, now()),
    reads: (instance, questions) => void Object.assign(sightOf(instance), { questions, askedAt: now() }),
    zoneRead(instance, reading) {
      const sight = sightOf(instance);
      const promise = brokenByReading(reading, sight.questions, primary, sight.askedAt);
      if (promise) judge.breaks(promise);
      if (reading.kind === 'failed') {
        unrest.set(instance, { ...unrestOf(instance), at: now() });
        return;
      }
      noteLedger(sight, ledgerIn(reading.rrsets));
      sight.goodReadAt = now();
      sight.rrsets = reading.rrsets;
      if (sight.ledger) noteEpoch(sight, sight.ledger, now());
    },
    commanded: (instance, id, command) => void sightOf(instance).commands.set(id, command),
    answered: (instance, id) => void sightOf(instance).commands.delete(id),
    recorded(instance, entry) {
      if (entry.kind !== 'decision') return;
      const { decision } = entry;
      const source = decision.kind === 'point-to' ? decision.source : undefined;
      decisions.set(instance, { source, reason: decision.reason, at: now() });
      if (decision.reason === 'ledger-lost' && !judge.ledgerTouched)
        judge.breaks('S6 says ledger-lost, but nobody touched the ledger');
    },
    wants(sender, token) {
      const sight = sightOf(sender);
      const { life, ledger: read, rrsets: readRrsets, epoch: knownEpoch } = sight;
      unrest.set(sender, { ...unrestOf(sender), at: now() });
      inFlight.set(instanceKey(sender, token), {
        sender,
        life,
        read,
        readRrsets,
        knownEpoch,
        readable: readableNow(sight, now()),
      });
    },
    inspects(instance, about) {
      const promise = inspections.wants(instance, about, now());
      if (promise) judge.breaks(promise);
    },
    wantsFence: (instance, request) => judges(fences.wants(senderOf(instance), request)),
    fenceDone: (instance, server, result) => judges(fences.done(instance, server, result)),
    fenceLands: (asked, target) => judges(fences.lands(asked, target)),
    watchesFences(running) {
      for (const instance of running) judges(fences.waits(senderOf(instance)));
    },
    leaves(host, message) {
      if (isInspection(message)) {
        const promise = inspections.leaves(
          host as InstanceName,
          now() >= judge.silentFrom && script.shape.zone !== 'no-right-to-replicas',
        );
        return promise && judge.breaks(promise);
      }
      updates += 1;
      const { changes } = readUpdate(message);
      const ledger = ledgerOf(changes);
      const sender = host as InstanceName;
      judges(storms(sender, now()));
      const wanted = ledger && inFlight.get(instanceKey(sender, ledger.try));
      if (ledger === undefined || wanted === undefined)
        return judge.breaks('S4 an update leaves that nobody decided on, or without a ledger');
      if (left.has(instanceKey(sender, ledger.try))) return judge.breaks('S4 an update leaves twice');
      const sight = sightOf(sender);
      if (now() >= judge.silentFrom && !isRefused(script.shape, changes) && !triesTtlOnce(sight, changes))
        judge.breaks('L2 writes although nothing happens');
      const { read, knownEpoch } = wanted;
      const primaries = mysql.group?.primariesSince(now() - oldestEvidenceMs(script));
      const truth = { strangers: judge.strangers, primaries };
      const sending = {
        sight,
        changes,
        ledger,
        read,
        knownEpoch,
        now: now(),
        ...truth,
        alias: script.shape.alias,
      };
      const promise = brokenAtSending(sending) ?? brokenReplicas(changes, ledger, sight, wanted.readable);
      if (promise) judge.breaks(promise);
      const forced = [...sight.commands.values()].some(
        (command) => command.kind === 'follow' && command.force && command.server === ledger.source,
      );
      const repeats = read !== undefined && read.uuid === ledger.uuid && (forced || read.epoch < knownEpoch);
      const update: SentUpdate = {
        ...wanted,
        try: ledger.try,
        changes,
        ledger,
        move: isMove({ ledger, read }),
        forced,
        wayBack: isWayBack(sending),
        repeats,
      };
      left.set(instanceKey(sender, ledger.try), update);
      sent.set(message.toString('latin1'), update);
    },
    updateDone(instance, token, outcome) {
      const key = instanceKey(instance, token);
      const promise = brokenByOutcome(outcome, { left: left.has(key), applied: landed.has(key) });
      if (promise) judge.breaks(promise);
      inFlight.delete(key);
      const ledger = left.get(key)?.ledger;
      if (outcome.kind === 'applied' && ledger) noteEpoch(sightOf(instance), ledger, now());
      const failures = outcome.kind === 'applied' ? 0 : unrestOf(instance).failures + 1;
      unrest.set(instance, { at: now(), failures });
    },
    applied(message, before, after) {
      if (isInspection(message))
        return JSON.stringify(before) === JSON.stringify(after)
          ? undefined
          : judge.breaks('S2 an inspection changes the zone');
      const update = sent.get(message.toString('latin1'));
      if (update === undefined)
        return judge.breaks('S6 the nameserver applied an update that no instance sent');
      landed.add(instanceKey(update.sender, update.try));
      const promise =
        brokenAtApplication({ sent: update, before, after, stale: judge.stale, shape: script.shape }) ??
        landsAstray(update, before);
      if (promise) judge.breaks(promise);
      if (!update.move) return;
      moves += 1;
      noteStale(ledgerIn(before), update.ledger);
    },
  };

  /** A move: the former source must rejoin, and so must those that it passed over although they took writes. */
  function noteStale(before: Ledger | undefined, after: Ledger): void {
    judge.stale.delete(after.source);
    if (before && before.source !== after.source) judge.stale.add(before.source);
    for (const { address, uuid, readOnly } of mysql.group ? [] : mysql.servers.values())
      if (!readOnly && after.was.some((former) => former.uuid === uuid)) judge.stale.add(address);
  }

  /** A new process cannot know that the nameserver cuts every TTL: it writes the TTL of each name once. */
  function triesTtlOnce({ life }: Sight, changes: readonly Change[]): boolean {
    if (script.shape.zone !== 'cuts-ttl') return false;
    const own = [...left.values()].filter((update) => update.life === life);
    const written = new Set(own.flatMap((update) => addedNames(update.changes)));
    return addedNames(changes).every((name) => name === ledgerOwner || !written.has(name));
  }

  /**
   * S4: an update with an unknown outcome lands although its sender has wanted something else for long, and
   * nothing prevented a fence.
   */
  function landsAstray(update: SentUpdate, before: readonly Rrset[]): string | undefined {
    const { sender } = update;
    const said = decisions.get(sender);
    const { at, failures } = unrestOf(sender);
    if (
      !update.move ||
      ledgerIn(before) === undefined ||
      sights.get(sender)?.life !== update.life ||
      said === undefined ||
      failures > 1
    )
      return undefined;
    // Still waiting for the answer, or for a command.
    if (inFlight.has(instanceKey(sender, update.try)) || sights.get(sender)?.commands.size !== 0)
      return undefined;
    // Another update of the sender is on its way and has the same base: the first to land fences off the
    // other.
    if ([...inFlight.keys()].some((key) => key.startsWith(`${sender} `))) return undefined;
    const wantsIt = said.source === update.ledger.source;
    const couldFence = (sights.get(sender)?.goodReadAt ?? 0) - Math.max(said.at, at) >= fenceWithinMs;
    return wantsIt || !couldFence ? undefined : 'S4 an update landed that its sender did not want any more';
  }

  return judge;
}

const instanceKey = (instance: InstanceName, token: string): string => `${instance} ${token}`;

function noteEpoch(sight: Sight, { epoch, uuid }: Ledger, now: number): void {
  if (epoch > sight.epoch) Object.assign(sight, { epoch, epochOf: uuid, epochAt: now });
}

function ledgerOf(changes: readonly Change[]): Ledger | undefined {
  for (const change of changes) {
    if (change.kind !== 'add-rrset' || change.rrset.type !== 'TXT' || change.rrset.name !== ledgerOwner)
      continue;
    const reading = readLedger(change.rrset.rdata);
    if (reading.kind === 'ledger') return reading.ledger;
  }
  return undefined;
}
