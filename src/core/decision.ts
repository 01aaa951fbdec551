import type { ServerAddress } from './units.ts';
import type { HoldReason, PointToReason } from './vocabulary.ts';

/** What the name shall do, and why: a stable code for machines and one sentence for people. */
export type Decision =
  | { readonly kind: 'point-to'; readonly reason: PointToReason; readonly source: ServerAddress; readonly sentence: string }
  | { readonly kind: 'hold'; readonly reason: HoldReason; readonly sentence: string };

/** The same decision, whatever its sentence says in detail (counts and ages change all the time). */
export const sameDecision = (a: Decision, b: Decision): boolean =>
  a.kind === b.kind && a.reason === b.reason && (a.kind === 'hold' || b.kind === 'hold' || a.source === b.source);

export const hold = (reason: HoldReason, sentence: string): Decision => ({ kind: 'hold', reason, sentence });

export const pointTo = (reason: PointToReason, { address: source }: { readonly address: ServerAddress }, sentence: string): Decision => ({
  kind: 'point-to',
  reason,
  source,
  sentence,
});

/** Servers as a sentence names them. */
export const names = (servers: readonly { readonly address: ServerAddress }[]): string =>
  servers.map((server) => server.address).join(', ');
