/**
 * Where a ledger leads, and which of two ledgers is newer. Anybody may write to a zone: its text is checked.
 */

import type { Ledger } from '../core/model/ledger.ts';
import { readLedger } from '../core/model/ledger-text.ts';

/** A source that a ledger names. */
export interface Target {
  readonly cluster: string;
  readonly epoch: number;
  readonly uuid: string;
  /** `host:port` as source-dns is configured with. */
  readonly server: string;
  /** IP addresses, or one host name. At least one. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** When the ledger was written, by the clock of its writer. */
  readonly at: string;
}

export type TargetReading =
  | { readonly kind: 'target'; readonly target: Target }
  /** `why` is for people: `the ledger` and a verb. */
  | { readonly kind: 'unusable'; readonly why: string };

/** Never throws. */
export function readTarget(rdata: readonly (readonly string[])[], port: number | undefined): TargetReading {
  const reading = readLedger(rdata);
  if (reading.kind === 'absent') return unusable('does not exist');
  if (reading.kind === 'unreadable') return unusable(reading.why);
  const { ledger } = reading;
  if (ledger.form.targets.length === 0) return unusable('says that the name is withdrawn');
  return { kind: 'target', target: targetOf(ledger, port) };
}

const unusable = (why: string): TargetReading => ({
  kind: 'unusable',
  why: `the ledger ${why}`.replace(/[^ -~]/g, '?').slice(0, 300),
});

const targetOf = ({ cluster, epoch, uuid, source, form, at }: Ledger, port: number | undefined): Target => ({
  cluster,
  epoch,
  uuid,
  server: source,
  addresses: form.targets.map((text) => text.replace(/\.$/, '')),
  port: port ?? Number(/:(\d+)$/.exec(source)?.[1]),
  at,
});

/** A source that was forced without ever having been asked has no identity. */
const unidentified = '-';
export const isIdentified = ({ uuid }: Target): boolean => uuid !== unidentified;

/** Whether both are the same server, wherever it is reached. */
export const isSameServer = (one: Target, other: Target): boolean =>
  isIdentified(one) && isIdentified(other) ? one.uuid === other.uuid : one.server === other.server;

/**
 * A move has a higher epoch. With the same epoch only the address of the same server may have changed: the
 * later ledger has it. Everything else is old, wherever it comes from.
 */
export const isNewer = (one: Target, than: Target): boolean =>
  one.epoch > than.epoch || (one.epoch === than.epoch && isSameServer(one, than) && one.at > than.at);
