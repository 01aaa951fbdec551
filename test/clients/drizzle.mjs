/** Drizzle, which takes the pool. */

import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core';
import { drizzle } from 'drizzle-orm/mysql2';
import mysql from 'mysql2/promise';
import { followSource } from 'source-dns-mysql2';

const writes = mysqlTable('writes', { id: varchar({ length: 80 }), part: int() });

export function open({ host, user, password, database, nameservers, connectionLimit }) {
  const pool = followSource(mysql.createPool({ host, user, password, database, connectionLimit }), {
    nameservers,
  });
  const db = drizzle({ client: pool });
  return {
    write: (id) => db.insert(writes).values({ id, part: 1 }),
    writeBoth: (id) =>
      db.transaction(async (transaction) => {
        await transaction.insert(writes).values({ id, part: 1 });
        await transaction.insert(writes).values({ id, part: 2 });
      }),
    close: () => pool.end(),
  };
}
