/** What became of an update, by nsupdate's exit code and output (seen with BIND 9.18 and 9.20). Pure. */
import type { Failure } from '../../core/model/observation.ts';
import type { UpdateOutcome } from '../../core/model/zone.ts';
import { type Asked, doubtfulFailure } from '../message/answer-failures.ts';
import { RCODE, TSIG_ERROR } from '../message/codes.ts';
import { updateOutcome } from '../message/outcome.ts';
import type { AnswerCodes } from '../message/reply.ts';
import { connectFailed, connectionLost, noAnswer } from '../transport/failures.ts';

/** Quotes of nsupdate are cut to this length. */
const quotedChars = 300;

/**
 * `end`: the exit code, or the signal that ended nsupdate; undefined: killed at the deadline. The script has
 * one `send`, at its end, so exit code 1 (a line that nsupdate could not read) means that nothing was sent.
 * For an answer that it could not verify, nsupdate prints a `TSIG error` line and also `update failed:
 * NXRRSET`: with that line, the outcome is always `unknown`. The protocol sends BADKEY and BADSIG that way
 * (RFC 8945 5.3.2).
 */
export function nsupdateOutcome(
  asked: Asked,
  end: number | string | undefined,
  output: string,
): UpdateOutcome {
  const { nameserver } = asked;
  // nsupdate prints this at every run with a secret below 64 bits.
  const stderr = output.replace(/^.* is too short to be secure\r?\n?/gm, '');
  if (end === undefined) return { kind: 'unknown', failure: noAnswer(nameserver) };
  if (/TSIG error/i.test(stderr))
    return {
      kind: 'unknown',
      failure: doubtfulFailure(asked, saidCodes(stderr) ?? nothingSaid, { kind: 'unsigned' }),
    };
  if (/update failed/i.test(stderr)) return refused(asked, stderr);
  if (end === 0 && stderr.trim() === '') return { kind: 'applied' };
  if (end === 1)
    return {
      kind: 'refused',
      code: 'not-sent',
      failure: failed(asked, 'exit code 1, before sending', stderr),
    };
  const communication = /Communication with \S+ failed: (.*)/i.exec(stderr)?.[1];
  if (communication === undefined)
    return {
      kind: 'unknown',
      failure: failed(asked, typeof end === 'string' ? `signal ${end}` : `exit code ${end}`, stderr),
    };
  if (/refused/i.test(communication))
    return {
      kind: 'refused',
      code: 'not-sent',
      failure: connectFailed(nameserver, Object.assign(new Error(), { code: 'ECONNREFUSED' })),
    };
  // 9.18 prints this for every connection failure, and for a message that it could not write
  // (lib/dns/request.c).
  if (/operation canceled/i.test(communication))
    return {
      kind: 'refused',
      code: 'not-sent',
      failure: connectFailed(nameserver, new Error('nsupdate did not say why')),
    };
  if (/timed out/i.test(communication)) return { kind: 'unknown', failure: noAnswer(nameserver) };
  return { kind: 'unknown', failure: connectionLost(nameserver, communication.slice(0, quotedChars)) };
}

const nothingSaid: AnswerCodes = { rcode: RCODE.NOERROR, tsigError: TSIG_ERROR.NONE };

/** `update failed: NOTAUTH(BADKEY)`; undefined if a code is unknown. */
function saidCodes(stderr: string): AnswerCodes | undefined {
  const said = /update failed: ([A-Z0-9]+)(?:\(([A-Z0-9]+)\))?/.exec(stderr);
  const rcode = RCODE[said?.[1] as keyof typeof RCODE];
  const tsigError =
    said?.[2] === undefined ? TSIG_ERROR.NONE : TSIG_ERROR[said[2] as keyof typeof TSIG_ERROR];
  return rcode === undefined || tsigError === undefined ? undefined : { rcode, tsigError };
}

/** nsupdate verified this answer, or there was no key. */
function refused(asked: Asked, stderr: string): UpdateOutcome {
  const codes = saidCodes(stderr);
  if (codes === undefined || codes.rcode === RCODE.NOERROR)
    return { kind: 'unknown', failure: failed(asked, 'a refusal', stderr) };
  return updateOutcome(asked, codes);
}

const failed = ({ nameserver }: Asked, what: string, stderr: string): Failure => ({
  code: 'nsupdate-failed',
  message: `nsupdate ended with ${what} for the nameserver ${nameserver}: ${JSON.stringify(stderr.trim().slice(0, quotedChars))}`,
});
