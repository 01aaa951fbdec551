/** What the checks of a nameserver and its zones look at: each is asked once in a run of the doctor. */
import type { NameserverConfig } from '../../config/loaded.ts';
import type { Failure } from '../../core/model/observation.ts';
import type { PublicationSettings } from '../../core/model/settings.ts';
import type { Fqdn } from '../../core/model/units.ts';
import type { Rrset, ZoneReading } from '../../core/model/zone.ts';
import type { DnsClient } from '../../dns/client/dns-client.ts';
import { TYPE } from '../../dns/message/codes.ts';
import { ask } from '../../dns/read/query.ts';
import type { SoaReading } from '../../dns/read/soa.ts';
import { findZone } from '../../dns/read/zone-finder.ts';
import type { World } from '../world.ts';
import { type Desk, withDesk } from './desk.ts';
import { isSilent } from './found.ts';
import { inTurns } from './in-turns.ts';
import { readQuestions, sideNames } from './names.ts';

/** One cluster's names in a zone. */
export interface Place {
  readonly cluster: string;
  readonly settings: PublicationSettings;
  /** As the daemon reads it. */
  readonly reading: ZoneReading;
  /** The zone that the nameserver itself names, wherever `publish.zone` points. */
  readonly found: Fqdn | undefined;
}

export interface Visit {
  readonly config: NameserverConfig;
  readonly client: DnsClient;
  readonly warnings: readonly Failure[];
  /** The first name that is published there. */
  readonly name: Fqdn;
  /** Undefined: questions are not signed. */
  readonly keyName: Fqdn | undefined;
  /** Why it cannot be asked without a key over TCP, over UDP. Undefined: it answers. */
  readonly tcp: Failure | undefined;
  readonly udp: Failure | undefined;
  /** The answer without a key over TCP. Undefined: an answer with authority. */
  readonly plain: Failure | undefined;
  /** The first failure of questions with the key that concerns the way, the key or the clock. */
  readonly signed: Failure | undefined;
  /** The nameserver's clock minus ours, if a signed answer tells it. */
  readonly clockAheadSeconds: number | undefined;
  readonly places: readonly Place[];
  /** The SOA of each zone that was read. */
  readonly zones: ReadonlyMap<Fqdn, SoaReading>;
}

const visits = new WeakMap<World, Promise<readonly Visit[]>>();

/** Every nameserver whose key can be used. Ends by the world's deadline; never rejects. */
export function visitsOf(world: World): Promise<readonly Visit[]> {
  const known = visits.get(world);
  if (known !== undefined) return known;
  const all = Promise.all(
    [...world.nameservers.values()].flatMap((seen) =>
      seen.kind === 'opened' ? [visit(world, seen.config, seen.client, seen.warnings)] : [],
    ),
  );
  visits.set(world, all);
  return all;
}

/** The visits in which the key works, so that answers about the zone mean something. */
export const usableVisits = async (world: World): Promise<readonly Visit[]> =>
  (await visitsOf(world)).filter(({ signed }) => signed === undefined);

/** The places that could be read, with their zones. */
export async function readPlaces(world: World): Promise<readonly ReadPlace[]> {
  return (await usableVisits(world)).flatMap((at) =>
    at.places.flatMap((place) =>
      place.reading.kind === 'read'
        ? [{ ...place, at, zone: place.reading.zone, stored: place.reading.rrsets }]
        : [],
    ),
  );
}

/** Works on each place, with one desk for each nameserver: a thousand clusters share its connections. */
export async function atEach<P extends Place & { readonly at: Visit }, Result>(
  { clock }: World,
  places: readonly P[],
  work: (desk: Desk, place: P) => Promise<Result>,
): Promise<readonly Result[]> {
  const visited = [...new Set(places.map(({ at }) => at))];
  const all = await Promise.all(
    visited.map((visit) =>
      withDesk(visit.config, clock, (desk) =>
        inTurns(
          places.filter(({ at }) => at === visit),
          (place) => work(desk, place),
        ),
      ),
    ),
  );
  return all.flat();
}

export interface ReadPlace extends Place {
  readonly at: Visit;
  readonly zone: Fqdn;
  readonly stored: readonly Rrset[];
}

const publicationsAt = ({ clusters }: World, name: string) =>
  clusters.flatMap(({ settings }) =>
    settings.publications
      .filter(({ nameserver }) => nameserver === name)
      .map((publication) => ({ cluster: settings.cluster, settings: publication })),
  );

const visit = (
  world: World,
  config: NameserverConfig,
  client: DnsClient,
  warnings: readonly Failure[],
): Promise<Visit> =>
  withDesk(config, world.clock, async (desk) => {
    const { deadline } = world;
    const publications = publicationsAt(world, config.name);
    const name = publications[0]?.settings.source.name ?? ('.' as Fqdn);
    const question = { name, type: TYPE.SOA };
    const [tcp, udp, signed] = await Promise.all([
      ask(desk.tcp, question, deadline),
      ask(desk.udp, question, deadline),
      ask(desk.signed, question, deadline),
    ]);
    const silence = (answer: typeof tcp) =>
      answer.kind === 'failed' && isSilent(answer.failure) ? answer.failure : undefined;
    const unusable =
      signed.kind === 'failed' && concernsKeyOrWay(signed.failure) ? signed.failure : undefined;
    const keyName = desk.signed.signing?.key.name;
    const common = {
      config,
      client,
      warnings,
      name,
      keyName,
      tcp: silence(tcp),
      udp: silence(udp),
      plain: tcp.kind === 'failed' ? tcp.failure : undefined,
    };
    if (unusable !== undefined)
      return {
        ...common,
        signed: unusable,
        clockAheadSeconds: signed.clockAheadSeconds,
        places: [],
        zones: new Map(),
      };
    const places = await inTurns(publications, async ({ cluster, settings }): Promise<Place> => {
      const questions = readQuestions(settings);
      const { zone } = settings;
      const sides = sideNames(settings);
      const reading = await client.read({ zone, questions, sides, deadline });
      const found = await findZone(desk.signed, settings.source.name, deadline);
      return { cluster, settings, reading, found: found.kind === 'zone' ? found.zone : undefined };
    });
    const names = new Set(
      places.flatMap(({ reading, found }) => (reading.kind === 'read' ? reading.zone : (found ?? []))),
    );
    const zones = new Map(
      await Promise.all(
        [...names].map(async (zone) => [zone, await client.inspection.soa(zone, deadline)] as const),
      ),
    );
    const [soa] = zones.values();
    return { ...common, signed: undefined, clockAheadSeconds: soa?.clockAheadSeconds, places, zones };
  });

/** Not about the zone: silence, TSIG, answers that prove nothing. */
const concernsKeyOrWay = (failure: Failure): boolean =>
  isSilent(failure) ||
  failure.code.startsWith('tsig-') ||
  [
    'unsigned-answer',
    'answer-not-verified',
    'malformed-answer',
    'other-question',
    'formerr',
    'notimp',
    'nameserver-ambiguous',
  ].includes(failure.code);
