/** Small parts of findings. */

import type { Check } from './check.ts';
import type { Finding, Mend } from './finding.ts';

/** What one look found, before it is known where. */
export interface Found {
  readonly code: string;
  readonly verdict: 'warning' | 'fault' | 'unreachable';
  readonly sentence: string;
  readonly mends: readonly Mend[];
  /** Default: the thing that was looked at. */
  readonly subject?: string;
}

const found =
  (verdict: Found['verdict']) =>
  (code: string, sentence: string, ...mends: readonly Mend[]): Found => ({ code, verdict, sentence, mends });

export const fault = found('fault');
export const warning = found('warning');
export const unreachable = found('unreachable');

/** Findings about one subject; if there is none, the sentence that says so. */
export function judged(
  { area, name }: Pick<Check, 'area' | 'name'>,
  subject: string,
  all: readonly Found[],
  ok: string,
): readonly Finding[] {
  if (all.length === 0) return [{ area, code: name, subject, verdict: 'ok', sentence: ok, mends: [] }];
  return all.map((one) => ({ area, subject, ...one }));
}
