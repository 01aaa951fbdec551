/** Alarms that are made of a failure. */

import type { Alarm } from '../model/events.ts';
import type { Failure } from '../model/observation.ts';
import type { AlarmCode } from '../model/vocabulary.ts';

/** A failure keeps its words, and what to do, all the way to the person. */
export const ofFailure = (code: AlarmCode, subject: string, failure: Omit<Failure, 'code'>): Alarm => ({
  code,
  subject,
  sentence: failure.message,
  hint: failure.hint,
});
