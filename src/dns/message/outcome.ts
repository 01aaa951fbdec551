/** What became of an update. Pure. */
import type { Failure } from '../../core/model/observation.ts';
import type { UpdateOutcome } from '../../core/model/zone.ts';
import { type Asked, answerFailure } from './answer-failures.ts';
import { RCODE, rcodeName, TSIG_ERROR } from './codes.ts';
import type { AnswerCodes } from './reply.ts';

/** The outcome of an update of which no byte left. */
export const notSent = (failure: Failure): UpdateOutcome => ({ kind: 'refused', code: 'not-sent', failure });

/** What a proven answer says of the update (RFC 2136 2.2). */
export function updateOutcome(asked: Asked, codes: AnswerCodes): UpdateOutcome {
  const failure = answerFailure(asked, codes);
  // NOERROR with a TSIG error contradicts itself, so it proves nothing.
  if (codes.rcode === RCODE.NOERROR)
    return codes.tsigError === TSIG_ERROR.NONE ? { kind: 'applied' } : { kind: 'unknown', failure };
  const code = failure.code === 'prerequisite-failed' ? 'prerequisite-failed' : 'rejected';
  return { kind: 'refused', code, rcode: rcodeName(codes.rcode), failure };
}
