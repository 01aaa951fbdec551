/**
 * Odd answers to a question: what each proves to us and to dig. `answers.test.ts` runs the column `ours`;
 * `test/real/contract/answers.test.ts` runs the real dig, so both columns stay true.
 */
import {
  type AnswerCase,
  address,
  type Doubt,
  glue,
  ns,
  nsec3,
  rrsig,
  shouted,
  soa,
} from './answer-parts.ts';
import { name as owner } from './client-world.ts';
import { answerTo, opt, question, questionOf, rr, wire } from './fake-nameserver.ts';

export interface QuestionCase extends AnswerCase {
  /** `read`, or the failure's code. */
  readonly ours: 'read' | 'absent' | `failed ${string}`;
  readonly dig: 'shows' | 'drops';
  /** What dig 9.18 does, if it differs. */
  readonly dig918?: 'shows' | 'drops';
  readonly because?: string;
}

const read = (title: string, bytes: QuestionCase['bytes']): QuestionCase => ({
  title,
  bytes,
  ours: 'read',
  dig: 'shows',
});
const not = (
  title: string,
  bytes: QuestionCase['bytes'],
  { code, says, dig }: Pick<QuestionCase, 'dig'> & Doubt,
): QuestionCase => ({
  title,
  bytes,
  ours: `failed ${code}`,
  says,
  dig,
});
const alias = rr(owner, 5, wire('a.example.com.'));
const answers = [address];

/** Answers to the question for the A records of `source.example.com.` */
export const questionAnswers: readonly QuestionCase[] = [
  read('the address', (message, sign) => sign(answerTo(message, { answers }))),
  read('RD, RA, Z, AD and CD', (message, sign) => sign(answerTo(message, { answers, flags: 0x05f0 }))),
  read('the question in another case (0x20)', (message, sign) =>
    sign(answerTo(message, { answers: [shouted(address)], questions: [shouted(questionOf(message))] })),
  ),
  read('no question, but a signature over the one that was asked', (message, sign) =>
    sign(answerTo(message, { answers, questions: [] })),
  ),
  read('an RRSIG before it, NS and SOA behind it, and an OPT record', (message, sign) =>
    sign(
      answerTo(message, { answers: [rrsig, address], authorities: [ns, soa], additionals: [glue, opt()] }),
    ),
  ),
  {
    ...read('a record of another class, another type and another name beside it', (message, sign) =>
      sign(
        answerTo(message, {
          answers: [
            rr(owner, 1, Buffer.of(9, 9, 9, 9), { klass: 3 }),
            rr(owner, 28, Buffer.alloc(16)),
            glue,
            address,
          ],
        }),
      ),
    ),
    dig918: 'drops',
  },
  {
    title: 'a chain of aliases, the end of it first',
    bytes: (message, sign) =>
      sign(
        answerTo(message, {
          answers: [
            rr('b.example.com.', 1, Buffer.of(192, 0, 2, 7)),
            rr('a.example.com.', 5, wire('b.example.com.')),
            alias,
          ],
        }),
      ),
    ours: 'absent',
    dig: 'shows',
  },
  {
    title: 'an alias, and NXDOMAIN for its target (RFC 6604 3)',
    bytes: (message, sign) => sign(answerTo(message, { rcode: 3, answers: [alias], authorities: [soa] })),
    ours: 'absent',
    dig: 'shows',
  },
  {
    title: 'NXDOMAIN with NSEC3, SOA and their signatures',
    bytes: (message, sign) => sign(answerTo(message, { rcode: 3, authorities: [rrsig, nsec3, rrsig, soa] })),
    ours: 'absent',
    dig: 'shows',
  },
  {
    title: 'nothing, and no SOA (RFC 2308 2.2: type 3)',
    bytes: (message, sign) => sign(answerTo(message)),
    ours: 'absent',
    dig: 'shows',
  },
  not('no AA', (message, sign) => sign(answerTo(message, { answers, flags: 0 })), {
    code: 'not-authoritative',
    says: /without authority/,
    dig: 'shows',
  }),
  not('YXDOMAIN (RFC 6672 2.2)', (message, sign) => sign(answerTo(message, { rcode: 6 })), {
    code: 'unexpected-rcode',
    says: /YXDOMAIN/,
    dig: 'shows',
  }),
  not('NXRRSET', (message, sign) => sign(answerTo(message, { rcode: 8 })), {
    code: 'unexpected-rcode',
    says: /NXRRSET/,
    dig: 'shows',
  }),
  not(
    'BADVERS',
    (message, sign) => sign(answerTo(message, { answers, additionals: [opt({ extendedRcode: 1 })] })),
    { code: 'unexpected-rcode', says: /BADVERS/, dig: 'shows' },
  ),
  not(
    'another class in the question (RFC 5452 9.1)',
    (message, sign) => sign(answerTo(message, { answers, questions: [question(owner, 1, 3)] })),
    { code: 'other-question', says: /source\.example\.com\. A of class 3/, dig: 'drops' },
  ),
  not(
    'another type in the question',
    (message, sign) => sign(answerTo(message, { answers, questions: [question(owner, 28)] })),
    {
      code: 'other-question',
      says: /answered source\.example\.com\. AAAA, but the question was source\.example\.com\. A/,
      dig: 'drops',
    },
  ),
  not(
    'another name in the question',
    (message, sign) => sign(answerTo(message, { answers, questions: [question('other.example.com.', 1)] })),
    { code: 'other-question', says: /answered other\.example\.com\. A/, dig: 'drops' },
  ),
  not('unsigned', (message) => answerTo(message, { answers }), {
    code: 'unsigned-answer',
    says: /without a signature/,
    dig: 'shows',
  }),
  not('unsigned SERVFAIL', (message) => answerTo(message, { rcode: 2 }), {
    code: 'servfail',
    says: /SERVFAIL.*no signature/,
    dig: 'shows',
  }),
];
