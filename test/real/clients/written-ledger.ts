/** Ledgers that the tests of the following pool write themselves. */

import { randomBytes } from 'node:crypto';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import { writeLedger } from '../../../src/core/model/ledger-text.ts';
import type { ServerAddress, ServerId } from '../../../src/core/model/units.ts';

/** What differs from ledger to ledger. */
interface Said {
  readonly epoch: number;
  readonly server: { readonly address: string; readonly port: number };
  readonly uuid: string;
  readonly form?: Partial<Ledger['form']> | undefined;
}

/** The strings of its TXT RR. */
export const ledgerStrings = ({ epoch, server: { address, port }, uuid, form }: Said): readonly string[] =>
  writeLedger({
    cluster: 'shop',
    epoch,
    source: `${address}:${port}` as ServerAddress,
    uuid: uuid as ServerId,
    by: 'test',
    at: new Date().toISOString(),
    why: 'switchover',
    try: randomBytes(4).toString('hex'),
    form: { type: 'address', ttlSeconds: 1, targets: [address], ...form },
    was: [],
    unknown: [],
  });
