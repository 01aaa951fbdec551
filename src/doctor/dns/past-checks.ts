/** What the history of this host says of former moves: how late each nameserver was. */
import type { HistoryEntry } from '../../core/model/events.ts';
import { readHistory } from '../../daemon/history.ts';
import type { Check } from '../check.ts';
import type { Finding } from '../finding.ts';
import type { World } from '../world.ts';
import { type About, bare, paste, right, risky } from './found.ts';
import { type ReadPlace, readPlaces } from './visit.ts';

const histories = new WeakMap<World, Promise<readonly HistoryEntry[]>>();

/** Read once in a run. A history that cannot be read is empty: another check looks at the file. */
export function historyOf(world: World): Promise<readonly HistoryEntry[]> {
  const known = histories.get(world);
  if (known !== undefined) return known;
  const reading = readHistory(world.config.stateDir).then(({ entries }) => entries);
  histories.set(world, reading);
  return reading;
}

/** The newest moves that count: what was mended before them is mended. */
const movesLooked = 3;
/** With notify-delay 0 it takes milliseconds. BIND's default delays the second of two changes by 5 s. */
const slowSeconds = 2;

/** `notify-delay` cannot be asked for: only a change shows it, and the doctor changes nothing. */
export const propagation: Check = {
  area: 'nameserver',
  name: 'propagation',
  codes: ['propagation-slow'],
  look: async (world) => {
    const entries = await historyOf(world);
    return (await readPlaces(world)).flatMap((place) => slowest(place, entries));
  },
};

interface Late {
  readonly nameserver: string;
  readonly seconds: number;
  readonly epoch: number;
}

function slowest(
  { cluster, settings, zone }: ReadPlace,
  entries: readonly HistoryEntry[],
): readonly Finding[] {
  const own = entries.filter(
    (entry) => entry.cluster === cluster && entry.nameserver === settings.nameserver,
  );
  const applied = new Map(
    own.flatMap((entry) =>
      entry.kind === 'move' ? [[entry.epoch, Date.parse(entry.appliedAt)] as const] : [],
    ),
  );
  const lates = own
    .flatMap((entry) => (entry.kind === 'propagated' && entry.among === undefined ? [entry] : []))
    .slice(-movesLooked)
    .flatMap(({ epoch, nameservers }): readonly Late[] => {
      const from = applied.get(epoch);
      return nameservers.flatMap(({ nameserver, at }) =>
        from === undefined || at === undefined
          ? []
          : [{ nameserver, epoch, seconds: (Date.parse(at) - from) / 1000 }],
      );
    });
  const [worst] = lates.toSorted((a, b) => b.seconds - a.seconds);
  if (worst === undefined) return [];
  const where: About = { area: 'nameserver', subject: worst.nameserver };
  return [
    worst.seconds < slowSeconds
      ? right(where, 'propagation', `The slowest of the last moves was there after ${worst.seconds} s.`)
      : risky(
          where,
          'propagation-slow',
          `It had the move of epoch ${worst.epoch} only after ${worst.seconds} s. BIND announces the second of two changes after its notify-delay (5 s by default).`,
          [paste(`in the zone ${bare(zone)} of the primary server's named.conf`, 'notify-delay 0;')],
        ),
  ];
}
