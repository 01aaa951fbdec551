/** Does the zone hold the names, and may the key write them? */

import { isHostName } from '../../core/model/host-name.ts';
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import type { UpdateOutcome } from '../../core/model/zone.ts';
import type { DnsClient } from '../../dns/client/dns-client.ts';
import { grants, knotAcl, powerdnsCommand } from '../../dns/client/refusal-words.ts';
import type { RrsetRight } from '../../dns/client/rights.ts';
import type { Check } from '../check.ts';
import type { Finding, Mend } from '../finding.ts';
import type { World } from '../world.ts';
import { withDesk } from './desk.ts';
import {
  type About,
  addressLine,
  bare,
  failed,
  inNameserver,
  inPublish,
  isSilent,
  paste,
  right,
  words,
  wrong,
} from './found.ts';
import { inTurns } from './in-turns.ts';
import { writtenQuestions } from './names.ts';
import { delegationBelow } from './referral.ts';
import { type Place, type ReadPlace, readPlaces, usableVisits, type Visit } from './visit.ts';

const zoneFailures = [
  'zone-not-found',
  'zone-not-served',
  'not-in-zone',
  'not-authoritative',
  'delegated',
  'query-refused',
  'servfail',
  'zone-unreachable',
  'unexpected-rcode',
];

/** The zone is there, and every name of the publication is in it. */
export const zone: Check = {
  area: 'zone',
  name: 'zone',
  codes: zoneFailures,
  look: async (world) => {
    const visits = await usableVisits(world);
    const places = visits.flatMap((at) => at.places.map((place) => ({ ...place, at })));
    return (await inTurns(places, (place) => zoneOf(world, place))).flat();
  },
};

interface VisitedPlace extends Place {
  readonly at: Visit;
}

async function zoneOf(world: World, place: VisitedPlace): Promise<readonly Finding[]> {
  const { reading, settings, at } = place;
  const { name } = settings.source;
  if (reading.kind === 'failed') return [await notRead(world, place, name, reading.failure)];
  const sides = await Promise.all(
    (reading.outside ?? []).map((side) => notRead(world, place, side.name, side.failure)),
  );
  const where: About = { area: 'zone', subject: name };
  const found = `The zone ${reading.zone} on ${at.config.name} holds the name.`;
  return sides.length > 0 ? sides : [right(where, 'zone', found)];
}

async function notRead(world: World, place: VisitedPlace, name: Fqdn, failure: Failure): Promise<Finding> {
  const { config } = place.at;
  const where: About = { area: 'zone', subject: name };
  if (isSilent(failure)) return failed(where, 'zone-unreachable', failure);
  const inFile = inPublish(world.config.file, place.cluster);
  const { found } = place;
  if (failure.code === 'not-authoritative') {
    const cut = await withDesk(config, world.clock, (desk) => delegationBelow(desk, name, world.deadline));
    if (cut !== undefined)
      return wrong(
        where,
        'delegated',
        `${cut.zone} is delegated to ${cut.names.slice(0, 4).join(', ')}, so ${name} is not in a zone of ${config.name}.`,
        cut.addresses
          .slice(0, 1)
          .map((address) =>
            paste(
              `${inNameserver(world.config.file, config.name)} (or publish a name outside of ${cut.zone})`,
              addressLine(address),
            ),
          ),
      );
  }
  const mends: readonly Mend[] =
    found !== undefined && found !== place.settings.zone && place.settings.zone !== undefined
      ? [paste(inFile, `zone: ${found}`)]
      : [];
  const why = paste(
    'in a shell on the nameserver, if it is BIND: this says which zone does not load, and why',
    'named-checkconf -zj',
  );
  if (failure.code === 'servfail') return wrong(where, failure.code, words(failure), [why]);
  const code = zoneFailures.includes(failure.code) ? failure.code : 'unexpected-rcode';
  return wrong(where, code, words(failure), mends);
}

/** Asked by updates that change nothing: no serial, no journal entry, no NOTIFY. */
export const rights: Check = {
  area: 'zone',
  name: 'rights',
  codes: ['zone-closed', 'right-missing', 'right-unknown', 'names-checked', 'prerequisites-ignored'],
  look: async (world) => (await inTurns(await readPlaces(world), (place) => rightsOf(world, place))).flat(),
};

async function rightsOf({ deadline }: World, place: ReadPlace): Promise<readonly Finding[]> {
  const { at, zone: apex, settings, stored } = place;
  const where: About = { area: 'zone', subject: settings.source.name };
  const whole = await updateOfNothing(at.client, apex, deadline);
  if (whole.kind === 'applied') return [wrong(where, 'prerequisites-ignored', ignored(apex))];
  if (whole.kind !== 'refused' || whole.code !== 'prerequisite-failed')
    return [closedZone(place, whole.failure)];
  const questions = writtenQuestions(settings, stored);
  const found = await at.client.inspection.rights({ zone: apex, rrsets: questions, deadline });
  const missing = found.filter((one) => one.right !== 'granted');
  const checked = missing.filter(isOfNameCheck);
  const denied = missing.filter((one) => !checked.includes(one));
  const findings = [
    ...(checked.length > 0 ? [namesChecked(place, checked)] : []),
    ...deniedFindings(place, denied, found),
  ];
  const ok = `The key may write ${questions.map(({ name, type }) => `${name} ${type}`).join(', ')}.`;
  return findings.length > 0 ? findings : [right(where, 'rights', ok)];
}

/** The apex has an SOA, so the prerequisite never holds. */
const updateOfNothing = (client: DnsClient, apex: Fqdn, deadline: MonoMs): Promise<UpdateOutcome> =>
  client.update({
    plan: { zone: apex, prerequisites: [{ kind: 'name-not-in-use', name: apex }], changes: [] },
    notAfter: deadline,
    deadline,
  });

const ignored = (apex: Fqdn): string =>
  `The nameserver accepted an update of ${apex} whose prerequisite cannot hold, so two instances would overwrite each other. Do not use this nameserver: use BIND, Knot or PowerDNS.`;

/** Deleting is granted, adding is not, and no host has such a name. */
const isOfNameCheck = (one: RrsetRight): boolean =>
  one.right === 'denied' &&
  one.mayDelete &&
  (one.type === 'A' || one.type === 'AAAA') &&
  !isHostName(one.name);

const namesChecked = ({ zone: apex, settings, at }: ReadPlace, checked: readonly RrsetRight[]): Finding =>
  wrong(
    { area: 'zone', subject: settings.source.name },
    'names-checked',
    `The nameserver ${at.config.name} refuses addresses at ${[...new Set(checked.map(({ name }) => name))].join(', ')}: that is not a host name (letters, digits, inner hyphens), and the nameserver checks names.`,
    [paste(`in the zone ${bare(apex)} of named.conf (or publish another name)`, 'check-names ignore;')],
  );

function deniedFindings(
  place: ReadPlace,
  denied: readonly RrsetRight[],
  asked: readonly RrsetRight[],
): readonly Finding[] {
  const [first] = denied;
  if (first === undefined || first.right === 'granted') return [];
  const { zone: apex, settings, at } = place;
  const where: About = { area: 'zone', subject: settings.source.name };
  const names = denied.map(({ name, type }) => `${name} ${type}`).join(', ');
  const about = { key: keyOf(at) };
  if (first.failure.code === 'zone-not-served')
    return [
      wrong(
        where,
        'right-missing',
        `The key may not write ${names} on ${at.config.name}. Knot answers this way.`,
        [
          paste(
            `in knot.conf, in one acl of the zone ${bare(apex)}: one acl must allow the whole update`,
            ...knotAcl(about, asked),
          ),
        ],
      ),
    ];
  if (first.failure.code === 'update-refused')
    return [
      wrong(where, 'right-missing', `The key may not write ${names} on ${at.config.name}.`, [
        paste(
          `in the update-policy of the zone ${bare(apex)}, above every deny (the first line that matches counts)`,
          ...grants(about, denied),
        ),
      ]),
    ];
  if (first.failure.code === 'prerequisites-ignored')
    return [wrong(where, 'prerequisites-ignored', ignored(apex))];
  return [failed(where, 'right-unknown', first.failure)];
}

/** As in the file: without it, nsupdate signs with an identity of its own. */
const keyOf = ({ config, keyName }: Visit): Fqdn | undefined =>
  config.key === undefined ? undefined : keyName;

function closedZone(place: ReadPlace, failure: Failure): Finding {
  const { zone: apex, settings, stored, at } = place;
  const where: About = { area: 'zone', subject: settings.source.name };
  if (isSilent(failure)) return failed(where, 'right-unknown', failure);
  const key = keyOf(at);
  const questions = writtenQuestions(settings, stored);
  const begin = `The nameserver ${at.config.name} takes no update of ${apex} at all.`;
  const policy = [`update-policy {`, ...grants({ key }, questions).map((line) => `    ${line}`), '};'];
  const powerdns =
    key === undefined
      ? []
      : [
          paste(
            'in a shell on the nameserver, if it is PowerDNS (with dnsupdate=yes)',
            powerdnsCommand(key, apex),
          ),
        ];
  // Knot does not sign a refusal.
  if (/no signature/.test(failure.message) && key !== undefined)
    return wrong(where, 'zone-closed', `${begin} ${words(failure)}`, [
      paste(`in knot.conf, in an acl of the zone ${bare(apex)}`, ...knotAcl({ key }, questions)),
      ...powerdns,
    ]);
  return wrong(
    where,
    'zone-closed',
    `${begin} The zone is frozen, or it is static, or its allow-update does not name the key, or the nameserver is a secondary server.`,
    [
      paste('in a shell on the nameserver, if the zone is frozen', `rndc thaw ${bare(apex)}`),
      paste(`in the zone ${bare(apex)} of named.conf, in place of its allow-update`, ...policy),
      ...powerdns,
    ],
  );
}
