/**
 * Counts what happens: the steps of the runtimes (step-channel.ts) and the entries of the history. It listens
 * and answers nothing, so no decision can depend on it.
 */

import type { Event, HistoryEntry } from '../core/model/events.ts';
import { fenceResults } from '../core/model/fence.ts';
import type { MonoMs } from '../core/model/units.ts';
import { alarmCodes, pointToReasons, writeKinds } from '../core/model/vocabulary.ts';
import type { StepTaken } from '../daemon/step-channel.ts';
import type { LabelsOf } from './catalogue.ts';
import type { Samples } from './samples.ts';
import { Counter, Histogram } from './tallies.ts';

/** The answers of a nameserver that need an alert: their series exist before the first of them. */
const commonRefusals = [
  'REFUSED',
  'NOTAUTH',
  'SERVFAIL',
  'NXRRSET',
  'YXRRSET',
  'NOTZONE',
  'FORMERR',
] as const;
const applied = { outcome: 'applied', rcode: 'NOERROR' } as const;
const commonOutcomes = [
  applied,
  ...commonRefusals.map((rcode) => ({ outcome: 'refused', rcode })),
  { outcome: 'refused', rcode: '' },
  { outcome: 'unknown', rcode: '' },
] as const;

const seconds = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

/** What is on its way in one cluster. */
interface OnTheWay {
  /** When each probe was ordered. */
  readonly probes: Map<string, MonoMs>;
  wakeAt: MonoMs | undefined;
}

/** The last move of a name, until its way through the nameservers is known. */
interface MoveTimes {
  readonly epoch: number;
  readonly seenAt: string;
  readonly appliedAt: string;
  isAnswered: boolean;
}

export class EventTallies {
  readonly #probes = new Histogram(
    'source_dns_probe_duration_seconds',
    (['reachable', 'alive', 'unknown', 'unasked'] as const).map((result) => ({ result })),
  );
  readonly #lateness = new Histogram('source_dns_probe_lateness_seconds', [{}]);
  readonly #moves = new Histogram('source_dns_move_duration_seconds', [{}]);
  readonly #answers = new Histogram('source_dns_promotion_to_answer_seconds', [{}]);
  readonly #propagation = new Histogram('source_dns_propagation_seconds', [{}]);
  readonly #updates = new Counter('source_dns_updates_total');
  readonly #writes = new Counter(
    'source_dns_writes_total',
    writeKinds.map((kind) => ({ kind })),
  );
  readonly #reasons = new Counter(
    'source_dns_moves_total',
    Object.keys(pointToReasons).map((reason) => ({ reason })),
  );
  readonly #alarms = new Counter(
    'source_dns_alarms_raised_total',
    Object.keys(alarmCodes).map((code) => ({ code })),
  );
  readonly #fences = new Counter(
    'source_dns_fences_total',
    fenceResults.map((result) => ({ result })),
  );
  readonly #hooks = new Counter(
    'source_dns_hook_calls_total',
    (['done', 'failed', 'timed-out', 'dropped'] as const).map((outcome) => ({ outcome })),
  );
  readonly #onTheWay = new Map<string, OnTheWay>();
  readonly #lastMoves = new Map<string, MoveTimes>();

  /** A step was taken at that time. */
  step({ cluster, event, effects }: StepTaken, now: MonoMs): void {
    const way = this.#wayOf(cluster);
    if (event.kind === 'observed') this.#observed(way, event, now);
    else if (event.kind === 'tick') this.#ticked(way, now);
    else if (event.kind === 'fenced') this.#fences.add({ result: event.result.kind });
    else if (event.kind === 'update-done') this.#updates.add(outcomeOf(event));
    for (const effect of effects)
      if (effect.kind === 'probe') way.probes.set(effect.server, now);
      else if (effect.kind === 'wake') way.wakeAt = effect.at;
  }

  /** The history got this entry. */
  record(entry: HistoryEntry): void {
    if (entry.kind === 'move') this.#moved(entry);
    else if (entry.kind === 'propagated') this.#propagated(entry);
    else if (entry.kind === 'written') this.#writes.add({ kind: entry.what });
    else if (entry.kind === 'alarm' && entry.raised) this.#alarms.add({ code: entry.alarm.code });
    else if (entry.kind === 'hook') this.#hooks.add({ outcome: entry.outcome }, entry.count);
  }

  /** Forgets all clusters and nameservers but these. */
  keep(clusters: ReadonlySet<string>, nameservers: ReadonlySet<string>): void {
    for (const known of [...this.#onTheWay.keys()]) if (!clusters.has(known)) this.#onTheWay.delete(known);
    this.#updates.keep(({ nameserver }) => nameservers.has(nameserver));
    for (const nameserver of nameservers)
      for (const outcome of commonOutcomes) this.#updates.add({ nameserver, ...outcome }, 0);
  }

  tell(samples: Samples): void {
    for (const tally of [
      this.#probes,
      this.#lateness,
      this.#moves,
      this.#answers,
      this.#propagation,
      this.#updates,
      this.#writes,
      this.#reasons,
      this.#alarms,
      this.#fences,
      this.#hooks,
    ])
      tally.tell(samples);
  }

  #wayOf(cluster: string): OnTheWay {
    const known = this.#onTheWay.get(cluster);
    if (known !== undefined) return known;
    const begun: OnTheWay = { probes: new Map(), wakeAt: undefined };
    this.#onTheWay.set(cluster, begun);
    return begun;
  }

  #observed({ probes }: OnTheWay, { server, probe }: Event & { kind: 'observed' }, now: MonoMs): void {
    const since = probes.get(server);
    // Ordered before we listened.
    if (since === undefined) return;
    probes.delete(server);
    this.#probes.observe({ result: probe.kind }, (now - since) / 1000);
  }

  #ticked({ wakeAt }: OnTheWay, now: MonoMs): void {
    if (wakeAt !== undefined) this.#lateness.observe({}, (now - wakeAt) / 1000);
  }

  #moved(entry: HistoryEntry & { kind: 'move' }): void {
    const { epoch, seenAt, appliedAt, reason } = entry;
    this.#writes.add({ kind: 'move' });
    this.#reasons.add({ reason });
    this.#moves.observe({}, seconds(seenAt, appliedAt));
    this.#lastMoves.set(nameOf(entry), { epoch, seenAt, appliedAt, isAnswered: false });
  }

  #propagated(entry: HistoryEntry & { kind: 'propagated' }): void {
    const move = this.#lastMoves.get(nameOf(entry));
    if (move?.epoch !== entry.epoch || entry.among === 'resolvers') return;
    const answered = entry.nameservers.flatMap(({ at }) => at ?? []).toSorted();
    const [first, last] = [answered[0], answered.at(-1)];
    if (first !== undefined && !move.isAnswered) {
      move.isAnswered = true;
      this.#answers.observe({}, seconds(move.seenAt, first));
    }
    if (!entry.complete || last === undefined) return;
    this.#lastMoves.delete(nameOf(entry));
    this.#propagation.observe({}, seconds(move.appliedAt, last));
  }
}

const nameOf = ({ cluster, nameserver }: HistoryEntry): string => JSON.stringify([cluster, nameserver]);

function outcomeOf({
  nameserver,
  outcome,
}: Event & { kind: 'update-done' }): LabelsOf<'source_dns_updates_total'> {
  if (outcome.kind === 'applied') return { nameserver, ...applied };
  const rcode = outcome.kind === 'refused' ? (outcome.rcode ?? '') : '';
  return { nameserver, outcome: outcome.kind, rcode };
}
