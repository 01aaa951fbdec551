/** What a real MySQL 9.7 answered, given by the false server. */

import { traitsQuery, uptimeQuery } from '../../src/mysql/flavour.ts';
import { mysql8 } from '../../src/mysql/mysql-8.ts';
import type { Answers } from '../../src/mysql/query-set.ts';
import type { Reply, TextRow } from './false-mysqld.ts';
import { recording } from './recorded.ts';

/** Of a case of test/mysql/rows/mysql-9.7.json; other cells where the test says so. */
export function healthyReply(name = 'source', cells: TextRow = {}): (sql: string) => Reply {
  const answers = recording('mysql-9.7').cases[name] as Answers;
  const byStatement = new Map(
    mysql8.statements.flatMap(({ name: statement, spellings }) => spellings.map((sql) => [sql, answers[statement]])),
  );
  return (sql) => {
    if (sql === traitsQuery) return [{ Variable_name: 'version', Value: '9.7.4' }];
    if (sql === uptimeQuery || sql.includes('CURRENT_USER')) return [{ Value: '60', account: 'source_dns@%' }];
    const rows = (byStatement.get(sql) ?? []) as readonly TextRow[];
    return sql.includes('@@server_uuid') ? rows.map((row) => ({ ...row, ...cells })) : rows;
  };
}
