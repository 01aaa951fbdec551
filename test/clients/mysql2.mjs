/** The driver alone, in any of its versions. */

import { followSource } from 'source-dns-mysql2';

export async function open({ driver, host, user, password, database, nameservers, connectionLimit }) {
  const mysql = await import(`${driver}/promise.js`);
  const pool = followSource(mysql.createPool({ host, user, password, database, connectionLimit }), {
    nameservers,
  });
  const insert = 'INSERT INTO writes (id, part) VALUES (?, ?)';
  return {
    write: (id) => pool.query(insert, [id, 1]),
    async writeBoth(id) {
      const connection = await pool.getConnection();
      try {
        await connection.beginTransaction();
        await connection.execute(insert, [id, 1]);
        await connection.execute(insert, [id, 2]);
        await connection.commit();
      } catch (error) {
        await connection.rollback().catch(() => undefined);
        throw error;
      } finally {
        connection.release();
      }
    },
    close: () => pool.end(),
  };
}
