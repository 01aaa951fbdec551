/** The section `http`: where the API listens over TCP, and the token. */

import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { around, folderWith, keyText, minimal, withPassword } from './folder.ts';

const goodToken = '0123456789abcdef';

/** `mode`: of the token's file. */
async function loadedWith(http: string, token: string | undefined = goodToken, mode = 0o640) {
  const folder = await folderWith({
    'source-dns.yaml': minimal({ more: `http: ${http}` }),
    'ddns.key': keyText,
  });
  if (token !== undefined) {
    await writeFile(join(folder, 'api.token'), token);
    await chmod(join(folder, 'api.token'), mode);
  }
  const result = await loadConfig(undefined, around(folder, withPassword));
  return result.kind === 'invalid'
    ? { complaint: result.errors.map(formatConfigError).join('\n').replaceAll(folder, 'FOLDER') }
    : { http: result.config.http, warnings: result.config.warnings.join('\n'), files: result.config.files };
}

test('without the section there is no TCP', async () => {
  const folder = await folderWith({ 'source-dns.yaml': minimal(), 'ddns.key': keyText });
  const result = await loadConfig(undefined, around(folder, withPassword));
  expect(result.kind === 'loaded' && result.config.http).toBeUndefined();
});

test.each([
  ['{}', { host: '127.0.0.1', port: 8053, names: [] }],
  ['{ listen: "127.0.0.1:80" }', { host: '127.0.0.1', port: 80 }],
  ['{ listen: "[::1]:8054" }', { host: '::1', port: 8054 }],
  ['{ listen: localhost }', { host: 'localhost', port: 8053 }],
  ['{ listen: 127.9.9.9, names: [Watcher-1.Example.com.] }', { names: ['watcher-1.example.com'] }],
])('on loopback no token is needed: %s', async (section, expected) => {
  const { http } = await loadedWith(section);
  expect(http).toMatchObject(expected);
  expect(http?.token).toBeUndefined();
});

test.each(['0.0.0.0', '"[::]:8053"', '192.0.2.1', 'watcher-1.example.com', 'localhost.example.com'])(
  'an address that other hosts can reach needs a token: %s',
  async (listen) => {
    expect((await loadedWith(`{ listen: ${listen} }`)).complaint).toMatch(
      /http\.listen: ".*" can be reached from other hosts, so it needs a token; add "token_file:"/,
    );
    const { http } = await loadedWith(`{ listen: ${listen}, token_file: api.token }`);
    expect(http?.token?.reveal()).toBe(goodToken);
    expect(JSON.stringify(http)).not.toContain(goodToken);
  },
);

test.each([
  ['the end of a line is no part of it', `${goodToken}\n`],
  ['nor is that of another system', `${goodToken}\r\n`],
  ['base64', 'q83vASNFZ4mrze8BI0VniavN7w=='],
])('a token: %s', async (_, token) => {
  expect((await loadedWith('{ token_file: api.token }', token)).http?.token?.reveal()).toBe(token.trim());
});

test.each([
  ['no file', undefined, /does not exist/],
  ['nothing in it', '', /is empty/],
  ['too short', '0123456789abcde', /has no token/],
  ['two lines', `${goodToken}\n${goodToken}\n`, /has no token/],
  ['a space in it', 'correct horse battery staple', /has no token/],
  ['letters that no header can have', 'correct-horse-b\u00e4ttery-staple', /has no token/],
])('no token: %s', async (_, token, complaint) => {
  const told = (await loadedWith('{ token_file: api.token }', token ?? 'x'.repeat(20))).complaint;
  const gone = (await loadedWith('{ token_file: none.token }')).complaint;
  const message = token === undefined ? gone : told;
  expect(message).toMatch(complaint);
  expect(message).toContain('http.token_file');
  expect(message).not.toContain('horse');
});

test('a token in the place of its path is not shown', async () => {
  const token = '5b2d9c'.repeat(11).slice(0, 64);
  const { complaint } = await loadedWith(`{ token_file: "${token}" }`);
  expect(complaint).toMatch(/http\.token_file: looks like the secret itself, not like the path of a file/);
  expect(complaint).not.toContain(token.slice(0, 8));
});

test('a token that others can read, and every address, are warnings', async () => {
  expect((await loadedWith('{ token_file: api.token }', goodToken, 0o644)).warnings).toMatch(
    /http\.token_file: .*api\.token can be read by every user of this host/,
  );
  const { warnings } = await loadedWith('{ listen: 0.0.0.0, token_file: api.token }');
  expect(warnings).toMatch(/http\.listen: 0\.0\.0\.0 is every address of this host/);
  expect(warnings).toMatch(/http\.names: is empty/);
  expect((await loadedWith('{ token_file: api.token }')).warnings).toBe('');
});

test('the token is one of the files whose change is noticed', async () => {
  const { files } = await loadedWith('{ token_file: api.token }');
  expect(files?.map(({ role }) => role)).toContain('http.token_file');
});
