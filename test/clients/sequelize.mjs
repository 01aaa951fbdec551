/** Sequelize 6, which has its own pool. */

import { DataTypes, Sequelize } from 'sequelize';
import { follow } from 'source-dns-mysql2';

export function open({ host, user, password, database, nameservers, connectionLimit }) {
  const source = follow(host, { nameservers });
  const db = new Sequelize(database, user, password, {
    host,
    dialect: 'mysql',
    dialectOptions: { stream: source.stream },
    hooks: { afterConnect: (connection) => source.check(connection) },
    pool: { max: connectionLimit },
  });
  db.options.logging = false;
  const columns = { id: { type: DataTypes.STRING, primaryKey: true }, part: DataTypes.INTEGER };
  const Write = db.define('Write', columns, { tableName: 'writes', timestamps: false });
  return {
    write: (id) => Write.create({ id, part: 1 }),
    writeBoth: (id) =>
      db.transaction(async (transaction) => {
        await Write.create({ id, part: 1 }, { transaction });
        await Write.create({ id, part: 2 }, { transaction });
      }),
    async close() {
      await db.close();
      source.close();
    },
  };
}
