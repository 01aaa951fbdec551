/** What the zone has at our names: another owner's records, aliases, wildcards, and the ledger. */
import { ledgerName } from '../../core/model/ledger.ts';
import { readLedger } from '../../core/model/ledger-text.ts';
import type { Fqdn } from '../../core/model/units.ts';
import { findRrset, type Rrset } from '../../core/model/zone.ts';
import { rememberedFrom } from '../../daemon/history.ts';
import { parentOf } from '../../dns/message/name.ts';
import { readRrset } from '../../dns/read/read-rrsets.ts';
import type { Check } from '../check.ts';
import type { Finding, Mend } from '../finding.ts';
import { quoted } from '../host/state-dir.ts';
import type { World } from '../world.ts';
import { withDesk } from './desk.ts';
import { type About, inPublish, paste, right, risky, wrong } from './found.ts';
import { inTurns } from './in-turns.ts';
import { ledgerOf, rdataOf } from './ledgers.ts';
import { historyOf } from './past-checks.ts';
import { type ReadPlace, readPlaces } from './visit.ts';

export const names: Check = {
  area: 'zone',
  name: 'zone-names',
  codes: ['foreign-rrset', 'foreign-ledger', 'alias-in-the-way', 'wildcard'],
  look: async (world) => (await inTurns(await readPlaces(world), (place) => namesOf(world, place))).flat(),
};

const about = ({ settings }: ReadPlace): About => ({ area: 'zone', subject: settings.source.name });

async function namesOf(world: World, place: ReadPlace): Promise<readonly Finding[]> {
  const findings = [...foreign(world, place), ...aliases(place), ...(await wildcards(world, place))];
  const ok = 'Nothing that belongs to somebody else is at the names.';
  return findings.length > 0 ? findings : [right(about(place), 'zone-names', ok)];
}

function foreign({ config }: World, place: ReadPlace): readonly Finding[] {
  const { cluster, settings, stored } = place;
  const { name } = settings.source;
  const ledger = ledgerOf(place);
  if (ledger.kind === 'ledger' && ledger.ledger.cluster !== cluster) {
    const other = ledger.ledger.cluster;
    // Anybody who may write to the zone chose this text: paste nothing that YAML could read otherwise.
    const isPlain = /^[A-Za-z][\w-]*$/.test(other);
    return [
      wrong(
        about(place),
        'foreign-ledger',
        `The ledger of ${name} on ${settings.nameserver} belongs to the cluster ${other} (instance ${ledger.ledger.by}), not to ${cluster}. Publish another name, or give this cluster its old name.`,
        isPlain
          ? [
              paste(
                `in ${config.file}, under clusters:, in place of "${cluster}:", if it is the same cluster with a new name`,
                `${other}:`,
              ),
            ]
          : [],
      ),
    ];
  }
  const there = stored.filter((rrset) => rrset.name === name).map(({ type }) => type);
  if (ledger.kind !== 'absent' || settings.adopt || there.length === 0) return [];
  return [
    wrong(
      about(place),
      'foreign-rrset',
      `${name} has ${there.join(' and ')} on ${settings.nameserver}, but no ledger: somebody else keeps it. So source-dns does not touch it.`,
      [paste(`${inPublish(config.file, cluster)} (takes the name over)`, 'adopt: true')],
    ),
  ];
}

/** A CNAME that we never write, at the ledger's name or the replicas' name (RFC 1034 3.6.2). */
function aliases(place: ReadPlace): readonly Finding[] {
  const { settings, stored } = place;
  const ours = [ledgerName(settings.source), ...(settings.replicas ? [settings.replicas.name] : [])];
  return stored
    .filter(({ name, type }) => type === 'CNAME' && ours.includes(name))
    .map(({ name }) =>
      wrong(
        { area: 'zone', subject: name },
        'alias-in-the-way',
        `${name} is an alias (CNAME), so nothing else can be stored at this name.`,
        [bySomebody(place, `update delete ${name} CNAME`)],
      ),
    );
}

/** Our own key has no right to do this, and should not have it. */
const bySomebody = ({ at, zone }: ReadPlace, ...lines: readonly string[]): Mend =>
  paste(
    'in nsupdate, with a key that may change the whole zone',
    `server ${at.config.address} ${at.config.port}`,
    `zone ${zone}`,
    ...lines,
    'send',
  );

async function wildcards(world: World, place: ReadPlace): Promise<readonly Finding[]> {
  const { reading } = place;
  if (reading.kind !== 'read') return [];
  const loops = (reading.looping ?? []).map(({ name, wildcard }) =>
    wrong(
      { area: 'zone', subject: name },
      'wildcard',
      `${name} answers SERVFAIL, because ${wildcard === undefined ? 'an alias there' : `the alias ${wildcard}`} leads back to itself.`,
      [bySomebody(place, `update delete ${wildcard ?? name} CNAME`)],
    ),
  );
  const synthesized = await Promise.all(
    (reading.synthesized ?? []).map(async (rrset) => {
      const owner = await wildcardAbove(world, place, rrset);
      return risky(
        { area: 'zone', subject: rrset.name },
        'wildcard',
        `${rrset.name} ${rrset.type} is not published, and ${owner ?? 'a wildcard'} answers for it: applications are sent there until source-dns publishes the name.`,
        owner === undefined ? [] : [bySomebody(place, `update delete ${owner} ${rrset.type}`)],
      );
    }),
  );
  return [...loops, ...synthesized];
}

/** The closest wildcard above the name that has this type (RFC 4592 3.3.1). */
async function wildcardAbove(
  { clock, deadline }: World,
  { at, zone }: ReadPlace,
  { name, type }: Rrset,
): Promise<Fqdn | undefined> {
  return withDesk(at.config, clock, async ({ signed }) => {
    for (let above = parentOf(name); above.length >= zone.length; above = parentOf(above)) {
      const owner = `*.${above}` as Fqdn;
      const found = await readRrset(signed, { name: owner, type }, deadline);
      if (found.kind === 'rrset' && found.rrset !== undefined) return owner;
      if (above === zone) break;
    }
    return undefined;
  });
}

export const ledger: Check = {
  area: 'zone',
  name: 'ledger',
  codes: ['ledger-unreadable', 'ledger-behind'],
  look: async (world) => {
    const places = await readPlaces(world);
    if (places.length === 0) return [];
    const entries = await historyOf(world);
    return places.flatMap((place): readonly Finding[] => {
      const reading = ledgerOf(place);
      const subject = ledgerName(place.settings.source);
      const where: About = { area: 'zone', subject };
      if (reading.kind === 'unreadable') return [unreadable(place, where, reading.why)];
      const seen = rememberedFrom(entries, place.cluster).find(
        ({ nameserver }) => nameserver === place.settings.nameserver,
      );
      const epoch = reading.kind === 'ledger' ? reading.ledger.epoch : 0;
      if (seen !== undefined && seen.epoch > epoch)
        return [
          wrong(
            where,
            'ledger-behind',
            `The ledger ${epoch === 0 ? 'is gone' : `is at epoch ${epoch}`}, but the history of this host has epoch ${seen.epoch} with the source ${seen.source}. Maybe somebody restored an old zone.`,
            [
              paste(
                `in a shell on this host, if ${seen.source} is the source (source-dns verifies that)`,
                `source-dns follow ${place.cluster} ${quoted(seen.source)}`,
              ),
            ],
          ),
        ];
      const ok =
        reading.kind === 'ledger'
          ? `The ledger is at epoch ${reading.ledger.epoch}, source ${reading.ledger.source}.`
          : 'There is no ledger yet: the name was never published here.';
      return [right(where, 'ledger', ok)];
    });
  },
};

/** If exactly one TXT RR is a ledger, the others are what somebody added. Else no line is safe. */
function unreadable(place: ReadPlace, where: About, why: string): Finding {
  const rdata = rdataOf(findRrset(place.stored, ledgerName(place.settings.source), 'TXT'));
  const strangers = rdata.filter((one) => readLedger([one]).kind !== 'ledger');
  const isClear = rdata.length - strangers.length === 1;
  return wrong(
    where,
    'ledger-unreadable',
    `The ledger cannot be read: it ${why}. ${isClear ? 'One TXT record is the ledger; the others do not belong here.' : 'If a newer source-dns wrote it, upgrade this one.'}`,
    isClear
      ? [bySomebody(place, ...strangers.map((one) => `update delete ${where.subject} TXT ${txtText(one)}`))]
      : [],
  );
}

/** As nsupdate reads it (RFC 1035 5.1): no text of the zone can end a line. */
const txtText = (strings: readonly string[]): string =>
  strings
    .map(
      (text) =>
        `"${text.replace(/[^ !#-[\]-~]/g, (char) => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`)}"`,
    )
    .join(' ');

/** The TTL that is stored, against the TTL that we publish. */
export const ttl: Check = {
  area: 'zone',
  name: 'ttl',
  codes: ['ttl-altered'],
  look: async (world) =>
    (await readPlaces(world)).flatMap((place): readonly Finding[] => {
      const { source, replicas } = place.settings;
      const reading = ledgerOf(place);
      if (reading.kind !== 'ledger') return [];
      const altered = place.stored.find(({ name, ttlSeconds }) => {
        if (name === source.name)
          return reading.ledger.form.ttlSeconds === source.ttlSeconds && ttlSeconds !== source.ttlSeconds;
        return (
          name === replicas?.name &&
          reading.ledger.replicas?.ttlSeconds === replicas.ttlSeconds &&
          ttlSeconds !== replicas.ttlSeconds
        );
      });
      if (altered === undefined)
        return [right(about(place), 'ttl', `The TTL is stored as it is configured: ${source.ttlSeconds} s.`)];
      const wanted = altered.name === source.name ? source.ttlSeconds : replicas?.ttlSeconds;
      return [
        wrong(
          about(place),
          'ttl-altered',
          `${altered.name} is published with TTL ${wanted} s, and the zone has ${altered.ttlSeconds} s: max-zone-ttl of the nameserver cuts it, or somebody changed it.`,
          [
            paste(
              `${inPublish(world.config.file, place.cluster, altered.name === source.name ? 'source' : 'replicas')} (or raise max-zone-ttl of the zone)`,
              `ttl: ${altered.ttlSeconds}`,
            ),
          ],
        ),
      ];
    }),
};
