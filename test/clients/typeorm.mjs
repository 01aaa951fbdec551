/** TypeORM, which calls `createPool` of the driver that it is given. */

import mysql from 'mysql2';
import { followSource } from 'source-dns-mysql2';
import { DataSource, EntitySchema } from 'typeorm';

const Write = new EntitySchema({
  name: 'Write',
  tableName: 'writes',
  columns: { id: { type: String, primary: true }, part: { type: Number } },
});

export async function open({ host, user, password, database, nameservers, connectionLimit }) {
  const db = new DataSource({
    type: 'mysql',
    host,
    username: user,
    password,
    database,
    poolSize: connectionLimit,
    driver: { createPool: (options) => followSource(mysql.createPool(options), { nameservers }) },
  });
  db.setOptions({ entities: [Write] });
  await db.initialize();
  return {
    write: (id) => db.query('INSERT INTO writes (id, part) VALUES (?, ?)', [id, 1]),
    writeBoth: (id) =>
      db.transaction(async (manager) => {
        await manager.insert(Write, { id, part: 1 });
        await manager.insert(Write, { id, part: 2 });
      }),
    close: () => db.destroy(),
  };
}
