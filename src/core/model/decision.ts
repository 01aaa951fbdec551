/** A decision: where the name shall point, or that it stays, and why. */

import type { ServerAddress } from './units.ts';
import type { HoldReason, PointToReason } from './vocabulary.ts';

/** A stable code for machines, and a sentence for people. */
export type Decision =
  | {
      readonly kind: 'point-to';
      readonly reason: PointToReason;
      readonly source: ServerAddress;
      readonly sentence: string;
    }
  /** `asking`: the hold ends when the servers that are being asked have answered, or failed to. */
  | { readonly kind: 'hold'; readonly reason: HoldReason; readonly sentence: string; readonly asking?: true };

/** Sentences do not count: their numbers change all the time. */
export function sameDecision(a: Decision, b: Decision): boolean {
  if (a.kind === 'hold') return b.kind === 'hold' && a.reason === b.reason && a.asking === b.asking;
  return b.kind === 'point-to' && a.reason === b.reason && a.source === b.source;
}

export const hold = (reason: HoldReason, sentence: string): Decision => ({ kind: 'hold', reason, sentence });

export const holdWhileAsking = (sentence: string): Decision => ({
  kind: 'hold',
  reason: 'minority-view',
  sentence,
  asking: true,
});

export const pointTo = (
  reason: PointToReason,
  { address: source }: { readonly address: ServerAddress },
  sentence: string,
): Decision => ({
  kind: 'point-to',
  reason,
  source,
  sentence,
});

export const names = (servers: readonly { readonly address: ServerAddress }[]): string =>
  servers.map((server) => server.address).join(', ');

export const steady = (server: { readonly address: ServerAddress }, because: string): Decision =>
  pointTo('steady', server, `${server.address} is the source: ${because}.`);
