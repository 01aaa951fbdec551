/** What one server lacks of another one's transactions, and the words for it. */

import type { ServerAddress } from '../model/units.ts';

/** What another server has and this one lacks. No number: the other is in a later binary log file. */
export interface Lack {
  /** The server that has most of it. */
  readonly server: ServerAddress;
  readonly transactions?: number | undefined;
  /** Within one binary log file, without GTIDs. */
  readonly bytes?: number | undefined;
}

/** Null: nobody has more. */
export interface Lacks {
  readonly executed: Lack | null;
  readonly received: Lack | null;
}

/** `10 transactions that db3:3306 has executed (13 that db4:3306 has received)`; undefined: nothing. */
export function lackWords({ executed, received }: Lacks): string | undefined {
  if (executed === null)
    return received ? `${amountWords(received)} that ${received.server} has received` : undefined;
  const said = `${amountWords(executed)} that ${executed.server} has executed`;
  if (received === null || amountOf(received) <= amountOf(executed)) return said;
  return `${said} (${received.transactions ?? amountWords(received)} that ${received.server} has received)`;
}

/** How many transactions are lacking at most. */
export const countOf = ({ executed, received }: Lacks): number =>
  Math.max(executed?.transactions ?? 0, received?.transactions ?? 0);

const amountOf = ({ transactions, bytes }: Lack): number => transactions ?? bytes ?? Number.POSITIVE_INFINITY;

function amountWords({ transactions, bytes }: Lack): string {
  if (transactions !== undefined) return plural(transactions);
  return bytes === undefined
    ? 'an unknown amount (a later binary log file)'
    : `${bytes} bytes of the binary log`;
}

/** `1 transaction`, `3 transactions`. */
export const plural = (count: number): string => (count === 1 ? '1 transaction' : `${count} transactions`);
