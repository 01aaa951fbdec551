/** Is it the primary server, and does everybody see what the key sees? */
import { ledgerName } from '../../core/model/ledger.ts';
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import type { Question } from '../../core/model/zone.ts';
import { rdataKey } from '../../dns/message/rdata.ts';
import { primaryElsewhere } from '../../dns/read/primary-server.ts';
import type { Correspondent } from '../../dns/read/query.ts';
import { readRrset } from '../../dns/read/read-rrsets.ts';
import { readSoa } from '../../dns/read/soa.ts';
import { findZone } from '../../dns/read/zone-finder.ts';
import type { Check } from '../check.ts';
import type { Finding } from '../finding.ts';
import type { World } from '../world.ts';
import { type Desk, withDesk } from './desk.ts';
import {
  type About,
  addressLine,
  bare,
  inNameserver,
  isSilent,
  paste,
  right,
  risky,
  wrong,
} from './found.ts';
import { subjectOf } from './nameserver-checks.ts';
import { atEach, type Place, type ReadPlace, readPlaces, usableVisits, type Visit } from './visit.ts';

const about = (visit: Visit): About => ({ area: 'nameserver', subject: subjectOf(visit) });

/** Each zone of each nameserver once, with the first of its places. */
export function zonesOf(places: readonly ReadPlace[]): readonly ReadPlace[] {
  const seen = new Map<string, ReadPlace>();
  for (const place of places) {
    const key = `${place.at.config.name} ${place.zone}`;
    if (!seen.has(key)) seen.set(key, place);
  }
  return [...seen.values()];
}

export const primary: Check = {
  area: 'nameserver',
  name: 'primary',
  codes: ['not-the-primary'],
  look: async (world) =>
    Promise.all(zonesOf(await readPlaces(world)).map((place) => primaryOf(world, place))),
};

function primaryOf({ clock, deadline, config }: World, { at, zone }: ReadPlace): Promise<Finding> {
  const where = about(at);
  const reading = at.zones.get(zone);
  return withDesk(at.config, clock, async (desk) => {
    if (reading?.kind !== 'soa') return right(where, 'primary', `It serves the zone ${zone}`);
    const named = reading.soa.primary;
    if (named === '.')
      return right(where, 'primary', `The SOA of ${zone} names no primary server, as hidden primaries do.`);
    const search = { primary: desk.signed, zone, deadline };
    const theirs = await primaryElsewhere(search, desk.endpoint, named);
    if (theirs === undefined)
      return right(where, 'primary', `The SOA of ${zone} names it as the primary server.`);
    const addresses = theirs.kind === 'addresses' ? theirs.addresses : [];
    const [address] = addresses;
    return risky(
      where,
      'not-the-primary',
      `The SOA of ${zone} names ${named} (${addresses.join(', ') || 'no address found'}) as the primary server. If this nameserver is a secondary server, it refuses updates, or shows them late.`,
      address === undefined
        ? []
        : [
            paste(
              `${inNameserver(config.file, at.config.name)} (not if updates go to a hidden primary server)`,
              addressLine(address),
            ),
          ],
    );
  });
}

export const views: Check = {
  area: 'nameserver',
  name: 'views',
  codes: ['differs-by-key'],
  look: async (world) => {
    const read = await readPlaces(world);
    const unread = (await usableVisits(world)).flatMap((at) =>
      at.places.flatMap((place) => (place.reading.kind === 'failed' ? [{ ...place, at }] : [])),
    );
    const missing = await atEach(world, unread, (desk, place) => viewWithoutZone(world, desk, place));
    return [...missing.flat(), ...(await atEach(world, read, (desk, place) => viewOf(world, desk, place)))];
  },
};

/** The view of the key does not have the zone, and everybody else gets an answer. */
async function viewWithoutZone(
  { deadline }: World,
  desk: Desk,
  { at, settings }: Place & { readonly at: Visit },
): Promise<readonly Finding[]> {
  const { name } = settings.source;
  const [signed, plain] = await Promise.all([
    findZone(desk.signed, name, deadline),
    findZone(desk.tcp, name, deadline),
  ]);
  if (plain.kind === 'failed' || signed.kind === 'zone' || isSilent(signed.failure)) return [];
  const sentence = `It answers for the zone ${plain.zone} without the key, but not with the key: the key selects a view (match-clients) that does not have the zone.`;
  const key = desk.signed.signing?.key.name;
  return [wrong(about(at), 'differs-by-key', sentence, key === undefined ? [] : moved(key))];
}

async function viewOf({ deadline }: World, desk: Desk, { at, settings, zone }: ReadPlace): Promise<Finding> {
  const { source } = settings;
  const where = about(at);
  const key = desk.signed.signing?.key.name;
  if (key === undefined) return right(where, 'views', 'There is no key, so nothing can differ by it.');
  const questions: readonly Question[] = [
    ...(['A', 'AAAA', 'CNAME'] as const).map((type) => ({ name: source.name, type })),
    { name: ledgerName(source), type: 'TXT' },
  ];
  const difference =
    (await differenceByKey(desk, `${zone} SOA`, (side) => soaText(side, zone, deadline))) ??
    (await firstDifference(desk, questions, deadline));
  if (difference === undefined)
    return right(where, 'views', `It answers ${source.name} the same with and without the key.`);
  const mends = difference.closed ? closed(zone) : moved(key);
  return wrong(where, 'differs-by-key', difference.sentence, mends);
}

const closed = (zone: Fqdn) => [
  paste(`in the zone ${bare(zone)} of named.conf, in place of its allow-query`, 'allow-query { any; };'),
];

const moved = (key: Fqdn) => [
  paste('in the view that applications see, first in its match-clients', `key ${bare(key)};`),
  paste('in every other view, first in its match-clients', `!key ${bare(key)};`),
];

interface Difference {
  readonly sentence: string;
  /** Without the key there is no answer at all. */
  readonly closed: boolean;
}

async function firstDifference(
  desk: Desk,
  questions: readonly Question[],
  deadline: MonoMs,
): Promise<Difference | undefined> {
  for (const question of questions) {
    const what = `${question.name} ${question.type}`;
    const difference = await differenceByKey(desk, what, (side) => rrsetText(side, question, deadline));
    if (difference !== undefined) return difference;
  }
  return undefined;
}

type Ask = (side: Correspondent) => Promise<string | undefined>;

/** A difference counts if it lasts: the zone may change meanwhile. */
async function differenceByKey(desk: Desk, what: string, askAt: Ask): Promise<Difference | undefined> {
  const [before, without] = await Promise.all([askAt(desk.signed), askAt(desk.tcp)]);
  if (before === without || before === undefined || without === undefined) return undefined;
  if ((await askAt(desk.tcp)) !== without || (await askAt(desk.signed)) !== before) return undefined;
  return without.startsWith(refusedMark)
    ? {
        closed: true,
        sentence: `It answers ${what} only with the key: without the key the answer is "${without.slice(refusedMark.length)}". Applications ask without a key.`,
      }
    : {
        closed: false,
        sentence: `It answers ${what} differently with and without the key: the key selects another view (match-clients). Applications ask without a key, so they never see what source-dns publishes.`,
      };
}

const refusedMark = 'failed: ';
/** Undefined: silence, which says nothing about views. */
const failedText = (failure: Failure): string | undefined =>
  isSilent(failure) ? undefined : `${refusedMark}${failure.code}`;

async function rrsetText(
  side: Correspondent,
  question: Question,
  deadline: MonoMs,
): Promise<string | undefined> {
  const reading = await readRrset(side, question, deadline);
  if (reading.kind === 'failed') return failedText(reading.failure);
  return reading.rrset === undefined ? 'absent' : rdataKey(reading.rrset);
}

async function soaText(side: Correspondent, zone: Fqdn, deadline: MonoMs): Promise<string | undefined> {
  const reading = await readSoa(side, zone, deadline);
  return reading.kind === 'failed' ? failedText(reading.failure) : JSON.stringify(reading.soa);
}
