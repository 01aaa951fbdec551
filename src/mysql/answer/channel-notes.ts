/**
 * What a connection remembers of each channel until the next probe: some servers count what they receive, but
 * give no time for it. The notes end with the connection, so they never outlive the server process.
 */

import type { MonoMs, ServerAddress } from '../../core/model/units.ts';

export type ChannelNotes = ReadonlyMap<string, ChannelNote>;

export interface ChannelNote {
  readonly sourceAddress: ServerAddress;
  /** The counters as text: a new text means that something came. Undefined while the receiver is not on. */
  readonly mark: string | undefined;
  readonly heardAt: MonoMs | undefined;
  /** The `server_id` at this address when the receiver was on. */
  readonly sourceServerId: number | undefined;
}

interface ChannelSight {
  readonly at: MonoMs;
  readonly sourceAddress: ServerAddress;
  readonly receiverOn: boolean;
  readonly mark: string;
  readonly sourceServerId?: number;
}

/** The next note. An event between two probes moves the counters, and counts as heard at the second probe. */
export function noteOf(before: ChannelNote | undefined, sight: ChannelSight): ChannelNote {
  const { at, sourceAddress, receiverOn, mark } = sight;
  const same = before?.sourceAddress === sourceAddress ? before : undefined;
  const sourceServerId = receiverOn ? sight.sourceServerId : same?.sourceServerId;
  const heardAt = same?.mark !== undefined && same.mark !== mark ? at : same?.heardAt;
  return {
    sourceAddress,
    mark: receiverOn ? mark : undefined,
    heardAt: receiverOn ? heardAt : undefined,
    sourceServerId,
  };
}

/** Milliseconds since something came; undefined: nothing came while this connection looked. */
export const heardAgoOf = (note: ChannelNote, at: MonoMs): number | undefined =>
  note.heardAt === undefined ? undefined : Math.max(0, Math.floor(at - note.heardAt));
