/** The promises, judged by what was delivered to each instance and what the zone held: never by what a core believes. */

import type { Command, HistoryEntry, Remembered } from '../../src/core/events.ts';
import type { Ledger } from '../../src/core/ledger.ts';
import { readLedger } from '../../src/core/ledger.ts';
import type { ServerAddress } from '../../src/core/units.ts';
import type { Rrset, UpdateOutcome, UpdatePlan, ZoneReading } from '../../src/core/zone.ts';
import { brokenAtApplication } from './judge-applied.ts';
import { brokenAtSending, isMove } from './judge-sent.ts';
import type { InstanceName } from './settings.ts';
import { ledgerOwner } from './settings.ts';
import type { Sight, Sighting } from './sight.ts';
import { ledgerIn, newSight, noteJump, noteSighting } from './sight.ts';

/** One update that left an instance. */
export interface SentUpdate {
  readonly number: number;
  readonly sender: InstanceName;
  readonly life: number;
  readonly at: number;
  /** The sender's wall clock. */
  readonly signedAt: number;
  readonly try: string;
  readonly plan: UpdatePlan;
  readonly ledger: Ledger;
  readonly move: boolean;
  readonly forced: boolean;
  /** A lost ledger is written again: the same source, a new epoch. */
  readonly repeats: boolean;
  readonly readRrsets: readonly Rrset[];
  /** The highest epoch that the sender knew. */
  readonly knownEpoch: number;
}

export interface Judge {
  readonly broken: string | undefined;
  /** UUIDs of servers whose data is of no line of ours, in truth: kept by the operator. */
  readonly strangers: Set<string>;
  /** Former sources, or whatever server stands in their place, that have not rejoined; taken off when they have, in truth. */
  readonly stale: Set<ServerAddress>;
  /** Somebody took the ledger away, or put an old one back: nothing is known for certain any more. */
  ledgerTouched: boolean;
  /** From here on nothing may be written. */
  silentFrom: number;
  readonly decisions: ReadonlyMap<InstanceName, Said>;
  readonly moves: number;
  started(instance: InstanceName, remembered: Remembered | undefined): void;
  observed(instance: InstanceName, sighting: Sighting): void;
  zoneRead(instance: InstanceName, reading: ZoneReading): void;
  commanded(instance: InstanceName, id: string, command: Command): void;
  answered(instance: InstanceName, id: string): void;
  clockJumped(instance: InstanceName): void;
  crashed(instance: InstanceName): void;
  recorded(instance: InstanceName, entry: HistoryEntry): void;
  sent(sender: InstanceName, token: string, plan: UpdatePlan, signedAt: number): SentUpdate;
  updateDone(instance: InstanceName, token: string, outcome: UpdateOutcome): void;
  applied(sent: SentUpdate, before: readonly Rrset[], after: readonly Rrset[]): void;
  breaks(promise: string): void;
}

/** What an instance said last. */
export interface Said {
  readonly source: string | undefined;
  readonly reason: string;
  readonly at: number;
}

/** An instance that read the zone so long after it began to want something else, and had no trouble with its updates, could have fenced. */
const fenceWithinMs = 1000;

export function createJudge(now: () => number): Judge {
  const sights = new Map<InstanceName, Sight>();
  const decisions = new Map<InstanceName, Said>();
  /** Per instance: when an update last left or ended, how many failed in a row, and when it last could not read. */
  const unrest = new Map<InstanceName, { at: number; failures: number }>();
  const inFlight = new Map<string, SentUpdate>();
  let updates = 0;
  let lives = 0;
  let broken: string | undefined;
  const sightOf = (instance: InstanceName): Sight => sights.get(instance) as Sight;
  const unrestOf = (instance: InstanceName) => unrest.get(instance) ?? { at: 0, failures: 0 };

  const judge: Judge = {
    get broken() {
      return broken;
    },
    strangers: new Set(),
    stale: new Set(),
    ledgerTouched: false,
    silentFrom: Number.POSITIVE_INFINITY,
    decisions,
    moves: 0,
    breaks(promise) {
      broken ??= promise;
    },
    started(instance, remembered) {
      lives += 1;
      sights.set(instance, { ...newSight(lives), epoch: remembered?.epoch ?? 0, epochOf: remembered?.uuid });
      decisions.delete(instance);
      unrest.set(instance, { at: now(), failures: 0 });
    },
    observed: (instance, sighting) => noteSighting(sightOf(instance), sighting, now()),
    zoneRead(instance, reading) {
      if (reading.kind === 'failed') {
        unrest.set(instance, { ...unrestOf(instance), at: now() });
        return;
      }
      const sight = sightOf(instance);
      sight.goodReadAt = now();
      sight.rrsets = reading.rrsets;
      sight.ledger = ledgerIn(reading.rrsets);
      if (sight.ledger) noteEpoch(sight, sight.ledger);
    },
    commanded: (instance, id, command) => void sightOf(instance).commands.set(id, command),
    answered: (instance, id) => void sightOf(instance).commands.delete(id),
    crashed: (instance) => void decisions.delete(instance),
    clockJumped(instance) {
      const sight = sights.get(instance);
      if (sight) noteJump(sight);
    },
    recorded(instance, entry) {
      if (entry.kind !== 'decision') return;
      const { decision } = entry;
      const source = decision.kind === 'point-to' ? decision.source : undefined;
      decisions.set(instance, { source, reason: decision.reason, at: now() });
      if (decision.reason === 'ledger-lost' && !judge.ledgerTouched) judge.breaks('S6 says ledger-lost, but nobody touched the ledger');
    },
    sent(sender, token, plan, signedAt) {
      const sight = sightOf(sender);
      const ledger = ledgerOf(plan) as Ledger;
      const read = sight.ledger;
      unrest.set(sender, { ...unrestOf(sender), at: now() });
      updates += 1;
      if (now() >= judge.silentFrom) judge.breaks('L2 writes although nothing happens');
      const promise = brokenAtSending({ sight, plan, ledger, read, now: now(), strangers: judge.strangers });
      if (promise) judge.breaks(promise);
      const forced = [...sight.commands.values()].some(
        (command) => command.kind === 'follow' && command.force && command.server === ledger.source,
      );
      const sent: SentUpdate = {
        number: updates,
        sender,
        life: sight.life,
        at: now(),
        signedAt,
        try: token,
        plan,
        ledger,
        move: isMove({ ledger, read }),
        forced,
        repeats: read !== undefined && read.uuid === ledger.uuid && (forced || read.epoch < sight.epoch),
        readRrsets: sight.rrsets,
        knownEpoch: sight.epoch,
      };
      inFlight.set(instanceKey(sender, token), sent);
      return sent;
    },
    updateDone(instance, token, outcome) {
      const sent = inFlight.get(instanceKey(instance, token));
      inFlight.delete(instanceKey(instance, token));
      if (outcome.kind === 'applied' && sent) noteEpoch(sightOf(instance), sent.ledger);
      const failures = outcome.kind === 'applied' ? 0 : unrestOf(instance).failures + 1;
      unrest.set(instance, { at: now(), failures });
    },
    applied(sent, before, after) {
      const promise = brokenAtApplication({ sent, before, after, stale: judge.stale }) ?? landsAstray(sent, before);
      if (promise) judge.breaks(promise);
      if (!sent.move) return;
      (judge as { moves: number }).moves += 1;
      judge.stale.delete(sent.ledger.source);
      const old = ledgerIn(before);
      if (old && old.source !== sent.ledger.source) judge.stale.add(old.source);
    },
  };

  /** S4: an update whose outcome was unknown lands although its sender has wanted something else for long, and nothing kept it from fencing. */
  function landsAstray(sent: SentUpdate, before: readonly Rrset[]): string | undefined {
    const said = decisions.get(sent.sender);
    const { at, failures } = unrestOf(sent.sender);
    if (!sent.move || ledgerIn(before) === undefined || sights.get(sent.sender)?.life !== sent.life || said === undefined || failures > 1)
      return undefined;
    // Still waiting for the answer, or for a command.
    if (inFlight.has(instanceKey(sent.sender, sent.try)) || sights.get(sent.sender)?.commands.size !== 0) return undefined;
    // Another update of its own is on its way and has the same base: the first of them to land is the fence of the other.
    if ([...inFlight.keys()].some((key) => key.startsWith(`${sent.sender} `))) return undefined;
    const wantsIt = said.source === sent.ledger.source;
    const couldFence = (sights.get(sent.sender)?.goodReadAt ?? 0) - Math.max(said.at, at) >= fenceWithinMs;
    return wantsIt || !couldFence ? undefined : 'S4 an update landed that its sender did not want any more';
  }

  return judge;
}

const instanceKey = (instance: InstanceName, token: string): string => `${instance} ${token}`;

function noteEpoch(sight: Sight, { epoch, uuid }: Ledger): void {
  if (epoch > sight.epoch) Object.assign(sight, { epoch, epochOf: uuid });
}

function ledgerOf(plan: UpdatePlan): Ledger | undefined {
  for (const change of plan.changes) {
    if (change.kind !== 'add-rrset' || change.rrset.type !== 'TXT' || change.rrset.name !== ledgerOwner) continue;
    const reading = readLedger(change.rrset.rdata);
    if (reading.kind === 'ledger') return reading.ledger;
  }
  return undefined;
}
