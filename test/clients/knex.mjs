/** Knex with the pool of mysql2. */

import knex from 'knex';
import mysql from 'mysql2/promise';
import { followSource } from 'source-dns-mysql2';

export function open({ host, user, password, database, nameservers, connectionLimit }) {
  const pool = followSource(mysql.createPool({ host, user, password, database, connectionLimit }), {
    nameservers,
  });
  const db = knex({ client: 'mysql2', connectionPool: pool });
  return {
    ...writesOf(db),
    async close() {
      await db.destroy();
      await pool.end();
    },
  };
}

/** What the application writes, with either pool. */
export const writesOf = (db) => ({
  write: (id) => db('writes').insert({ id, part: 1 }),
  writeBoth: (id) =>
    db.transaction(async (transaction) => {
      await transaction('writes').insert({ id, part: 1 });
      await transaction('writes').insert({ id, part: 2 });
    }),
});
