/** The RRsets of several names at one nameserver, and the side names outside its zone. */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import { type Looping, type Outside, type Question, questionKey, type Rrset } from '../../core/model/zone.ts';
import type { ReadRequest } from '../../ports.ts';
import { RCODE, TYPE } from '../message/codes.ts';
import { answeredRrset } from '../message/rdata.ts';
import { lookInto, type Reading, type TestPrerequisite } from './failing-name.ts';
import { type Answer, ask, type Correspondent } from './query.ts';
import { dnameAbove, zoneOfAnswer } from './zone-finder.ts';

interface Failed {
  readonly kind: 'failed';
  readonly failure: Failure;
}

type RrsetsReading =
  | {
      readonly kind: 'rrsets';
      readonly rrsets: readonly Rrset[];
      /** The zones that answers named, each with its primary server (RFC 2308 3). */
      readonly zones: ReadonlyMap<Fqdn, Fqdn>;
      /** Side names that are not in this zone. */
      readonly outside: readonly Outside[];
      /** Names that answer SERVFAIL because of an alias. */
      readonly looping: readonly Looping[];
    }
  | Failed;

interface Answered {
  readonly question: Question;
  readonly answer: Reading;
}

/** The name is delegated away, or never answered. Silence and refusals come from the nameserver. */
const aboutTheName = new Set(['not-authoritative', 'not-in-zone']);

/**
 * Asks all questions at once. A failure fails the reading, except for a side name that alone cannot be read.
 * `home`: the zone, if no answer names it.
 */
export async function readRrsets(
  correspondent: Correspondent,
  holds: TestPrerequisite,
  request: ReadRequest,
  home: Fqdn,
): Promise<RrsetsReading> {
  const { questions, sides = [], deadline } = request;
  const asked = questions.filter((question) => answeringType(questions, question) === question.type);
  const lookedInto = new Map<Fqdn, Promise<Reading>>();
  const look = (name: Fqdn, failure: Failure): Promise<Reading> => {
    const found =
      lookedInto.get(name) ?? lookInto(correspondent, holds, { name, zone: home, failure, deadline });
    lookedInto.set(name, found);
    return found;
  };
  const all = await Promise.all(
    asked.map(async (question) => ({
      question,
      answer: await readOne(correspondent, question, deadline, look),
    })),
  );
  const own = all.filter(({ question }) => !sides.includes(question.name));
  const failed = own.map(({ answer }) => answer).find((answer) => answer.kind === 'failed');
  if (failed !== undefined) return failed;
  const zones = new Map(own.flatMap(({ question, answer }) => zoneTold(question, answer)));
  const [zone = home] = zones.keys();
  const outside: Outside[] = [];
  for (const side of all.filter((each) => !own.includes(each))) {
    const failure = sideFailure(correspondent, zone, side);
    const isItsOwn = 'alone' in side.answer || (failure !== undefined && aboutTheName.has(failure.code));
    if (failure !== undefined && !isItsOwn) return { kind: 'failed', failure };
    if (failure !== undefined) outside.push({ name: side.question.name, failure });
  }
  const inZone = questions.filter(({ name }) => outside.every((other) => other.name !== name));
  const rrsets = rrsetsIn(correspondent, inZone, all);
  const looping = await Promise.all(
    [...lookedInto].map(async ([name, found]) => loopingName(name, await found)),
  );
  return rrsets.kind === 'failed' ? rrsets : { ...rrsets, zones, outside, looping: looping.flat() };
}

const loopingName = (name: Fqdn, found: Reading): readonly Looping[] =>
  found.kind === 'failed' ? [] : [found.kind === 'nothing' ? { name, wildcard: found.wildcard } : { name }];

/** Every answer for a name has its CNAME (RFC 1034 4.3.2): do not ask for it if another type is asked. */
const answeringType = (questions: readonly Question[], { name, type }: Question): Question['type'] =>
  type === 'CNAME'
    ? (questions.find((question) => question.name === name && question.type !== 'CNAME')?.type ?? type)
    : type;

const zoneTold = ({ name }: Question, answer: Reading): readonly (readonly [Fqdn, Fqdn])[] => {
  const told = answer.kind === 'answer' ? zoneOfAnswer(answer.message, name) : undefined;
  return told === undefined ? [] : [[told.zone, told.primary]];
};

function sideFailure(
  { nameserver }: Correspondent,
  zone: Fqdn,
  { question, answer }: Answered,
): Failure | undefined {
  if (answer.kind === 'failed') return answer.failure;
  const [told] = zoneTold(question, answer);
  return told === undefined || told[0] === zone
    ? undefined
    : notInZone(nameserver, question.name, zone, told[0]);
}

function rrsetsIn(
  { nameserver }: Correspondent,
  questions: readonly Question[],
  all: readonly Answered[],
): { readonly kind: 'rrsets'; readonly rrsets: readonly Rrset[] } | Failed {
  const answers = new Map<string, Exclude<Reading, { kind: 'failed' }>>();
  for (const { question, answer } of all)
    if (answer.kind !== 'failed') answers.set(questionKey(question), answer);
  const rrsets: Rrset[] = [];
  for (const question of questions) {
    const answer = answers.get(questionKey({ ...question, type: answeringType(questions, question) }));
    if (answer === undefined) throw new TypeError(`${questionKey(question)} was not asked`);
    const rrset = answer.kind === 'nothing' ? 'absent' : answeredRrset(answer.message, question);
    if (rrset === 'malformed') return { kind: 'failed', failure: malformed(nameserver, question) };
    if (rrset !== 'absent') rrsets.push(rrset);
  }
  return { kind: 'rrsets', rrsets };
}

/** An answer below a DNAME is not an answer for the name. */
async function readOne(
  correspondent: Correspondent,
  question: Question,
  deadline: MonoMs,
  look: (name: Fqdn, failure: Failure) => Promise<Reading>,
): Promise<Reading> {
  const first = await askFor(correspondent, question, deadline);
  const answer = isServfail(first)
    ? await lookTwice(correspondent, question, deadline, () => look(question.name, first.failure))
    : first;
  if (answer.kind !== 'answer') return answer;
  const dname = dnameAbove(answer.message, question.name);
  return dname === undefined
    ? answer
    : { kind: 'failed', failure: belowDname(correspondent.nameserver, question.name, dname) };
}

/**
 * A nameserver that still reads its zones answers SERVFAIL, and a moment later everything. A name fails alone
 * if it fails still after the zone was answered.
 */
async function lookTwice(
  correspondent: Correspondent,
  question: Question,
  deadline: MonoMs,
  look: () => Promise<Reading>,
): Promise<Reading> {
  const looked = await look();
  if (looked.kind !== 'failed') return looked;
  const again = await askFor(correspondent, question, deadline);
  return isServfail(again) ? looked : again;
}

const isServfail = (answer: Answer): answer is Answer & { readonly kind: 'failed' } =>
  answer.kind === 'failed' && answer.rcode === RCODE.SERVFAIL;

const askFor = (correspondent: Correspondent, { name, type }: Question, deadline: MonoMs): Promise<Answer> =>
  ask(correspondent, { name, type: TYPE[type] }, deadline);

type RrsetReading =
  | { readonly kind: 'rrset'; readonly rrset?: Rrset }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** One RRset; absent if the name or the RRset does not exist. Never rejects. */
export async function readRrset(
  correspondent: Correspondent,
  question: Question,
  deadline: MonoMs,
): Promise<RrsetReading> {
  const answer = await askFor(correspondent, question, deadline);
  if (answer.kind === 'failed') return answer;
  const rrset = answeredRrset(answer.message, question);
  if (rrset === 'absent') return { kind: 'rrset' };
  if (rrset !== 'malformed') return { kind: 'rrset', rrset };
  return { kind: 'failed', failure: malformed(correspondent.nameserver, question) };
}

const malformed = (nameserver: string, { name, type }: Question): Failure => ({
  code: 'malformed-answer',
  message: `The nameserver ${nameserver} answered ${name} ${type} with RDATA that is not of that type.`,
});

/** The name, or a name beside it, is answered from another zone. */
export const notInZone = (nameserver: string, name: Fqdn, zone: Fqdn, other: Fqdn): Failure => ({
  code: 'not-in-zone',
  message: `${name} should be in the zone ${zone}, but the nameserver ${nameserver} answers for this name, or for a name beside it, from its zone ${other}.`,
  hint: `Set publish.zone to ${other}, or leave it out. All names of a cluster must be in one zone.`,
});

const belowDname = (nameserver: string, name: Fqdn, dname: Fqdn): Failure => ({
  code: 'not-in-zone',
  message: `The nameserver ${nameserver} has the DNAME ${dname} and ignores every record below it, also at ${name} (RFC 6672 2.4).`,
  hint: 'Publish another name.',
});
