/**
 * The places in binary logs of fake servers with transactions without GTIDs: each server has one file, and
 * each transaction takes the same number of bytes.
 */

import { countGtids, subtract } from '../../../src/core/gtid/gtid.ts';
import type { Answers } from '../../../src/mysql/answer/query-set.ts';
import type { FakeChannel, FakeServer } from '../../support/fake-mysql.ts';

const file = 'binlog.000001';
const bytesEach = 100;

/** The answers of SHOW BINARY LOG STATUS and SHOW REPLICA STATUS. */
export function coordinateAnswers(
  server: FakeServer,
  channels: readonly FakeChannel[],
  servers: ReadonlyMap<string, FakeServer>,
): Answers {
  const status = channels.map((channel) => {
    const position = positionIn(servers.get(channel.source), server);
    return {
      Channel_Name: channel.name,
      Source_Log_File: file,
      Read_Source_Log_Pos: position,
      Relay_Source_Log_File: file,
      Exec_Source_Log_Pos: position,
      Seconds_Behind_Source: channel.receiver === 'ON' && channel.applier === 'ON' ? '0' : null,
    };
  });
  return { status, binlog: [{ File: file, Position: positionIn(server, server) }] };
}

/** How much of the transactions of the source this replica has. */
function positionIn(source: FakeServer | undefined, { executed }: FakeServer): string {
  const had = source ? countGtids(source.executed) - countGtids(subtract(source.executed, executed)) : 0;
  return String(bytesEach * had);
}
