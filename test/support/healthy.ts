/** What a real MySQL 9.7 answered, given by the false server. */

import type { Answers } from '../../src/mysql/answer/query-set.ts';
import { lightTraitsQueries, uptimeQuery } from '../../src/mysql/flavour/flavour.ts';
import { mysql8 } from '../../src/mysql/flavour/mysql-8.ts';
import type { Reply, TextRow } from './false-mysqld.ts';
import { recording } from './recorded.ts';

const product: readonly TextRow[] = [{ version: '9.7.4', account: 'source_dns@%' }];
const uptime: readonly TextRow[] = [{ Value: '60' }];
const none: readonly TextRow[] = [];

/** From a case of test/support/rows/mysql-9.7.json, with other cells where the test says so. */
export function healthyReply(name = 'source', cells: TextRow = {}): (sql: string) => Reply {
  const answers = recording('mysql-9.7').cases[name] as Answers;
  const byStatement = new Map(
    mysql8.statements.flatMap(({ name: statement, spellings }) =>
      spellings.map((sql) => [sql, answers[statement]]),
    ),
  );
  const server = (answers['server'] as readonly TextRow[]).map((row) => ({ ...row, ...cells }));
  return (sql) => {
    if (sql === lightTraitsQueries[0]) return product;
    if (sql === uptimeQuery) return uptime;
    return sql.includes('@@server_uuid') ? server : ((byStatement.get(sql) ?? none) as readonly TextRow[]);
  };
}
