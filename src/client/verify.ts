/** Asks a server whether it is the one that the ledger names, and whether it takes writes: one statement. */

import type { DriverConnection } from './driver.ts';
import { SourceNotWritableError } from './errors.ts';
import { isIdentified, type Target } from './target.ts';

export interface Facts {
  /** As the ledger has it; MariaDB's without the address. */
  readonly identity: string;
  readonly isWritable: boolean;
}

/** The identity, and switches that must be off. The form of the identity tells which product it is. */
function statementFor(target: Target): string {
  if (!isIdentified(target)) return "SELECT '-', @@global.read_only";
  if (target.uuid.startsWith('mariadb:'))
    return "SELECT CONCAT('mariadb:', @@global.server_id), @@global.read_only";
  if (target.uuid.startsWith('aurora:'))
    return "SELECT CONCAT('aurora:', @@aurora_server_id), @@global.innodb_read_only, @@global.read_only";
  return 'SELECT @@global.server_uuid, @@global.read_only, @@global.super_read_only, @@global.offline_mode';
}

export const isOf = ({ identity }: Facts, target: Target): boolean =>
  !isIdentified(target) || identity === target.uuid || target.uuid.startsWith(`${identity}@`);

/** Rejects with the driver's error, or after `timeoutMs`. */
export async function factsOf(
  connection: DriverConnection,
  target: Target,
  timeoutMs: number,
): Promise<Facts> {
  const rows = await new Promise<unknown>((resolve, reject) => {
    const patience = setTimeout(() => {
      const message = `${target.server} did not say within ${timeoutMs} ms whether it takes writes.`;
      reject(new SourceNotWritableError(message));
    }, timeoutMs);
    connection.query(
      { sql: statementFor(target), rowsAsArray: true, typeCast: true, nestTables: false },
      (error, answer) => {
        clearTimeout(patience);
        if (error) reject(error);
        else resolve(answer);
      },
    );
  });
  const [row] = Array.isArray(rows) ? rows : [];
  const [identity, ...switches]: readonly unknown[] = Array.isArray(row) ? row : [];
  return {
    identity: String(identity),
    isWritable: switches.length > 0 && switches.every((value) => /^(?:0|OFF)$/i.test(String(value))),
  };
}
