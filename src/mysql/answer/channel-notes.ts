import type { MonoMs, ServerAddress } from '../../core/model/units.ts';

/**
 * What a connection remembers of each channel from one probe to the next: some servers count what they receive, but do not say when it came. The notes end with the
 * connection, so they never outlive the server process.
 */
export type ChannelNotes = ReadonlyMap<string, ChannelNote>;

export interface ChannelNote {
  readonly sourceAddress: ServerAddress;
  /** The counters, as text: any other text means that something came. Undefined while the receiver is not on. */
  readonly mark?: string;
  readonly heardAt?: MonoMs;
  /** The `server_id` that was at this address when the receiver was on. */
  readonly sourceServerId?: number;
}

interface ChannelSight {
  readonly at: MonoMs;
  readonly sourceAddress: ServerAddress;
  readonly receiverOn: boolean;
  readonly mark: string;
  readonly sourceServerId?: number;
}

/** The next note. What moved the counters came between two probes, and counts as heard at the later one. */
export function noteOf(before: ChannelNote | undefined, sight: ChannelSight): ChannelNote {
  const { at, sourceAddress, receiverOn, mark } = sight;
  const same = before?.sourceAddress === sourceAddress ? before : undefined;
  const sourceServerId = receiverOn ? sight.sourceServerId : same?.sourceServerId;
  const known = { sourceAddress, ...(sourceServerId !== undefined && { sourceServerId }) };
  if (!receiverOn) return known;
  const heardAt = same?.mark !== undefined && same.mark !== mark ? at : same?.heardAt;
  return { ...known, mark, ...(heardAt !== undefined && { heardAt }) };
}

/** Milliseconds since something came, if anything did while this connection looked. */
export const heardAgoOf = (note: ChannelNote, at: MonoMs): number | undefined =>
  note.heardAt === undefined ? undefined : Math.max(0, Math.floor(at - note.heardAt));
