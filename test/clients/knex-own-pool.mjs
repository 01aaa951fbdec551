/** Knex with its own pool, as it was before `connectionPool`. */

import knex from 'knex';
import { follow } from 'source-dns-mysql2';

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
    write: (id) => db('writes').insert({ id, part: 1 }),
    writeBoth: (id) =>
      db.transaction(async (transaction) => {
        await transaction('writes').insert({ id, part: 1 });
        await transaction('writes').insert({ id, part: 2 });
      }),
    async close() {
      await db.destroy();
      source.close();
    },
  };
}
