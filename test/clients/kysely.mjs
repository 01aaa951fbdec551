/** Kysely, which wants the pool of `mysql2`, not that of `mysql2/promise`. */

import { Kysely, MysqlDialect } from 'kysely';
import mysql from 'mysql2';
import { followSource } from 'source-dns-mysql2';

export function open({ host, user, password, database, nameservers, connectionLimit }) {
  const pool = followSource(mysql.createPool({ host, user, password, database, connectionLimit }), {
    nameservers,
  });
  const db = new Kysely({ dialect: new MysqlDialect({ pool }) });
  return {
    write: (id) => db.insertInto('writes').values({ id, part: 1 }).execute(),
    writeBoth: (id) =>
      db.transaction().execute(async (transaction) => {
        await transaction.insertInto('writes').values({ id, part: 1 }).execute();
        await transaction.insertInto('writes').values({ id, part: 2 }).execute();
      }),
    close: () => db.destroy(),
  };
}
