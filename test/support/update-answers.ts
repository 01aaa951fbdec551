/**
 * Odd answers to an UPDATE: what each proves to us and to nsupdate. `answers.test.ts` runs the column `ours`;
 * `test/real/contract/answers.test.ts` runs the real nsupdate, so both columns stay true.
 */
import {
  type AnswerCase,
  address,
  type Doubt,
  glue,
  ns,
  nsec,
  nsec3,
  rrsig,
  type Sign,
  shouted,
  soa,
} from './answer-parts.ts';
import { nowSeconds, name as owner, zone } from './client-world.ts';
import { answerTo, opt, question, questionOf, rr, soaRdata, u16, wire } from './fake-nameserver.ts';

/**
 * `no proof`: "TSIG error with server". `unreadable`: nsupdate drops the answer and waits for another, or
 * gives up.
 */
export type NsupdateVerdict = 'applied' | 'refused' | 'no proof' | 'unreadable';

export interface UpdateCase extends AnswerCase {
  /** The outcome: `applied`, or its kind and its failure's code. */
  readonly ours: 'applied' | `refused ${string}` | `unknown ${string}`;
  readonly nsupdate: NsupdateVerdict;
  /** Why source-dns differs from nsupdate. */
  readonly because?: string;
}

const flagged = (flags: number) => (message: Buffer, sign: Sign) => sign(answerTo(message, { flags }));
/** The question's name is at offset 12; so is the zone `example.com.` of an UPDATE. */
const pointer = (at: number): Buffer => Buffer.of(0xc0, at);
const updated = (bytes: UpdateCase['bytes'], title: string): UpdateCase => ({
  title,
  bytes,
  ours: 'applied',
  nsupdate: 'applied',
});

/**
 * RFC 2136 3.8: the answer has the message's id and opcode, QR and an RCODE. Its sections may be copied, or
 * empty with counts of zero.
 */
export const legalUpdateAnswers: readonly UpdateCase[] = [
  updated((message, sign) => sign(answerTo(message)), 'the zone section copied (RFC 2136 3.8)'),
  updated((message, sign) => sign(answerTo(message, { questions: [] })), 'all sections empty (RFC 2136 3.8)'),
  updated(flagged(0), 'no AA'),
  updated(flagged(0x0400 | 0x0100 | 0x0080), 'RD and RA'),
  updated(flagged(0x0040 | 0x0020 | 0x0010), 'Z, AD and CD'),
  updated(flagged(0x0200), 'TC: nothing is missing that was asked for'),
  updated(
    (message, sign) => sign(answerTo(message, { flags: 0x0200, questions: [] })),
    'TC and all sections empty',
  ),
  updated(
    (message, sign) => sign(answerTo(message, { questions: [shouted(questionOf(message))] })),
    'the zone in capitals (RFC 4343)',
  ),
  updated(
    (message, sign) => sign(answerTo(message, { authorities: [soa] })),
    'the SOA with its new serial in authority',
  ),
  updated(
    (message, sign) => sign(answerTo(message, { answers: [soa, rr(zone, 6, soaRdata(9))] })),
    'two SOA in the answer section',
  ),
  updated(
    (message, sign) => sign(answerTo(message, { authorities: [address] })),
    'the changes copied (RFC 2136 3.8)',
  ),
  updated((message, sign) => {
    const empty = Buffer.alloc(0);
    const answers = [
      rr(owner, 1, empty, { klass: 255, ttl: 0 }),
      rr(owner, 255, empty, { klass: 254, ttl: 0 }),
    ];
    return sign(
      answerTo(message, { answers, authorities: [rr(owner, 1, empty, { klass: 255, ttl: 0 }), address] }),
    );
  }, 'prerequisites and deletions copied: records of class ANY and NONE without RDATA'),
  updated(
    (message, sign) => sign(answerTo(message, { authorities: [nsec, nsec3, rrsig] })),
    'NSEC, NSEC3 and RRSIG in authority',
  ),
  updated(
    (message, sign) => sign(answerTo(message, { additionals: [glue] })),
    'an address before the TSIG record',
  ),
  updated(
    (message, sign) => sign(answerTo(message, { additionals: [opt()] })),
    'an OPT record, although none was sent (RFC 6891 7)',
  ),
  updated((message, sign) => {
    const cookie = Buffer.concat([u16(10), u16(8), Buffer.alloc(8, 1)]);
    return sign(answerTo(message, { additionals: [opt({ options: cookie })] }));
  }, 'a DNS cookie, although none was sent (RFC 7873)'),
  updated((message, sign) => {
    const answer = answerTo(message, { authorities: [ns] });
    return sign(answer, { keyName: shouted(wire('k.')) });
  }, "the key's name in capitals (RFC 8945 4.3.3)"),
  updated(
    (message, sign) => sign(answerTo(message), { algorithmName: shouted(wire('hmac-sha256.')) }),
    "the algorithm's name in capitals",
  ),
  updated((message, sign) => {
    const answer = answerTo(message, { additionals: [rr('k.', 1, Buffer.of(192, 0, 2, 9))] });
    return sign(answer, { keyName: pointer(answer.length - 17) });
  }, "the key's name compressed (RFC 1035 4.1.4)"),
  updated((message, sign) => sign(answerTo(message), { fudge: 1 }), 'a fudge of 1 s'),
  updated(
    (message, sign) => sign(answerTo(message), { fudge: 65_535, seconds: -40_000 }),
    'a long fudge, and a clock 11 hours behind',
  ),
  updated(
    (message, sign) => sign(answerTo(message), { seconds: 299 }),
    'a clock 299 s ahead, within its fudge of 300 s',
  ),
  updated(
    (message, sign) => Buffer.concat([sign(answerTo(message)), Buffer.alloc(3)]),
    'bytes behind the end, which nobody reads',
  ),
  updated(
    (message, sign) => sign(answerTo(message), { originalId: 4711 }),
    'another original id (RFC 8945 5.3)',
  ),
  {
    title: 'NXRRSET, all sections empty',
    bytes: refusal(8, []),
    ours: 'refused prerequisite-failed',
    nsupdate: 'refused',
  },
  {
    title: 'REFUSED, all sections empty',
    bytes: refusal(5, []),
    ours: 'refused update-refused',
    nsupdate: 'refused',
  },
  {
    title: 'FORMERR, all sections empty',
    bytes: refusal(1, []),
    ours: 'refused formerr',
    nsupdate: 'refused',
  },
  {
    title: 'NOTIMP, with TC',
    bytes: refusal(4, undefined, 0x0200),
    ours: 'refused notimp',
    nsupdate: 'refused',
  },
  {
    title: 'BADVERS, an extended RCODE: its lower bits say NOERROR (RFC 6891 6.1.3)',
    bytes: (message, sign) => sign(answerTo(message, { additionals: [opt({ extendedRcode: 1 })] })),
    ours: 'refused unexpected-rcode',
    nsupdate: 'refused',
  },
  {
    title: 'BADVERS without a question, as seen in the wild (DVE-2017-0005)',
    bytes: (message, sign) =>
      sign(answerTo(message, { questions: [], additionals: [opt({ extendedRcode: 1 })] })),
    ours: 'refused unexpected-rcode',
    nsupdate: 'refused',
  },
  {
    title: 'BADCOOKIE, an extended RCODE: its lower bits say YXRRSET (RFC 7873 5.2.3)',
    bytes: (message, sign) => sign(answerTo(message, { rcode: 7, additionals: [opt({ extendedRcode: 1 })] })),
    ours: 'refused unexpected-rcode',
    nsupdate: 'refused',
  },
  {
    title: 'BADTIME, signed, with the time of the server (RFC 8945 5.2.3)',
    bytes: (message, sign) => {
      const other = Buffer.alloc(6);
      other.writeUIntBE(nowSeconds() + 5000, 0, 6);
      return sign(answerTo(message, { rcode: 9 }), { error: 18, other });
    },
    ours: 'refused tsig-badtime',
    nsupdate: 'no proof',
    because: 'nsupdate verifies it, and tells every TSIG error in the same words',
  },
  {
    title: 'BADTRUNC, signed (RFC 8945 5.2.4)',
    bytes: (message, sign) => sign(answerTo(message, { rcode: 9 }), { error: 22 }),
    ours: 'refused tsig-badtrunc',
    nsupdate: 'no proof',
    because: 'nsupdate verifies it, and tells every TSIG error in the same words',
  },
];

function refusal(rcode: number, questions?: readonly Buffer[], flags = 0): UpdateCase['bytes'] {
  return (message, sign) => sign(answerTo(message, { rcode, flags, ...(questions ? { questions } : {}) }));
}

const doubted = (
  title: string,
  bytes: UpdateCase['bytes'],
  { code, says, nsupdate }: Pick<UpdateCase, 'nsupdate'> & Doubt,
): UpdateCase => ({
  title,
  bytes,
  ours: `unknown ${code}`,
  says,
  nsupdate,
});

/**
 * Answers that prove nothing. The outcome is unknown, and the failure says what came. Over TCP nothing waits
 * for the deadline.
 */
export const otherUpdateAnswers: readonly UpdateCase[] = [
  doubted('unsigned NOERROR', (message) => answerTo(message), {
    code: 'unsigned-answer',
    says: /NOERROR without a signature/,
    nsupdate: 'no proof',
  }),
  doubted('unsigned NOERROR, empty', (message) => answerTo(message, { questions: [] }), {
    code: 'unsigned-answer',
    says: /without a signature/,
    nsupdate: 'no proof',
  }),
  doubted('unsigned FORMERR', (message) => answerTo(message, { rcode: 1 }), {
    code: 'formerr',
    says: /FORMERR.*no signature/,
    nsupdate: 'no proof',
  }),
  doubted('unsigned SERVFAIL', (message) => answerTo(message, { rcode: 2 }), {
    code: 'servfail',
    says: /SERVFAIL.*no signature/,
    nsupdate: 'no proof',
  }),
  doubted('unsigned NOTIMP', (message) => answerTo(message, { rcode: 4, questions: [] }), {
    code: 'notimp',
    says: /NOTIMP.*no signature/,
    nsupdate: 'no proof',
  }),
  doubted(
    'a header of 12 bytes with FORMERR',
    (message) => Buffer.concat([message.subarray(0, 2), u16(0xa801), Buffer.alloc(8)]),
    { code: 'formerr', says: /FORMERR.*no signature/, nsupdate: 'no proof' },
  ),
  doubted('unsigned BADVERS', (message) => answerTo(message, { additionals: [opt({ extendedRcode: 1 })] }), {
    code: 'unexpected-rcode',
    says: /BADVERS.*no signature/,
    nsupdate: 'no proof',
  }),
  doubted(
    'a MAC of half its length, although the key has whole MACs (RFC 8945 5.2.2.1)',
    (message, sign) => sign(answerTo(message), { macBytes: 16 }),
    { code: 'answer-not-verified', says: /its MAC is truncated/, nsupdate: 'no proof' },
  ),
  doubted(
    'signed under the id that a forwarding secondary gave the message (PowerDNS issue 2911)',
    (message, sign) => {
      const answer = answerTo(message);
      const signed = sign(answer, { originalId: message.readUInt16BE() ^ 1 });
      // Behind the original id stand the error and the length of other data, 4 bytes.
      signed.writeUInt16BE(message.readUInt16BE(), signed.length - 6);
      return signed;
    },
    { code: 'answer-not-verified', says: /its MAC is wrong/, nsupdate: 'no proof' },
  ),
  doubted('a time of yesterday', (message, sign) => sign(answerTo(message), { seconds: -86_400 }), {
    code: 'answer-not-verified',
    says: /time differs by more than the fudge/,
    nsupdate: 'no proof',
  }),
  doubted(
    'an address after the TSIG record (RFC 8945 5.1)',
    (message, sign) => sign(answerTo(message), { after: [glue] }),
    { code: 'answer-not-verified', says: /TSIG record is not the last/, nsupdate: 'unreadable' },
  ),
  doubted('two TSIG records (RFC 8945 5.1)', (message, sign) => sign(sign(answerTo(message))), {
    code: 'answer-not-verified',
    says: /TSIG record is not the last/,
    nsupdate: 'unreadable',
  }),
  doubted(
    'a TSIG record of class IN (RFC 8945 4.2)',
    (message, sign) => sign(answerTo(message), { klass: 1 }),
    { code: 'answer-not-verified', says: /TSIG record is malformed/, nsupdate: 'unreadable' },
  ),
  doubted(
    'two OPT records (RFC 6891 6.1.1)',
    (message, sign) => sign(answerTo(message, { additionals: [opt(), opt()] })),
    { code: 'malformed-answer', says: /more than one OPT record/, nsupdate: 'unreadable' },
  ),
  doubted(
    'counts above the number of records',
    (message, sign) => {
      const answer = sign(answerTo(message));
      answer.writeUInt16BE(7, 6);
      return answer;
    },
    { code: 'malformed-answer', says: /ends within a record/, nsupdate: 'unreadable' },
  ),
  {
    ...doubted(
      'another class in the question (RFC 5452 9.1)',
      (message, sign) => sign(answerTo(message, { questions: [question(zone, 6, 3)] })),
      {
        code: 'other-question',
        says: /answered example\.com\. SOA of class 3, but the question was example\.com\. SOA/,
        nsupdate: 'applied',
      },
    ),
    because: 'who answers for another zone may have changed another zone',
  },
  {
    ...doubted(
      'another zone in the question',
      (message, sign) => sign(answerTo(message, { questions: [question('example.net.', 6)] })),
      {
        code: 'other-question',
        says: /answered example\.net\. SOA, but the question was example\.com\. SOA/,
        nsupdate: 'applied',
      },
    ),
    because: 'who answers for another zone may have changed another zone',
  },
  {
    ...doubted(
      'two questions (RFC 9619)',
      (message, sign) =>
        sign(answerTo(message, { questions: [questionOf(message), question('example.net.', 6)] })),
      { code: 'other-question', says: /with 2 questions/, nsupdate: 'unreadable' },
    ),
  },
  doubted('opcode QUERY', (message, sign) => sign(answerTo(message, { opcode: 0 })), {
    code: 'other-question',
    says: /answered opcode 5 with opcode 0/,
    nsupdate: 'unreadable',
  }),
  doubted('our own message sent back', (message) => message, {
    code: 'other-question',
    says: /sent back a message that is not an answer/,
    nsupdate: 'unreadable',
  }),
];
