/** The faults of a tampering proxy to one update, and what the client must report for each. */
import { RCODE, TYPE } from '../../../src/dns/message/codes.ts';
import { decodeMessage } from '../../../src/dns/message/wire.ts';
import { answerTo } from '../../support/fake-nameserver.ts';
import type { Fault } from './tampering-proxy.ts';

export interface FaultCase {
  readonly fault: Fault;
  /** What the client reports, over TCP and over UDP. */
  readonly outcome: readonly [tcp: string, udp: string];
  /** Whether the nameserver applied the update. */
  readonly applied: boolean;
}

const same = (outcome: string): readonly [string, string] => [outcome, outcome];
const rcodeOf = (message: Buffer): number => message.readUInt8(3) & 0xf;
const twice = (message: Buffer): readonly Buffer[] => [message, message];
const none = (): readonly Buffer[] => [];

export const faults: Readonly<Record<string, FaultCase>> = {
  'no fault': { fault: {}, outcome: same('applied'), applied: true },
  'the answer is dropped': { fault: { answer: none }, outcome: same('unknown no-answer'), applied: true },
  'the answer comes twice': {
    fault: { answer: (answer) => [answer, answer] },
    outcome: same('applied'),
    applied: true,
  },
  'the TSIG is removed': {
    fault: { answer: (answer) => [withoutTsig(answer)] },
    outcome: same('unknown unsigned-answer'),
    applied: true,
  },
  'a bit of the MAC is flipped': {
    fault: { answer: (answer) => [flipped(answer)] },
    outcome: same('unknown answer-not-verified'),
    applied: true,
  },
  'the RCODE is changed to REFUSED under the signature': {
    fault: { answer: (answer) => [withRcode(answer, 5)] },
    outcome: same('unknown answer-not-verified'),
    applied: true,
  },
  'a forged NOERROR comes, and the request is dropped': {
    fault: { request: none, forged: (message) => answerTo(message) },
    outcome: same('unknown unsigned-answer'),
    applied: false,
  },
  'a forged NOERROR comes before the true answer': {
    fault: { forged: (message) => answerTo(message) },
    outcome: same('applied'),
    applied: true,
  },
  'a forged REFUSED comes, and the true answer is dropped': {
    fault: { forged: (message) => answerTo(message, { rcode: 5 }), answer: none },
    outcome: same('unknown update-refused'),
    applied: true,
  },
  'a forged REFUSED comes before the true answer': {
    fault: { forged: (message) => answerTo(message, { rcode: 5 }) },
    outcome: same('applied'),
    applied: true,
  },
  'a forged NXRRSET comes, and the true answer is dropped': {
    fault: { forged: (message) => answerTo(message, { rcode: 8 }), answer: none },
    outcome: same('unknown unsigned-answer'),
    applied: true,
  },
  'the answer is truncated: the TC bit and no RR': {
    fault: { answer: (answer) => [truncated(withoutTsig(answer))] },
    outcome: same('unknown unsigned-answer'),
    applied: true,
  },
  'the TC bit is set under the signature': {
    fault: { answer: (answer) => [truncated(answer)] },
    outcome: same('unknown answer-not-verified'),
    applied: true,
  },
  'the answer is cut off': {
    fault: { answer: (answer) => [answer.subarray(0, 20)] },
    outcome: same('unknown malformed-answer'),
    applied: true,
  },
  // Over UDP there is no connection to cut: nothing comes.
  'the connection is cut in the middle of the answer': {
    fault: { cut: true },
    outcome: ['unknown connection-lost', 'unknown no-answer'],
    applied: true,
  },
  'the request is dropped': { fault: { request: none }, outcome: same('unknown no-answer'), applied: false },
  'the request comes twice, and the NXRRSET of the second is dropped': {
    fault: { request: twice, answer: (answer) => (rcodeOf(answer) === RCODE.NOERROR ? [answer] : []) },
    outcome: same('applied'),
    applied: true,
  },
  // This answer is signed and true, but answers the second copy. It says that the zone is not as it was read.
  // The try in the ledger says which update changed the zone.
  'the request comes twice, and the NOERROR of the first is dropped': {
    fault: { request: twice, answer: (answer) => (rcodeOf(answer) === RCODE.NOERROR ? [] : [answer]) },
    outcome: same('refused prerequisite-failed'),
    applied: true,
  },
  'a bit of the request is flipped': {
    fault: { request: (message) => [flipped(message)] },
    outcome: same('unknown tsig-badsig'),
    applied: false,
  },
};

/** The message without its TSIG RR, and without that RR in the count. */
function withoutTsig(bytes: Buffer): Buffer {
  const tsig = decodeMessage(bytes)?.additionals.at(-1);
  if (tsig?.type !== TYPE.TSIG) throw new Error('the message has no TSIG RR');
  const stripped = Buffer.from(bytes.subarray(0, tsig.start));
  stripped.writeUInt16BE(stripped.readUInt16BE(10) - 1, 10);
  return stripped;
}

/** Flips one bit of the MAC, which ends 6 bytes before the end of a TSIG RR without other data. */
function flipped(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(changed.length - 7) ^ 1, changed.length - 7);
  return changed;
}

function withRcode(bytes: Buffer, rcode: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8((changed.readUInt8(3) & 0xf0) | rcode, 3);
  return changed;
}

function truncated(answer: Buffer): Buffer {
  const changed = Buffer.from(answer);
  changed.writeUInt16BE(changed.readUInt16BE(2) | 0x0200, 2);
  return changed;
}
