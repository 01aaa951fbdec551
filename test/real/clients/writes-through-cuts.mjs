// Writers on one pool. Each has numbers of its own, and writes each number once. It says what became of each. When its
// input ends, the writers end, then the pool. Nothing calls exit.
import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from 'mysql2/promise';
import { followSource } from '../../../dist/client/source-dns-mysql2.js';

const { pool: options, follow, writers, first } = JSON.parse(process.argv[2]);
const perWriter = 1_000_000;
const pool = followSource(createPool(options), follow);
const say = (line) => process.stdout.write(`${line}\n`);
let isOver = false;

async function write(writer) {
  for (let n = first + writer * perWriter; !isOver; n += 1) {
    try {
      await pool.query('INSERT INTO shop.orders VALUES (?)', [n]);
      say(`done ${n}`);
    } catch (error) {
      say(`failed ${n} ${error.code} ${error.refused}`);
    }
    await delay(5);
  }
}

pool.source.on('moved', () => say('moved'));
const asked = pool.query('SELECT @@server_uuid AS uuid');
await pool.source.ready();
say('known');
await asked;
say('ready');
const writing = Array.from({ length: writers }, (_, index) => write(index));
for await (const _ of process.stdin);
isOver = true;
await Promise.all(writing);
await pool.end();
say('over');
