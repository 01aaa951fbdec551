/** The zone's timers: how long resolvers remember "no such name", and how late a secondary may be. */
import type { Fqdn } from '../../core/model/units.ts';
import type { Soa } from '../../dns/read/soa.ts';
import type { Check } from '../check.ts';
import type { Finding, Mend } from '../finding.ts';
import { type About, bare, inPublish, paste, right, risky } from './found.ts';
import { zonesOf } from './primary-checks.ts';
import { type ReadPlace, readPlaces } from './visit.ts';

/** Above this, a secondary that lost a NOTIFY sends applications to the old source for minutes. */
const longestRefreshSeconds = 300;
/** As in bind-config/zone.db. */
const goodTimers = { refresh: 10, retry: 2 };
/** A longer TTL delays every move by as much. */
const longestTtlSeconds = 60;

export const timers: Check = {
  area: 'zone',
  name: 'timers',
  codes: ['negative-ttl-long', 'refresh-long'],
  look: async (world) => {
    const places = await readPlaces(world);
    return zonesOf(places).flatMap((place) => {
      const reading = place.at.zones.get(place.zone);
      if (reading?.kind !== 'soa') return [];
      const shortest = Math.min(
        ...places
          .filter(({ at, zone }) => at === place.at && zone === place.zone)
          .map(({ settings }) => settings.source.ttlSeconds),
      );
      return timersOf(place, reading.soa, shortest);
    });
  },
};

function timersOf({ zone }: ReadPlace, soa: Soa, ttlSeconds: number): readonly Finding[] {
  const where: About = { area: 'zone', subject: zone };
  const findings: Finding[] = [];
  const { negativeTtlSeconds, refreshSeconds, retrySeconds } = soa;
  const mends = [newSoa(zone, soa, ttlSeconds)];
  if (negativeTtlSeconds > Math.max(1, ttlSeconds))
    findings.push(
      risky(
        where,
        'negative-ttl-long',
        `Resolvers remember "no such name" for ${negativeTtlSeconds} s (the lower of the SOA's TTL and its last number), but the name's TTL is ${ttlSeconds} s: an application that asks before the first publication waits that long.`,
        mends,
      ),
    );
  if (refreshSeconds > longestRefreshSeconds || retrySeconds > longestRefreshSeconds)
    findings.push(
      risky(
        where,
        'refresh-long',
        `A secondary server that misses a NOTIFY asks again after ${refreshSeconds} s (refresh), and after a failure after ${retrySeconds} s (retry). So long it may answer the old source.`,
        mends,
      ),
    );
  const ok = `Negative TTL ${negativeTtlSeconds} s, refresh ${refreshSeconds} s, retry ${retrySeconds} s.`;
  return findings.length > 0 ? findings : [right(where, 'timers', ok)];
}

/** A whole record: one paste mends all timers. With the old serial, no secondary server would see it. */
function newSoa(zone: Fqdn, soa: Soa, ttlSeconds: number): Mend {
  const refresh = Math.min(soa.refreshSeconds, goodTimers.refresh);
  const retry = Math.min(soa.retrySeconds, goodTimers.retry);
  const minimum = Math.min(soa.negativeTtlSeconds, Math.max(1, ttlSeconds));
  const serial = (soa.serial + 1) % 2 ** 32;
  return paste(
    `in the zone file of ${bare(zone)}, in place of the SOA (in a dynamic zone between rndc freeze ${bare(zone)} and rndc thaw ${bare(zone)})`,
    `${zone} ${soa.ttlSeconds} IN SOA ${soa.primary} ${soa.mailbox} ${serial} ${refresh} ${retry} ${soa.expireSeconds} ${minimum}`,
  );
}

export const shortTtl: Check = {
  area: 'clients',
  name: 'ttl-short',
  codes: ['ttl-long'],
  look: async (world) =>
    (await readPlaces(world)).flatMap(({ settings, cluster }) =>
      [
        { ...settings.source, field: 'source' as const },
        ...(settings.replicas ? [{ ...settings.replicas, field: 'replicas' as const }] : []),
      ].map(({ name, ttlSeconds, field }) => {
        const where: About = { area: 'clients', subject: name };
        return ttlSeconds <= longestTtlSeconds
          ? right(where, 'ttl-short', `Clients keep an answer for at most ${ttlSeconds} s.`)
          : risky(
              where,
              'ttl-long',
              `Clients keep an answer for up to ${ttlSeconds} s, so a move reaches them that late.`,
              [paste(inPublish(world.config.file, cluster, field), 'ttl: 5')],
            );
      }),
    ),
};
