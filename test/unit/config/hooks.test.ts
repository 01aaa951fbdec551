/** The section `hooks`: its forms, its mistakes and its warnings; none of them shows a secret. */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { whyNotRunnable } from '../../../src/config/hook-program.ts';
import { complaints, folderWith, load, loaded, minimal, withPassword } from './folder.ts';

const hooks = (list: string): string => minimal({ more: `hooks: ${list}` });

test('programs and URLs are taken over, with ${NAME} everywhere', async () => {
  const text = hooks(`
  after_move:
    - { command: [/bin/true, --cluster, "\${WHAT}"], env: { TOKEN: "\${TOKEN}" }, timeout: "\${TIME}" }
    - { url: "https://\${HOST}/\${TOKEN}", headers: { Authorization: "Bearer \${TOKEN}" } }
  on_alarm:
    - { command: [true] }
`).replace('[true]', '["true"]');
  const env = {
    ...withPassword,
    WHAT: 'a b',
    TOKEN: 'tiger-token',
    TIME: '3s',
    HOST: 'chat.example.com',
    PATH: '/usr/bin:/bin',
  };
  const { hooks: found, warnings } = await loaded(text, env);
  expect(warnings).toEqual([]);
  expect(found).toMatchObject({
    afterMove: [
      { kind: 'command', program: '/bin/true', args: ['--cluster', 'a b'], timeoutMs: 3000 },
      { kind: 'url', timeoutMs: 10_000 },
    ],
    onAlarm: [{ kind: 'command', program: 'true', args: [], timeoutMs: 10_000 }],
  });
  const [first, second] = found.afterMove;
  expect(first?.kind === 'command' && first.env.get('TOKEN')?.reveal()).toBe('tiger-token');
  expect(
    second?.kind === 'url' && [second.url.reveal(), second.headers.get('Authorization')?.reveal()],
  ).toEqual(['https://chat.example.com/tiger-token', 'Bearer tiger-token']);
  expect(JSON.stringify(found)).not.toContain('tiger-token');
});

test('without the section there are no hooks', async () => {
  expect((await loaded(minimal(), withPassword)).hooks).toEqual({ afterMove: [], onAlarm: [] });
});

test.each([
  ['{ after_moves: [] }', 'hooks.after_moves: is not known; did you mean "after_move"?'],
  ['{ after_move: [{ comand: [x] }] }', 'hooks.after_move[0].comand: is not known; did you mean "command"?'],
  [
    '{ after_move: [/bin/true] }',
    'hooks.after_move[0]: is not a hook; write { command: [...] } or { url: "https://..." }',
  ],
  ['{ on_alarm: [{ command: [] }] }', 'hooks.on_alarm[0].command: must have at least 1 entry'],
  ['{ on_alarm: [{ command: /bin/true }] }', 'hooks.on_alarm[0].command: must be a list, not text'],
  ['{ on_alarm: [{ command: ["a\\0b"] }] }', 'hooks.on_alarm[0].command[0]: has a NUL byte; remove it'],
  [
    '{ on_alarm: [{ command: [a], timeout: 10m }] }',
    'hooks.on_alarm[0].timeout: "10m" is too long; at most 5m',
  ],
  [
    '{ on_alarm: [{ command: [a], env: { SOURCE_DNS_NAME: x } }] }',
    'hooks.on_alarm[0].env.SOURCE_DNS_NAME: is set by source-dns itself; choose another name',
  ],
  [
    '{ on_alarm: [{ command: [a], env: { "A=B": x } }] }',
    'hooks.on_alarm[0].env["A=B"]: is not the name of a variable; use letters, digits and "_"',
  ],
  [
    '{ on_alarm: [{ url: "https://a.example.com/", headers: { Host: x } }] }',
    'hooks.on_alarm[0].headers.Host: is set by source-dns itself; remove it',
  ],
  [
    '{ on_alarm: [{ url: "https://a.example.com/", headers: { "A B": x } }] }',
    'hooks.on_alarm[0].headers["A B"]: is not the name of a header (RFC 9110 5.1)',
  ],
])('a mistake: %s', async (text, expected) => {
  const [found = ''] = await complaints(hooks(text), withPassword);
  expect(found.replace(/^source-dns\.yaml:\d+:\d+: /, '')).toBe(expected);
});

test.each([
  'url: "ftp://user:tiger@chat.example.com/"',
  'url: "user:tiger@chat.example.com"',
  'url: "https://chat.example.com/", headers: { A: "tiger\\r\\nX: y" }',
  'url: "https://chat.example.com/", headers: { A: "tiger\\u20ac" }',
  'url: "https://chat.example.com/tiger", timeout: 1h',
  'url: "https://chat.example.com/tiger", commands: []',
  'command: [a], env: { A: "tiger\\0" }',
])('a mistake beside a secret does not show the secret: %s', async (text) => {
  const found = await complaints(hooks(`{ after_move: [{ ${text} }] }`), withPassword);
  expect(found).toHaveLength(1);
  expect(found[0]).not.toContain('tiger');
});

test('a program that cannot be run is a warning with its path: it may still be installed', async () => {
  const text = hooks(
    '{ after_move: [{ command: [./notify] }, { command: [/nowhere/notify] }], on_alarm: [{ command: [no-such-program] }] }',
  );
  const { folder, result } = await load(text, { ...withPassword, PATH: '/usr/bin:/bin' });
  expect(result.kind === 'loaded' && result.config.warnings).toEqual([
    // Relative to the folder of the configuration, as every path in it.
    `hooks.after_move[0].command: ${folder}/notify does not exist; install it, or correct the path`,
    'hooks.after_move[1].command: /nowhere/notify does not exist; install it, or correct the path',
    'hooks.on_alarm[0].command: there is no program "no-such-program" in PATH (/usr/bin:/bin); write its absolute path',
  ]);
});

test('a password that goes over the network in the clear is a warning, which does not show it', async () => {
  const { warnings } = await loaded(
    hooks(
      '{ after_move: [{ url: "http://user:tiger@chat.example.com:8080/hook" }, { url: "http://127.0.0.1/plain" }] }',
    ),
    withPassword,
  );
  expect(warnings).toEqual([
    'hooks.after_move[0].url: everybody between us and chat.example.com:8080 can read its password or headers; use https',
  ]);
});

test.each([
  ['plain', 'echo\n', 0o644, /^this user may not execute .*: chmod \+x /],
  ['missing', undefined, 0, /does not exist/],
  ['other', '#! /nowhere/python -u\n', 0o755, /needs the interpreter \/nowhere\/python,/],
  ['windows', '#!/bin/sh\r\n', 0o755, /Windows line ends.*sed -i/],
  ['env', '#!/usr/bin/env python9\n', 0o755, undefined],
  ['script', '#!/bin/sh\n', 0o755, undefined],
  ['bare', 'echo\n', 0o755, undefined],
])('whether a program can be run: %s', async (name, text, mode, expected) => {
  const folder = await folderWith({});
  const file = join(folder, name);
  if (text !== undefined) {
    await writeFile(file, text);
    await chmod(file, mode);
  }
  for (const why of [await whyNotRunnable(file), await whyNotRunnable(name, `/nowhere:${folder}`)])
    if (expected === undefined) expect(why).toBeUndefined();
    else expect(why).toBeDefined();
  if (expected !== undefined) expect(await whyNotRunnable(file)).toMatch(expected);
  expect(await whyNotRunnable(folder)).toMatch(/is not a program: it is no regular file/);
});
