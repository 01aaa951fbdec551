/** What `source-dns check` asks a nameserver. It leaves no trace, not even a new serial. */
import type { Fqdn, MonoMs, WallMs } from '../../core/model/units.ts';
import type { UpdateOutcome } from '../../core/model/zone.ts';
import type { MessageRequest } from '../message/update.ts';
import type { Correspondent } from '../read/query.ts';
import { readSerials, type SerialsOptions, type SerialsReport } from '../read/serials.ts';
import { readSoa, type SoaReading } from '../read/soa.ts';
import { probeRights, type RightsRequest, type RrsetRight } from './rights.ts';

/** Each method ends by its deadline and never rejects. */
export interface Inspection {
  /** The key may write these RRsets, or not. */
  rights(request: RightsRequest): Promise<readonly RrsetRight[]>;
  /**
   * The zone's serial and negative TTL, and the nameserver's clock against ours, also if that is the reason
   * for a failure (`tsig-badtime`). The clock is absent if no signed answer tells it: without a key, and from
   * PowerDNS, which signs with the time of the question.
   */
  soa(zone: Fqdn, deadline: MonoMs): Promise<SoaReading>;
  /** Each authoritative nameserver against the primary server. */
  serials(zone: Fqdn, deadline: MonoMs): Promise<SerialsReport>;
}

/** Inspects the zones of one nameserver, with the client's own way to update. */
export const createInspection = (
  options: SerialsOptions,
  update: (request: MessageRequest) => Promise<UpdateOutcome>,
): Inspection => ({
  rights: (request) => rightsOfKnownKey(options.primary, update, request),
  soa: (zone, deadline) => readSoaAndClock(options.primary, zone, deadline),
  serials: (zone, deadline) => readSerials(options, zone, deadline),
});

/** Knot 3.2 calls a key without the right unknown. If a signed answer proves that to be wrong, ask again. */
async function rightsOfKnownKey(
  primary: Correspondent,
  update: (request: MessageRequest) => Promise<UpdateOutcome>,
  request: RightsRequest,
): Promise<readonly RrsetRight[]> {
  const rights = await probeRights(update, request);
  if (!rights.some((right) => right.right === 'unknown' && right.failure.code === 'tsig-badkey'))
    return rights;
  const reading = await readSoa(primary, request.zone, request.deadline);
  return reading.kind === 'soa' ? await probeRights(update, request) : rights;
}

async function readSoaAndClock(primary: Correspondent, zone: Fqdn, deadline: MonoMs): Promise<SoaReading> {
  const reading = await readSoa(primary, zone, deadline);
  if (reading.clockAheadSeconds !== 0) return reading;
  // No difference, or an echo of our time. Ask again with our clock off by less than the fudge: a real clock
  // then shows that difference.
  const wrongBySeconds = Math.floor((primary.signing?.fudgeSeconds ?? 0) / 2);
  if (wrongBySeconds < 2) return reading;
  const clock = { ...primary.clock, wall: () => (primary.clock.wall() - wrongBySeconds * 1000) as WallMs };
  const again = await readSoa({ ...primary, clock }, zone, deadline);
  if (again.clockAheadSeconds !== undefined && again.clockAheadSeconds !== 0) return reading;
  const { clockAheadSeconds: _echo, ...rest } = reading;
  return rest;
}
