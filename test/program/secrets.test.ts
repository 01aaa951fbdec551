/** The built program keeps the password and the key secret, even with the most verbose log. */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { askDaemon } from '../../src/http/client.ts';
import { startFakeNameserver } from '../support/fake-nameserver.ts';
import { startFalseMysqld } from '../support/false-mysqld.ts';
import { healthyReply } from '../support/healthy.ts';
import { type Place, place, program, start } from './built-program.ts';

const password = 'tiger-in-the-tank';
/** How `place` writes it, and its meaning. */
const keys = ['c2VjcmV0LXNlY3JldC1zZWNyZXQ', 'secret-secret-secret'];
const secrets = new RegExp([password, ...keys].join('|'));

/** One server answers, the other does not; the nameserver only echoes messages, so it gives no answer. */
async function world(): Promise<Place> {
  const here = await place();
  const mysqld = await startFalseMysqld({ reply: healthyReply() });
  const nameserver = await startFakeNameserver((message, reply) => reply(message));
  onTestFinished(async () => {
    await Promise.all([mysqld.close(), nameserver.close()]);
  });
  const text = (await readFile(here.config, 'utf8'))
    .replace('127.0.0.1:1', mysqld.address)
    .replace('password_file: password', `password: "\${DB_PASSWORD}", tls: disabled`)
    .replace('port: 9,', `port: ${nameserver.port},`);
  const dump = `env > ${here.folder}/$$.part; mv ${here.folder}/$$.part ${here.folder}/env`;
  const hooks = `\
hooks:
  on_alarm:
    - { command: [/bin/sh, -c, ${JSON.stringify(dump)}] }
    - { url: "http://user:\${DB_PASSWORD}@127.0.0.1:1/\${DB_PASSWORD}" }
`;
  await writeFile(here.config, `${text}log: { level: trace }\n${hooks}`);
  return here;
}

test('the log, the API, the history, the commands, ps and the environment of hooks show no secret', async () => {
  const here = await world();
  const env = { PATH: process.env['PATH'], DB_PASSWORD: password };
  const command = (...words: readonly string[]) =>
    start([process.execPath, program, '--config', here.config, ...words], { env });
  const daemon = command('run');
  await daemon.said('"started"');
  const ask = async (path: string): Promise<string> =>
    JSON.stringify(await askDaemon(here.socket, { method: 'GET', path, timeoutMs: 5000 }));
  const deadline = performance.now() + 20_000;
  let cluster = '';
  // The server got the password and the nameserver a signed question: both secrets are in use.
  while (!/"reachable":true/.test(cluster) || !/"readFailure":\{/.test(cluster)) {
    expect(performance.now()).toBeLessThan(deadline);
    cluster = await ask('/v1/clusters/shop');
  }
  const shown = [
    cluster,
    await ask('/v1/clusters/shop/history'),
    await readFile(`/proc/${daemon.child.pid}/cmdline`, 'utf8'),
  ];
  for (const words of [['status'], ['explain', 'shop'], ['history'], ['--json', 'status'], ['schema']]) {
    const { out, err } = await command(...words).ended;
    shown.push(out, err);
  }
  await daemon.said('"hook-done"');
  const told = await readFile(join(here.folder, 'env'), 'utf8');
  expect(told).toMatch(/^SOURCE_DNS_ALARM=.*$/m);
  expect(told).toMatch(/^SOURCE_DNS_INSTANCE=watcher-1$/m);
  shown.push(told);
  // The sentence about a refused reload does not have the password.
  await writeFile(
    here.config,
    (await readFile(here.config, 'utf8')).replace('tls: disabled', `tls: "\${DB_PASSWORD}"`),
  );
  daemon.child.kill('SIGHUP');
  await daemon.said('mysql.tls');
  daemon.child.kill('SIGTERM');
  const { code, out, err } = await daemon.ended;
  expect(code).toBe(0);
  const files = await readdir(here.stateDir);
  expect(files).toContain('history.jsonl');
  shown.push(
    out,
    err,
    ...(await Promise.all(files.map((file) => readFile(join(here.stateDir, file), 'utf8')))),
  );
  expect(shown.filter((text) => secrets.test(text))).toEqual([]);
});
