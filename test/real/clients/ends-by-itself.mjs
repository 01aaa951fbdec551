// A program that listens to no event, has a busy connection and a caller who waits, and ends its pool as soon as the
// source has moved. Then nothing may keep the process: it calls no exit.
import { createPool } from 'mysql2/promise';
import { followSource } from '../../../dist/client/source-dns-mysql2.js';

const { pool: options, follow } = JSON.parse(process.argv[2]);
const pool = followSource(createPool({ ...options, connectionLimit: 1 }), follow);
const connection = await pool.getConnection();
const statement = connection.query('SELECT SLEEP(1000)').catch((error) => error.code);
const waiting = pool.query('SELECT 1').then(
  () => 'over',
  () => 'over',
);
process.stdout.write('ready\n');
process.stdout.write(`${await statement}\n`);
await pool.end();
process.stdout.write('ended\n');
process.stdout.write(`${await waiting}\n`);
