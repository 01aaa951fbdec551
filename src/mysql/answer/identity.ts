/** Who a server is, and the addresses that servers report. */

import type { ServerAddress, ServerId } from '../../core/model/units.ts';
import type { Row, RowReader } from './row.ts';
import { isPlainLine } from './text.ts';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The `server_uuid` in that column, in lower case, so that the views of two servers can be compared. */
export function serverId(row: RowReader, column: string): ServerId {
  return (row.parsed(column, (text) =>
    uuidPattern.test(text.toLowerCase()) ? text.toLowerCase() : undefined,
  ) ?? '') as ServerId;
}

/**
 * MariaDB has no stable UUID: its `server_uid` is made from the port and the network card, so servers of one
 * machine share it, and a move changes it. So a server is known by its `server_id` at its configured address.
 */
export const mariadbServerId = (serverId: number, server: ServerAddress): ServerId =>
  `mariadb:${serverId}@${server}` as ServerId;

/** Where a receiver connects to, spelled as in the configuration. A host that was never set is empty. */
export function sourceAddress(host: string, port: number): ServerAddress {
  const lower = host.toLowerCase();
  const bracketed = lower.includes(':') && !lower.startsWith('[') ? `[${lower}]` : lower;
  return `${bracketed}:${port}` as ServerAddress;
}

/** `report_host` has at most 255 characters (manual 19.1.6.3). */
const longestReported = 255;

/** For people: a server may report anything. Undefined where it says nothing, or names an invalid port. */
export function reportedAddress(row: Row, hostColumn: string, portColumn: string): ServerAddress | undefined {
  const cell = row[hostColumn];
  const host =
    typeof cell === 'string' && isPlainLine(cell) && !/\s/.test(cell) ? cell.replace(/\.$/, '') : '';
  const port = Number(row[portColumn] ?? 0);
  return host === '' || host.length > longestReported || !Number.isInteger(port) || port < 1 || port > 65_535
    ? undefined
    : sourceAddress(host, port);
}
