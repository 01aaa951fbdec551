import type { ServerId } from '../core/units.ts';
import type { RowReader } from './row.ts';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A `server_uuid` in that column: always lower case, so that two servers' views of one can be compared. */
export function serverId(row: RowReader, column: string): ServerId {
  return (row.parsed(column, (text) => (uuidPattern.test(text.toLowerCase()) ? text.toLowerCase() : undefined)) ?? '') as ServerId;
}
