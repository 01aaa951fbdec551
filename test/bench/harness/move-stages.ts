/** Where the milliseconds of a move went, by the daemon's own steps. */

import type { Promoted } from './replica-pair.ts';
import type { TracedStep } from './trace-steps.ts';

export type Kind = 'failover' | 'switchover';

/** One promotion, and what followed. */
export interface Round {
  readonly kind: Kind;
  readonly promoted: Promoted;
  /** The first authoritative answer with the new address (monotonicMs). */
  readonly answeredAt: number;
  /** The same of the DBA's name, if its loop ran. */
  readonly dbaAnsweredAt?: number;
  readonly stages: MoveStages;
}

/** Milliseconds from the return of the promoting statement to the end of each stage. */
export interface MoveStages {
  /** The probe began that saw the promotion. Below 0: it was on its way when the statement returned. */
  readonly asked: number;
  /** Its answer was observed. */
  readonly probed: number;
  /** The update was planned, and handed to the client that writes it at once. */
  readonly decided: number;
  /** The nameserver's answer to the update arrived. */
  readonly applied: number;
  /** The nameserver showed what was written. */
  readonly readBack: number;
  /** Every nameserver of the zone answered it. */
  readonly propagated: number;
  /** A glance led to it. */
  readonly glanced: boolean;
}

export function stagesOf(steps: readonly TracedStep[], promoted: Promoted, server: string): MoveStages {
  const later = (from: number) => (step: TracedStep) => step.at >= from;
  const found = (what: string, step: TracedStep | undefined): TracedStep => {
    if (step === undefined) throw new Error(`no step of the daemon shows: ${what}`);
    return step;
  };
  const seen = found(
    'the promotion seen',
    steps.find((step) => later(promoted.sentAt)(step) && step.server === server && step.writable === true),
  );
  const asked = found(
    'the probe begun',
    steps.findLast(
      (step) =>
        step.at < seen.at && step.effects.some(([kind, asked]) => kind === 'probe' && asked === server),
    ),
  );
  const decided = found(
    'the update planned',
    steps.find((step) => later(seen.at)(step) && step.effects.some(([kind]) => kind === 'update')),
  );
  const next = (event: TracedStep['event'], from: TracedStep) =>
    found(
      event,
      steps.find((step) => step.at > from.at && step.event === event),
    );
  const applied = next('update-done', decided);
  const since = (step: TracedStep): number => step.at - promoted.returnedAt;
  return {
    asked: since(asked),
    probed: since(seen),
    decided: since(decided),
    applied: since(applied),
    readBack: since(next('zone-read', applied)),
    propagated: since(next('propagated', applied)),
    glanced: asked.event === 'glance-differs',
  };
}
