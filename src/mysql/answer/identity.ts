import type { ServerAddress, ServerId } from '../../core/model/units.ts';
import type { Row, RowReader } from './row.ts';
import { isPlainLine } from './text.ts';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A `server_uuid` in that column: always lower case, so that two servers' views of one can be compared. */
export function serverId(row: RowReader, column: string): ServerId {
  return (row.parsed(column, (text) =>
    uuidPattern.test(text.toLowerCase()) ? text.toLowerCase() : undefined,
  ) ?? '') as ServerId;
}

/**
 * MariaDB has no UUID of its own: its `server_uid` is made from the port and the network card, so several servers of one machine share it, and a move changes it. A
 * server is known by its `server_id` at the address that it was configured with.
 */
export const mariadbServerId = (serverId: number, server: ServerAddress): ServerId =>
  `mariadb:${serverId}@${server}` as ServerId;

/** Where a receiver connects to. IPv6 in brackets, lower case: as the configuration writes it. A host that was never set is empty. */
export function sourceAddress(host: string, port: number): ServerAddress {
  const lower = host.toLowerCase();
  const bracketed = lower.includes(':') && !lower.startsWith('[') ? `[${lower}]` : lower;
  return `${bracketed}:${port}` as ServerAddress;
}

/** `report_host` has at most 255 characters (manual 19.1.6.3). */
const longestReported = 255;

/** Where a server says that it runs, or that its clients reach it. Undefined where it says nothing, or a port that does not exist: what a server reports is for people, and need not be anything. */
export function reportedAddress(row: Row, hostColumn: string, portColumn: string): ServerAddress | undefined {
  const cell = row[hostColumn];
  const host =
    typeof cell === 'string' && isPlainLine(cell) && !/\s/.test(cell) ? cell.replace(/\.$/, '') : '';
  const port = Number(row[portColumn] ?? 0);
  return host === '' || host.length > longestReported || !Number.isInteger(port) || port < 1 || port > 65_535
    ? undefined
    : sourceAddress(host, port);
}
