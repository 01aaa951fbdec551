/**
 * Finds out why a nameserver refused an update, by messages that change nothing. Does the nameserver take any
 * update of the zone from this key? Which RRsets may the key write? What does the zone's SOA say? One
 * inspection at a time, one message at a time: the updates themselves continue.
 */
import { isHostName, noHostName } from '../../core/model/host-name.ts';
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import type { Question, Rrset, UpdateOutcome, UpdatePlan } from '../../core/model/zone.ts';
import type { RefusalRequest } from '../../ports.ts';
import type { MessageRequest } from '../message/update.ts';
import { primaryElsewhere } from '../read/primary-server.ts';
import type { SerialsOptions } from '../read/serials.ts';
import { readSoa } from '../read/soa.ts';
import {
  type KeyAndZone,
  namesAreChecked,
  nothingRefused,
  policyRefuses,
  zoneRefuses,
} from './refusal-words.ts';
import { probeRights, type RrsetRight } from './rights.ts';

type Update = (request: MessageRequest) => Promise<UpdateOutcome>;

/** Inspections that may wait. Further refusals keep their first failure. */
export const maxWaitingInspections = 64;

/** See ZoneClient.inspectRefusal. */
export function createRefusalInspector(
  options: SerialsOptions,
  update: Update,
): (request: RefusalRequest) => Promise<Failure> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (request) => {
    if (waiting >= maxWaitingInspections) return request.failure;
    waiting += 1;
    const turn = last.then(() => byDeadline(options, request, inspect(options, update, request)));
    last = turn;
    const result = await turn;
    waiting -= 1;
    return result;
  };
}

/** The system's resolver may be asked for the primary server, and has no deadline. */
function byDeadline(
  { primary }: SerialsOptions,
  { failure, deadline }: RefusalRequest,
  inspection: Promise<Failure>,
): Promise<Failure> {
  return new Promise((resolve) => {
    const cancel = primary.clock.after(Math.max(0, deadline - primary.clock.mono()), () => resolve(failure));
    void inspection.then((found) => {
      cancel();
      resolve(found);
    });
  });
}

async function inspect(
  { primary, endpoint }: SerialsOptions,
  update: Update,
  request: RefusalRequest,
): Promise<Failure> {
  const { plan, failure, deadline } = request;
  const { zone } = plan;
  const about: KeyAndZone = { nameserver: primary.nameserver, zone, key: primary.signing?.key.name };
  const whole = await update({ plan: changesNothing(zone), notAfter: deadline, deadline });
  if (whole.kind !== 'refused' || whole.code !== 'prerequisite-failed') {
    if (whole.kind === 'applied' || whole.failure.code !== failure.code) return failure;
    return zoneRefuses(about, failure, plan, await soaWords(primary, endpoint, zone, deadline));
  }
  const rrsets = changedRrsets(plan);
  const rights = await probeRights(update, { zone, rrsets, deadline, atOnce: 1 });
  const denied = rights.filter((right) => isDenied(right, failure));
  if (denied.length > 0) return deniedWords(about, failure, denied, rights);
  // An RRset without an answer may be the refused one.
  if (rights.some(({ right }) => right !== 'granted')) return failure;
  const bad = addedRrsets(plan).find((rrset) => noHostName(rrset) !== undefined);
  return bad === undefined
    ? nothingRefused(failure)
    : namesAreChecked(about, failure, bad, noHostName(bad) ?? bad.name);
}

/** The apex has an SOA, so the prerequisite never holds. Without a change, no policy by name is checked. */
const changesNothing = (zone: Fqdn): MessageRequest['plan'] => ({
  zone,
  prerequisites: [{ kind: 'name-not-in-use', name: zone }],
  changes: [],
});

/**
 * Knot does not sign a refusal. Beside granted RRsets, the same failure code counts as a refusal: only words
 * depend on it.
 */
const isDenied = (right: RrsetRight, { code }: Failure): boolean =>
  right.right === 'denied' || (right.right === 'unknown' && right.failure.code === code);

/** RRsets that may be deleted but not added: names are checked when something is added. */
function deniedWords(
  about: KeyAndZone,
  failure: Failure,
  denied: readonly RrsetRight[],
  rights: readonly RrsetRight[],
): Failure {
  const [first] = denied;
  if (
    first !== undefined &&
    denied.every(
      (right) => right.right === 'denied' && right.mayDelete && isAddress(right) && !isHostName(right.name),
    )
  )
    return namesAreChecked(about, failure, first, first.name);
  return policyRefuses(about, failure, denied, rights);
}

const isAddress = ({ type }: Question): boolean => type === 'A' || type === 'AAAA';

const addedRrsets = (plan: UpdatePlan): readonly Rrset[] =>
  plan.changes.flatMap((change) => (change.kind === 'add-rrset' ? [change.rrset] : []));

/** Each RRset once: mostly an update deletes it and adds it. */
function changedRrsets(plan: UpdatePlan): readonly Question[] {
  const changed = plan.changes.map((change) => ('rrset' in change ? change.rrset : change));
  return [...new Map(changed.map(({ name, type }) => [`${name} ${type}`, { name, type }])).values()];
}

/** Why the zone takes no update, by its SOA: the question's failure, or another primary server. */
async function soaWords(
  primary: SerialsOptions['primary'],
  endpoint: SerialsOptions['endpoint'],
  zone: Fqdn,
  deadline: MonoMs,
) {
  const reading = await readSoa(primary, zone, deadline);
  if (reading.kind === 'failed') return { unread: reading.failure };
  const named = reading.soa.primary;
  const theirs = await primaryElsewhere({ primary, zone, deadline }, endpoint, named);
  return theirs === undefined
    ? {}
    : { elsewhere: { primary: named, addresses: theirs.kind === 'none' ? [] : theirs.addresses } };
}
