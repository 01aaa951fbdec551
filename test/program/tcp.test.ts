/** The API over TCP with the built program: the start, a reload, and what the log says. */

import { existsSync } from 'node:fs';
import { appendFile, chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask, bearer, freePort, takenPort } from '../support/tcp-api.ts';
import { type Place, place, program, start } from './built-program.ts';

const run = ({ config }: Place) => start([process.execPath, program, '--config', config, 'run']);
const thaw = 'POST /v1/clusters/shop/thaw';
const [first, second] = ['first-token-of-this-test', 'second-token-of-this-test'];

/** A configuration with this section `http`. */
async function withHttp(section: string): Promise<Place> {
  const here = await place();
  await appendFile(here.config, `http: ${section}\n`);
  return here;
}

async function writeToken({ folder }: Place, token: string): Promise<void> {
  await writeFile(join(folder, 'api.token'), `${token}\n`);
  await chmod(join(folder, 'api.token'), 0o640);
}

test('a reload takes another token, keeps the listener, and no token is logged', async () => {
  const port = await freePort();
  const here = await withHttp(`{ listen: "127.0.0.1:${port}", token_file: api.token }`);
  await writeToken(here, first);
  const daemon = run(here);
  await daemon.said(`http://127.0.0.1:${port}/`);
  await daemon.said('"started"');
  expect(await ask(port, 'GET /healthz')).toMatchObject({ status: 200 });
  expect(await ask(port, thaw, bearer(second))).toMatchObject({ status: 401 });
  // The nameserver of this configuration does not answer: the request gets as far as the core.
  expect((await ask(port, thaw, bearer(first))).code).not.toBe('unauthorized');
  await writeToken(here, second);
  daemon.child.kill('SIGHUP');
  await daemon.said('"reloaded"');
  expect(await ask(port, thaw, bearer(first))).toMatchObject({ status: 401 });
  expect((await ask(port, thaw, bearer(second))).code).not.toBe('unauthorized');
  // Not a token any more: the old one stays in force.
  await writeToken(here, 'short');
  daemon.child.kill('SIGHUP');
  await daemon.said('"reload-refused"');
  expect((await ask(port, thaw, bearer(second))).code).not.toBe('unauthorized');
  daemon.child.kill('SIGTERM');
  const { code, out, err } = await daemon.ended;
  expect(code).toBe(0);
  expect(out + err).not.toMatch(/(?:first|second)-token/);
  await expect(ask(port, 'GET /healthz')).rejects.toThrow('ECONNREFUSED');
});

test('a reload moves the listener, or says why it cannot', async () => {
  const [port, other, taken] = [await freePort(), await freePort(), await takenPort()];
  const here = await withHttp(`{ listen: "127.0.0.1:${port}" }`);
  const daemon = run(here);
  await daemon.said('"started"');
  const rewrite = async (from: number, to: number) => {
    const old = await readFile(here.config, 'utf8');
    await writeFile(here.config, old.replace(`127.0.0.1:${from}`, `127.0.0.1:${to}`));
  };
  await rewrite(port, taken);
  daemon.child.kill('SIGHUP');
  await daemon.said('"port-taken"');
  await daemon.said('"reload-refused"');
  expect(await ask(port, 'GET /healthz')).toMatchObject({ status: 200 });
  await rewrite(taken, other);
  daemon.child.kill('SIGHUP');
  await daemon.said('"reloaded"');
  await daemon.said(`http://127.0.0.1:${other}/`);
  expect(await ask(other, 'GET /healthz')).toMatchObject({ status: 200 });
  await expect(ask(port, 'GET /healthz')).rejects.toThrow('ECONNREFUSED');
});

test('a port that is taken stops the start with a sentence, and leaves no socket', async () => {
  const taken = await takenPort();
  const here = await withHttp(`{ listen: "127.0.0.1:${taken}" }`);
  const { code, err } = await run(here).ended;
  expect(code).toBe(1);
  expect(err).toContain(`cannot listen on 127.0.0.1:${taken}: another program does`);
  expect(err).toContain('http.listen');
  expect(existsSync(here.socket)).toBe(false);
});

test('an address that others can reach needs a token_file', async () => {
  const { code, err } = await run(await withHttp('{ listen: "0.0.0.0:8053" }')).ended;
  expect(code).toBe(2);
  expect(err).toMatch(/http\.listen: "0\.0\.0\.0:8053" can be reached from other hosts, so it needs a token/);
});
