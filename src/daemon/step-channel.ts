/**
 * The diagnostics channel of the runtimes' steps: it shows where each millisecond of a move goes. Without a
 * subscriber nothing is kept.
 */

import { channel } from 'node:diagnostics_channel';
import type { Effect, Event } from '../core/model/events.ts';

/** What the channel's subscribers get, before the effects begin. */
export interface StepTaken {
  readonly cluster: string;
  readonly event: Event;
  readonly effects: readonly Effect[];
}

export const stepTaken = 'source-dns:step';
const steps = channel(stepTaken);

export function tellStep(step: StepTaken): void {
  if (steps.hasSubscribers) steps.publish(step);
}
