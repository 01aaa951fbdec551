/**
 * Loaded into a daemon with `node --import`: writes each step of its runtimes to the file `TRACE_FILE`, with
 * the monotonic time. Nothing of this is in the daemon itself, which only offers its steps to subscribers.
 */

import { subscribe } from 'node:diagnostics_channel';
import { openSync, writeSync } from 'node:fs';
import type { Effect, Event } from '../../../src/core/model/events.ts';
import { type StepTaken, stepTaken } from '../../../src/daemon/step-channel.ts';
import { monotonicMs } from './monotonic.ts';

export interface TracedStep {
  /** When the step ended, and its effects began (monotonicMs). */
  readonly at: number;
  readonly cluster: string;
  readonly event: Event['kind'];
  readonly server?: string;
  /** Of an observation. */
  readonly writable?: boolean;
  readonly effects: readonly (readonly [kind: Effect['kind'], server?: string])[];
}

const file = openSync(process.env['TRACE_FILE'] ?? '/dev/null', 'a');

subscribe(stepTaken, (message) => {
  const at = monotonicMs();
  const { cluster, event, effects } = message as StepTaken;
  const asked = effects.filter(({ kind }) => kind !== 'wake');
  if (event.kind === 'tick' && asked.length === 0) return;
  const step: TracedStep = {
    at,
    cluster,
    event: event.kind,
    ...('server' in event ? { server: event.server } : {}),
    ...(event.kind === 'observed' && event.probe.kind === 'reachable'
      ? { writable: !event.probe.facts.readOnly }
      : {}),
    effects: asked.map((effect) => ('server' in effect ? [effect.kind, effect.server] : [effect.kind])),
  };
  writeSync(file, `${JSON.stringify(step)}\n`);
});
