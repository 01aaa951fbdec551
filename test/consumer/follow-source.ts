/**
 * An application that installed source-dns-mysql2: pools with promises and with callbacks, and sockets for a
 * library that pools by itself. Nobody answers at NAMESERVER. Prints one line of JSON, and ends by itself.
 * follow-source NAMESERVER
 */

import { createPool } from 'mysql2';
import { createPool as createPromisePool, type Pool } from 'mysql2/promise';
import {
  type Current,
  type FollowOptions,
  follow,
  followSource,
  type Source,
  SourceUnknownError,
} from 'source-dns-mysql2';

const [nameserver = ''] = process.argv.slice(2);
const options: FollowOptions = { nameservers: [nameserver], acquireTimeout: '300ms' };
const host = 'source.shop.db.example.com';

const pool: Pool & { readonly source: Source } = followSource(createPromisePool({ host }), options);
const plain = followSource(createPool({ host }), options);
const source = follow(host, options);
const moves: [Current, Current][] = [];
source.on('moved', (now, before) => moves.push([now, before]));

const codes = [
  await pool.query('SELECT 1').then(
    () => 'answered',
    (error: unknown) => (error instanceof SourceUnknownError && error.refused ? error.code : error),
  ),
  await new Promise((resolve) => plain.getConnection((error) => resolve(error?.code))),
  await source.ready().then(
    ({ epoch }) => epoch,
    (error) => error.code,
  ),
];
await pool.end();
plain.end();
source.close();
process.stdout.write(`${JSON.stringify({ codes, moves, current: pool.source.current ?? null })}\n`);
