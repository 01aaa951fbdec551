/** Names and numbers that must not be mixed up get a brand: the compiler then refuses a wall-clock time where a monotonic one is meant. */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Milliseconds of a clock that never steps; its zero means nothing. For freshness and deadlines. */
export type MonoMs = Brand<number, 'MonoMs'>;
/** Milliseconds since 1970-01-01 UTC, of a clock that may step. For TSIG and for records only. */
export type WallMs = Brand<number, 'WallMs'>;
/** A MySQL server as it is configured: `host:port`, lower case, IPv6 in brackets. */
export type ServerAddress = Brand<string, 'ServerAddress'>;
/** Who a MySQL server is, wherever it answers: its `server_uuid`, or `mariadb:<server_id>@host:port`, or `aurora:<instance>`. */
export type ServerId = Brand<string, 'ServerId'>;
/** An absolute domain name: lower case, with the final dot. */
export type Fqdn = Brand<string, 'Fqdn'>;

/** What `step` is told of the moment: both clocks, and a random token of `[0-9a-z]` that no other call gets. */
export interface Now {
  readonly mono: MonoMs;
  readonly wall: WallMs;
  readonly token: string;
}

/** `at` moved by `ms` (may be negative). */
export const plusMs = (at: MonoMs, ms: number): MonoMs => (at + ms) as MonoMs;

/** The time as the ledger and the history write it: ISO 8601, UTC, milliseconds. The core has no Date, so the civil calendar is computed (days since 1970-01-01, proleptic Gregorian). */
export function isoTime(wall: WallMs): string {
  const days = Math.floor(wall / 86_400_000);
  const rest = wall - days * 86_400_000;
  // Count from 0000-03-01, so that a leap day is the last day of its year; an era is 400 years of 146,097 days.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const two = (n: number) => String(n).padStart(2, '0');
  const time = `${two(Math.floor(rest / 3_600_000))}:${two(Math.floor(rest / 60_000) % 60)}:${two(Math.floor(rest / 1000) % 60)}`;
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${time}.${String(Math.floor(rest % 1000)).padStart(3, '0')}Z`;
}

export interface Moment {
  readonly mono: MonoMs;
  readonly wall: WallMs;
}
