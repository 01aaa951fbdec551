/** Knex with its own pool, as it was before `connectionPool`. */

import knex from 'knex';
import { follow } from 'source-dns-mysql2';
import { writesOf } from './knex.mjs';

export function open({ host, user, password, database, nameservers, connectionLimit }) {
  const source = follow(host, { nameservers });
  const db = knex({
    client: 'mysql2',
    connection: { host, user, password, database, stream: source.stream },
    pool: {
      min: 0,
      max: connectionLimit,
      afterCreate: (connection, done) => source.check(connection).then(() => done(), done),
    },
  });
  return {
    ...writesOf(db),
    async close() {
      await db.destroy();
      source.close();
    },
  };
}
