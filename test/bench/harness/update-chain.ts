/** Compare-and-set updates of one name, as the core plans a move: each needs the ledger of the one before. */

import { readFile } from 'node:fs/promises';
import type { Fqdn } from '../../../src/core/model/units.ts';
import type { Rrset, UpdatePlan } from '../../../src/core/model/zone.ts';
import { parseKeyFile } from '../../../src/dns/key/keyfile.ts';
import { prepareMessage } from '../../../src/dns/message/reply.ts';
import type { TsigKey } from '../../../src/dns/message/tsig.ts';
import { buildUpdate } from '../../../src/dns/message/update.ts';
import { framed } from './bare-connection.ts';

export interface UpdateChain {
  /** The next plan. */
  next(): UpdatePlan;
}

/** `zone`: without the last dot. `from`: the number of updates that the name already had. */
export function updateChain(zone: string, cluster: string, from = 0): UpdateChain {
  const name = `source.${cluster}.${zone}.` as Fqdn;
  const ledgerName = `_source-dns.${name}` as Fqdn;
  let number = from;
  return {
    next() {
      const [before, after] = [number, number + 1];
      number = after;
      const ledgerBefore = ledger(ledgerName, before);
      return {
        zone: `${zone}.` as Fqdn,
        prerequisites: [
          before === 0
            ? { kind: 'rrset-absent', name: ledgerName, type: 'TXT' }
            : { kind: 'rrset-is', rrset: ledgerBefore },
        ],
        changes: [
          { kind: 'delete-rrset', name, type: 'A' },
          { kind: 'delete-rrset', name, type: 'AAAA' },
          { kind: 'delete-rrset', name, type: 'CNAME' },
          {
            kind: 'add-rrset',
            rrset: { name, type: 'A', ttlSeconds: 1, rdata: [`127.0.0.${11 + (after % 2)}`] },
          },
          { kind: 'delete-rrset', name: ledgerName, type: 'TXT' },
          { kind: 'add-rrset', rrset: ledger(ledgerName, after) },
        ],
      };
    },
  };
}

/** As long as a real ledger. */
const ledger = (name: Fqdn, epoch: number): Rrset => ({
  name,
  type: 'TXT',
  ttlSeconds: 1,
  rdata: [
    [
      'v=1',
      `epoch=${epoch}`,
      `try=${String(epoch).padStart(19, '0')}`,
      'source=127.0.0.11:3306',
      'uuid=5a0c9a5e-0000-11f0-8000-000000000011',
      'by=bench',
      'at=2026-01-01T00:00:00.000Z',
      'why=switchover',
      'form=A 1 127.0.0.11',
      'line=5a0c9a5e-0000-11f0-8000-000000000011:1-1000',
      'was=5a0c9a5e-0000-11f0-8000-000000000012',
    ],
  ],
});

/** The only key of a file in BIND's form. */
export async function keyOf(keyFile: string): Promise<TsigKey> {
  const parsed = parseKeyFile(await readFile(keyFile, 'utf8'), keyFile);
  if (parsed.kind === 'invalid') throw new Error(parsed.failure.message);
  return parsed.key;
}

/** Built and signed now, with this id, ready to be written on TCP. */
export function preparedUpdate(plan: UpdatePlan, key: TsigKey, id: number): Buffer {
  const built = buildUpdate(plan);
  if (built.kind === 'invalid') throw new Error(built.failure.message);
  const signing = { key, fudgeSeconds: 300 };
  return framed(prepareMessage({ id, ...built.message }, signing, Math.floor(Date.now() / 1000)).bytes);
}
