/**
 * The web client of docker-compose.yml: it knows the name of the source, and writes a row a second. It prints a line
 * when its rows go to another server, when writes begin to fail, and when they work again.
 *
 *   node web-client.mjs NAME RESOLVER PASSWORD_FILE
 */

import { Resolver } from 'node:dns/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';

const [name, nameserver, passwordFile] = process.argv.slice(2);
const password = readFileSync(passwordFile, 'utf8').trim();
const resolver = new Resolver({ timeout: 500, tries: 2 });
resolver.setServers([nameserver]);

let connection;
let last;
// As the first process of a container it has to say so.
process.once('SIGTERM', () => process.exit());

for (;;) {
  const now = await write().catch((error) => {
    connection?.destroy();
    connection = undefined;
    return `no write: ${error.code ?? error.message}`;
  });
  if (now !== last) process.stdout.write(`${new Date().toISOString()} ${now}\n`);
  last = now;
  await delay(1000);
}

/** A new connection resolves the name again; an old one serves until a write fails. */
async function write() {
  connection ??= await open();
  await connection.query({ sql: 'INSERT INTO shop.orders (server_id) VALUES (@@server_id)', timeout: 3000 });
  writeFileSync('/tmp/written', ''); // For the health check.
  return `the rows go to ${connection.server}`;
}

async function open() {
  const [host] = await resolver.resolve4(name);
  const opened = await createConnection({ host, user: 'web', password, connectTimeout: 2000 });
  // A connection that breaks between two writes is seen by the next write.
  opened.on('error', () => undefined);
  await opened.query(
    'CREATE TABLE IF NOT EXISTS shop.orders (n INT AUTO_INCREMENT PRIMARY KEY, server_id INT)',
  );
  return Object.assign(opened, { server: host });
}
