/** Brands for names and numbers that must not be mixed up, such as monotonic and wall-clock times. */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Milliseconds of a clock that never steps. For freshness and deadlines. */
export type MonoMs = Brand<number, 'MonoMs'>;
/** Milliseconds since 1970-01-01 UTC, of a clock that may step. For TSIG and records only. */
export type WallMs = Brand<number, 'WallMs'>;
/** A MySQL server as it is configured: `host:port`, lower case, IPv6 in brackets. */
export type ServerAddress = Brand<string, 'ServerAddress'>;
/** The identity of a server: `server_uuid`, `mariadb:<server_id>@host:port` or `aurora:<instance>`. */
export type ServerId = Brand<string, 'ServerId'>;
/** An absolute domain name: lower case, with the final dot. */
export type Fqdn = Brand<string, 'Fqdn'>;

/** The moment of a step: both clocks, and a random token of `[0-9a-z]` that no other call gets. */
export interface Now {
  readonly mono: MonoMs;
  readonly wall: WallMs;
  readonly token: string;
  /** How many times as long the pauses of a suspicion are, so that a busy process keeps up. Absent: 1. */
  readonly stretch?: number;
  /** The same for the pauses at rest. */
  readonly restStretch?: number;
  /** Answers that come together share a turn, because this process has too many clusters in haste. */
  readonly sharesTurns?: boolean;
}

/** `at` moved by `ms` (may be negative). */
export const plusMs = (at: MonoMs, ms: number): MonoMs => (at + ms) as MonoMs;

/** The time in the ledger and the history: ISO 8601, UTC, milliseconds. */
// biome-ignore lint/style/noRestrictedGlobals: writes a given time and reads no clock
export const isoTime = (wall: WallMs): string => new Date(wall).toISOString();

export interface Moment {
  readonly mono: MonoMs;
  readonly wall: WallMs;
}
