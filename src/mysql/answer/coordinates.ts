/** Binary log coordinates (file and position), for servers whose transactions may have no GTID. */

import type { Coordinates } from '../../core/model/observation.ts';
import type { Answers, Statement } from './query-set.ts';
import { type Row, RowReader } from './row.ts';

/**
 * Also in the permissive modes: such a server may be compared with a server that has fewer GTIDs. Without
 * REPLICATION CLIENT (manual 15.7.7.35) only these fields are missing.
 */
const withoutSomeGtids = (answers: Answers): boolean => answers['server']?.[0]?.['gtid_mode'] !== 'ON';

/** ER_SPECIFIC_ACCESS_DENIED_ERROR. */
const accessDenied = 1227;

/** Both statements were renamed: the new words came with 8.0.22 and 8.2.0; 8.4.0 removed the old words. */
export const coordinateStatements: readonly Statement[] = [
  {
    name: 'status',
    spellings: ['SHOW REPLICA STATUS', 'SHOW SLAVE STATUS'],
    when: withoutSomeGtids,
    absentOn: [accessDenied],
  },
  {
    name: 'binlog',
    spellings: ['SHOW BINARY LOG STATUS', 'SHOW MASTER STATUS'],
    when: withoutSomeGtids,
    absentOn: [accessDenied],
  },
];

export interface ChannelCoordinates {
  readonly received: Coordinates | undefined;
  readonly applied: Coordinates | undefined;
  /** Seconds_Behind_Source; undefined for NULL. */
  readonly behindSeconds: number | undefined;
}

/** By channel name; empty where the statement was not sent, or got no answer. */
export function readCoordinates(rows: readonly Row[] = []): ReadonlyMap<string, ChannelCoordinates> {
  return new Map(
    rows.map((row) => {
      const word = 'Source_Log_File' in row ? 'Source_' : 'Master_';
      const behind = row[`Seconds_Behind_${word.slice(0, -1)}`];
      const channel: ChannelCoordinates = {
        received: coordinatesOf(row, `${word}Log_File`, `Read_${word}Log_Pos`),
        applied: coordinatesOf(row, `Relay_${word}Log_File`, `Exec_${word}Log_Pos`),
        behindSeconds: typeof behind === 'string' && /^\d{1,15}$/.test(behind) ? Number(behind) : undefined,
      };
      return [String(row['Channel_Name'] ?? ''), channel];
    }),
  );
}

/** The end of the server's own binary log; undefined where it has no binary log. */
export const readBinlogEnd = (rows: readonly Row[] = []): Coordinates | undefined =>
  rows[0] === undefined ? undefined : coordinatesOf(rows[0], 'File', 'Position');

/** Undefined while there is no file yet. */
export function coordinatesOf(row: Row, fileColumn: string, positionColumn: string): Coordinates | undefined {
  const reader = new RowReader(row);
  const coordinates = { file: reader.text(fileColumn), position: reader.number(positionColumn) };
  return reader.oddColumn === undefined && coordinates.file !== '' ? coordinates : undefined;
}
