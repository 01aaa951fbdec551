/** The other nameservers of the zone: do they serve it, and are they in step? */
import type { Failure } from '../../core/model/observation.ts';
import type { MonoMs } from '../../core/model/units.ts';
import { rdataKey } from '../../dns/message/rdata.ts';
import { findAuthorities, listedAuthorities } from '../../dns/read/authoritative.ts';
import { ofListed } from '../../dns/read/lookout.ts';
import type { Correspondent } from '../../dns/read/query.ts';
import { readRrset } from '../../dns/read/read-rrsets.ts';
import { compareSerials, readSoa } from '../../dns/read/soa.ts';
import { type Endpoint, showEndpoint } from '../../dns/transport/endpoint.ts';
import type { Check } from '../check.ts';
import type { Finding, Mend } from '../finding.ts';
import type { World } from '../world.ts';
import { type Desk, withDesk } from './desk.ts';
import {
  type About,
  bare,
  failed,
  inNameserver,
  isSilent,
  paste,
  right,
  shellOf,
  verifyLine,
  words,
  wrong,
} from './found.ts';
import { subjectOf } from './nameserver-checks.ts';
import { zonesOf } from './primary-checks.ts';
import { type ReadPlace, readPlaces } from './visit.ts';

/** A NOTIFY and a transfer may be on the way. BIND's default notify-delay is 5 s: that is not waited for. */
const patienceMs = 1000;
const lookAgainMs = 50;

export const secondaries: Check = {
  area: 'nameserver',
  name: 'secondaries',
  codes: [
    'secondary-unreachable',
    'secondary-lame',
    'secondary-behind',
    'secondary-ahead',
    'secondary-differs',
    'nameserver-not-found',
  ],
  look: async (world) => {
    const places = await readPlaces(world);
    return (
      await Promise.all(
        zonesOf(places).map((place) =>
          withDesk(place.at.config, world.clock, (desk) => secondariesOf(world, desk, place, places)),
        ),
      )
    ).flat();
  },
};

async function secondariesOf(
  { deadline, config }: World,
  desk: Desk,
  place: ReadPlace,
  places: readonly ReadPlace[],
): Promise<readonly Finding[]> {
  const { at, zone } = place;
  const { verify } = at.config;
  const authorities = await (verify === undefined
    ? findAuthorities(desk.signed, desk.endpoint, zone, deadline)
    : listedAuthorities(verify, desk.signed, deadline));
  const good = authorities.flatMap((authority) =>
    authority.kind === 'endpoint' ? [authority.endpoint] : [],
  );
  const stored = places.filter((other) => other.at === at && other.zone === zone);
  // The other checks are about the primary server itself. Here, a view would look like an old zone.
  const others = authorities.filter(
    (authority) =>
      authority.kind === 'failed' || showEndpoint(authority.endpoint) !== showEndpoint(desk.endpoint),
  );
  if (others.length === 0)
    return [
      right(
        { area: 'nameserver', subject: subjectOf(at) },
        'secondaries',
        `It is the only nameserver of ${zone} that source-dns waits for.`,
      ),
    ];
  const inFile = inNameserver(config.file, at.config.name);
  return Promise.all(
    others.map(async (authority): Promise<Finding> => {
      if (authority.kind === 'endpoint') {
        const rest = good.filter((other) => other !== authority.endpoint);
        const without = paste(`${inFile} (if this host cannot reach that nameserver)`, verifyLine(rest));
        return secondaryOf({ desk, place, stored, deadline, without }, authority.endpoint);
      }
      const where: About = { area: 'nameserver', subject: authority.nameserver };
      return wrong(where, 'nameserver-not-found', words(authority.failure), [
        paste(`${inFile} (or mend the NS RRset of ${zone})`, verifyLine(good)),
      ]);
    }),
  );
}

interface Comparison {
  readonly desk: Desk;
  readonly place: ReadPlace;
  /** All places of the zone: their RRsets are compared. */
  readonly stored: readonly ReadPlace[];
  readonly deadline: MonoMs;
  /** The list without this nameserver. */
  readonly without: Mend;
}

async function secondaryOf(comparison: Comparison, endpoint: Endpoint): Promise<Finding> {
  const { desk, place, without } = comparison;
  const { zone } = place;
  const subject = showEndpoint(endpoint);
  const where: About = { area: 'nameserver', subject };
  const there = desk.at(endpoint);
  const step = await stepOf(comparison, there);
  const shell = `${shellOf(subject)}, if it is BIND`;
  if (step.kind === 'failed')
    return isSilent(step.failure)
      ? failed(where, 'secondary-unreachable', step.failure, [
          ...(step.failure.code === 'no-route' ? [] : [paste(shell, 'systemctl start named')]),
          without,
        ])
      : wrong(where, 'secondary-lame', words(ofListed(step.failure)), lameMends(place, endpoint));
  if (step.kind === 'behind')
    return wrong(
      where,
      'secondary-behind',
      `It has serial ${step.serial} of ${zone}, and the primary server has ${step.primary}: it answers an older zone.`,
      [
        paste(
          `in the zone ${bare(zone)} of the primary server's named.conf`,
          `also-notify { ${endpoint.host} port ${endpoint.port}; };`,
          'notify-delay 0;',
        ),
        paste(shell, `rndc retransfer ${bare(zone)}`),
      ],
    );
  if (step.kind === 'ahead')
    return wrong(
      where,
      'secondary-ahead',
      `It has serial ${step.serial} of ${zone}, and the primary server has only ${step.primary}: the primary server's zone went back, so this nameserver takes no transfer by itself.`,
      [paste(shell, `rndc retransfer ${bare(zone)}`)],
    );
  const differing = await differingRrset(comparison, there);
  if (differing !== undefined)
    return wrong(
      where,
      'secondary-differs',
      `It has the same serial of ${zone} as the primary server, but answers ${differing} differently: it has another zone of that name, or a view.`,
      [paste(shell, `rndc retransfer ${bare(zone)}`), ...lameMends(place, endpoint)],
    );
  return right(
    where,
    'secondaries',
    `It answers ${zone} with serial ${step.serial}, as the primary server does.`,
  );
}

/** Both sides of a transfer. */
const lameMends = ({ zone, at: { config } }: ReadPlace, { host, port }: Endpoint) => [
  paste(
    `in named.conf of ${showEndpoint({ host, port })}, in place of another zone of that name`,
    `zone "${bare(zone)}" { type secondary; file "${bare(zone)}.db"; primaries { ${config.address} port ${config.port}; }; min-refresh-time 1; min-retry-time 1; };`,
  ),
  paste(
    `in the zone ${bare(zone)} of the primary server's named.conf, in allow-transfer, if it names no key of that nameserver`,
    `${host};`,
  ),
  paste(
    `in the zone ${bare(zone)} of the primary server's named.conf, in also-notify`,
    `${host} port ${port};`,
  ),
];

type Step =
  | { readonly kind: 'in-step' | 'behind' | 'ahead'; readonly serial: number; readonly primary: number }
  | { readonly kind: 'failed'; readonly failure: Failure };

async function stepOf(comparison: Comparison, there: Correspondent): Promise<Step> {
  const { clock } = there;
  const until = Math.min(comparison.deadline, clock.mono() + patienceMs);
  for (;;) {
    const step = await oneStep(comparison, there);
    if (step.kind !== 'behind' || clock.mono() + lookAgainMs >= until) return step;
    await new Promise<void>((resolve) => clock.after(lookAgainMs, resolve));
  }
}

/** The primary is asked before and after: an update meanwhile must not make the other look late or early. */
async function oneStep({ desk, place, deadline }: Comparison, there: Correspondent): Promise<Step> {
  const before = await readSoa(desk.signed, place.zone, deadline);
  const theirs = await readSoa(there, place.zone, deadline);
  const after = await readSoa(desk.signed, place.zone, deadline);
  for (const reading of [theirs, before, after]) if (reading.kind === 'failed') return reading;
  if (theirs.kind === 'failed' || before.kind === 'failed' || after.kind === 'failed')
    throw new TypeError('a reading that failed was returned above');
  const { serial } = theirs.soa;
  const primary = after.soa.serial;
  if (compareSerials(serial, before.soa.serial) < 0) return { kind: 'behind', serial, primary };
  return { kind: compareSerials(serial, primary) > 0 ? 'ahead' : 'in-step', serial, primary };
}

async function differingRrset(
  { desk, stored, deadline }: Comparison,
  there: Correspondent,
): Promise<string | undefined> {
  for (const { name, type } of stored.flatMap((place) => place.stored)) {
    const theirs = await readRrset(there, { name, type }, deadline);
    const ours = await readRrset(desk.tcp, { name, type }, deadline);
    if (theirs.kind === 'failed' || ours.kind === 'failed') continue;
    const text = (rrset: typeof theirs.rrset) => (rrset === undefined ? 'absent' : rdataKey(rrset));
    if (text(theirs.rrset) !== text(ours.rrset)) return `${name} ${type}`;
  }
  return undefined;
}
