/**
 * May the key write these RRsets? Two kinds of update find out. They change nothing, so no serial, journal or
 * secondary server shows a trace:
 *
 * 1. Delete an RR that nobody has (RFC 2136 2.5.4). A missing RR is ignored (3.4.2.4), but the policy is
 *    checked. However, BIND checks the policy for an SRV to delete only if that SRV exists: everybody may
 *    delete a missing SRV.
 * 2. Add that RR and delete it, under a prerequisite that never holds. BIND 9.18, 9.20 and Knot check the
 *    policy first, so they tell who may not. A nameserver with the order of RFC 2136 (3.2 before 3.3; BIND
 *    before 9.16.37 and 9.18.11) would answer YXDOMAIN to everybody: that is why there is the first kind.
 */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import type { Question, Rrset, UpdateOutcome } from '../../core/model/zone.ts';
import type { MessageRequest, UpdateMessage } from '../message/update.ts';

/** RRsets in one message. Even with the longest names, it is far below `maxMessageBytes`. */
const questionsAMessage = 50;
/** Messages in flight if each RRset has its own message. With nsupdate, each message is a process. */
const messagesAtOnce = 8;

export interface RightsRequest {
  readonly zone: Fqdn;
  /** Every name and type that a publication writes. */
  readonly rrsets: readonly Question[];
  readonly deadline: MonoMs;
  /** Messages in flight if each RRset has its own message; default 8. */
  readonly atOnce?: number;
}

export type RrsetRight = Question &
  (
    | { readonly right: 'granted' }
    /** A signed answer refuses: `update-refused`. */
    | {
        readonly right: 'denied';
        readonly failure: Failure;
        /** Deleting is granted, so no policy by name denies it (except SRV: see above). */
        readonly mayDelete: boolean;
      }
    /** No proof came, for example `zone-not-served` of Knot (unsigned), or `prerequisites-ignored`. */
    | { readonly right: 'unknown'; readonly failure: Failure }
  );

interface Asking {
  readonly zone: Fqdn;
  readonly atOnce: number;
  send(plan: UpdateMessage): Promise<UpdateOutcome>;
}
type PlanOf = (questions: readonly Question[]) => UpdateMessage;

/** In the order of the request. Ends by the deadline; never rejects. */
export async function probeRights(
  update: (request: MessageRequest) => Promise<UpdateOutcome>,
  request: RightsRequest,
): Promise<readonly RrsetRight[]> {
  const { zone, deadline, atOnce = messagesAtOnce } = request;
  const asking: Asking = { zone, atOnce, send: (plan) => update({ plan, notAfter: deadline, deadline }) };
  const rights: RrsetRight[] = [];
  for (let at = 0; at < request.rrsets.length; at += questionsAMessage)
    rights.push(...(await probeSome(asking, request.rrsets.slice(at, at + questionsAMessage))));
  return rights;
}

async function probeSome(asking: Asking, questions: readonly Question[]): Promise<readonly RrsetRight[]> {
  const { zone } = asking;
  const first = await outcomes(asking, questions, (some) => deletesNothing(zone, some));
  const firstRights = questions.map((question, index) => rightOf(question, first[index], 'applied'));
  const granted = firstRights
    .filter(({ right }) => right === 'granted')
    .map(({ name, type }) => ({ name, type }));
  if (granted.length === 0) return firstRights;
  const second = await outcomes(asking, granted, (some) => neverHolds(zone, some));
  const secondRights = granted.map((question, index) =>
    rightOf(question, second[index], 'prerequisite-failed'),
  );
  return firstRights.map((right) => (right.right === 'granted' ? (secondRights.shift() ?? right) : right));
}

const deletesNothing = (zone: Fqdn, questions: readonly Question[]): UpdateMessage => ({
  zone,
  prerequisites: [],
  changes: questions.map((question) => ({ kind: 'delete-rrs', rrset: nobodysRr(question) })),
});

/** The apex has an SOA, so its name is in use. If this were applied, its end deletes what it added. */
const neverHolds = (zone: Fqdn, questions: readonly Question[]): UpdateMessage => ({
  zone,
  prerequisites: [{ kind: 'name-not-in-use', name: zone }],
  changes: questions.flatMap((question) => [
    { kind: 'add-rrset', rrset: nobodysRr(question) },
    { kind: 'delete-rrs', rrset: nobodysRr(question) },
  ]),
});

/** All in one message. If a refusal (RFC 2136 3.3: as a whole) may concern only some of them, one by one. */
async function outcomes(
  { send, atOnce }: Asking,
  questions: readonly Question[],
  planOf: PlanOf,
): Promise<readonly UpdateOutcome[]> {
  const together = await send(planOf(questions));
  if (questions.length === 1 || !maybeForOneOfThem(together)) return questions.map(() => together);
  const each: UpdateOutcome[] = [];
  for (let at = 0; at < questions.length; at += atOnce)
    each.push(
      ...(await Promise.all(questions.slice(at, at + atOnce).map((question) => send(planOf([question]))))),
    );
  return each;
}

/** A wrong key or silence concerns all of them. Knot denies by NOTAUTH. */
function maybeForOneOfThem(outcome: UpdateOutcome): boolean {
  const codes = ['update-refused', 'zone-not-served', 'not-in-zone', 'invalid-plan'];
  return outcome.kind !== 'applied' && codes.includes(outcome.failure.code);
}

function rightOf(
  { name, type }: Question,
  outcome: UpdateOutcome | undefined,
  expected: 'applied' | 'prerequisite-failed',
): RrsetRight {
  if (outcome === undefined) throw new TypeError('an outcome for each question');
  if (outcome.kind === 'applied')
    return expected === 'applied'
      ? { name, type, right: 'granted' }
      : { name, type, right: 'unknown', failure: prerequisitesIgnored(name) };
  if (outcome.kind === 'refused' && outcome.code === expected) return { name, type, right: 'granted' };
  const denied = outcome.kind === 'refused' && outcome.failure.code === 'update-refused';
  const { failure } = outcome;
  return denied
    ? { name, type, right: 'denied', failure, mayDelete: expected === 'prerequisite-failed' }
    : { name, type, right: 'unknown', failure };
}

const prerequisitesIgnored = (name: Fqdn): Failure => ({
  code: 'prerequisites-ignored',
  message: `The nameserver accepted an update of ${name} whose prerequisite cannot hold: it ignores prerequisites, or something else answered in its place.`,
  hint: 'Without prerequisites two instances overwrite each other. Do not use this nameserver.',
});

const nobody = 'no-such-rr.source-dns.invalid.' as Fqdn;

/** An RR of that type that nobody has: an unspecified address, or a name below `invalid.` (RFC 6761 6.4). */
function nobodysRr({ name, type }: Question): Rrset {
  switch (type) {
    case 'A':
      return { name, type, ttlSeconds: 0, rdata: ['0.0.0.0'] };
    case 'AAAA':
      return { name, type, ttlSeconds: 0, rdata: ['::'] };
    case 'CNAME':
      return { name, type, ttlSeconds: 0, rdata: [nobody] };
    case 'SRV':
      return { name, type, ttlSeconds: 0, rdata: [{ priority: 0, weight: 0, port: 0, target: nobody }] };
    case 'TXT':
      return { name, type, ttlSeconds: 0, rdata: [['no-such-rr', nobody]] };
  }
}
