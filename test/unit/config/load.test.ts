/** Loading the configuration as a whole. */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { formatConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { Secret } from '../../../src/config/secret.ts';
import { around, complaints, folderWith, keyText, load, loaded, minimal, withPassword } from './folder.ts';

const beside = (name: string) => readFile(new URL(name, import.meta.url), 'utf8');

test('the full example loads to exactly these settings', async () => {
  const { folder, result } = await load(await beside('full.yaml'));
  expect(result.kind).toBe('loaded');
  if (result.kind !== 'loaded') return;
  const { clusters, nameservers, ...rest } = result.config;
  expect(rest).toEqual({
    file: join(folder, 'source-dns.yaml'),
    hooks: {
      afterMove: [
        {
          kind: 'command',
          program: '/bin/sh',
          args: ['-c', 'echo moved'],
          env: new Map([['TOKEN', expect.any(Secret)]]),
          timeoutMs: 10_000,
        },
        {
          kind: 'url',
          url: expect.any(Secret),
          headers: new Map([['Authorization', expect.any(Secret)]]),
          timeoutMs: 5000,
        },
      ],
      onAlarm: [{ kind: 'url', url: expect.any(Secret), headers: new Map(), timeoutMs: 10_000 }],
    },
    instance: 'watcher-1',
    elsewhere: [],
    stateDir: '/var/lib/source-dns',
    logLevel: 'info',
    warnings: [],
    files: [
      { role: 'the configuration', file: join(folder, 'source-dns.yaml') },
      { role: 'clusters.shop.mysql.password_file', file: join(folder, 'mysql.password') },
      { role: 'nameservers.ns1.key_file', file: join(folder, 'ddns.key') },
    ].map((file) => expect.objectContaining(file)),
  });
  expect(clusters).toHaveLength(1);
  expect(clusters[0]?.settings).toEqual({
    cluster: 'shop',
    instance: 'watcher-1',
    mode: 'active',
    servers: [
      { address: 'db1.example.com:3306', candidate: 'auto' },
      { address: 'db2.example.com:3307', candidate: 'auto' },
      { address: 'db3.internal:3306', publish: ['203.0.113.13'], candidate: 'auto' },
      { address: 'bi.internal:3306', candidate: 'never' },
    ],
    watch: {
      intervalMs: 1000,
      suspectIntervalMs: 50,
      freshForMs: 3000,
      settleMs: 30_000,
      goneAfterMs: 600_000,
      maxMoves: 5,
      maxMovesWindowMs: 600_000,
      probeTimeoutMs: 2000,
    },
    publications: [
      {
        nameserver: 'ns1',
        zone: 'db.example.com.',
        source: { name: 'source.shop.db.example.com.', ttlSeconds: 5, type: 'address', srv: false },
        replicas: {
          name: 'replicas.shop.db.example.com.',
          ttlSeconds: 5,
          maxLagMs: 10_000,
          whenEmpty: 'source',
        },
        adopt: false,
        timeoutMs: 2000,
        fudgeMs: 30_000,
        resolvers: true,
      },
    ],
    onNoSource: 'keep',
    gtidGuard: 'warn',
    allowLoopback: false,
  });
  expect(clusters[0]?.mysql).toMatchObject({
    user: 'source_dns',
    tls: 'preferred',
    connectTimeoutMs: 1000,
    queryTimeoutMs: 1000,
  });
  expect(clusters[0]?.mysql.password.reveal()).toBe('tiger');
  expect([...nameservers.keys()]).toEqual(['ns1']);
  const { key, ...ns1 } = nameservers.get('ns1') ?? {};
  expect(ns1).toEqual({
    name: 'ns1',
    address: '192.0.2.53',
    port: 53,
    via: 'rfc2136',
    transport: 'tcp',
    nsupdateArgs: [],
    timeoutMs: 2000,
    fudgeMs: 30_000,
    verify: [
      { host: '192.0.2.54', port: 53 },
      { host: '192.0.2.55', port: 5353 },
    ],
    resolvers: [
      { host: '2001:db8::1', port: 5353 },
      { host: '192.0.2.1', port: 53 },
    ],
  });
  expect(clusters[0]?.settings.publications[0]?.resolvers).toBe(true);
  expect(key).toMatchObject({ file: join(folder, 'ddns.key'), name: 'source-dns-key' });
  expect(key?.text.reveal()).toBe(keyText.trimEnd());
});

test('missing fields get the defaults of the example', async () => {
  const full = await loaded(await beside('full.yaml'));
  const config = await loaded(minimal(), withPassword);
  expect(config).toMatchObject({
    instance: 'host-1',
    stateDir: '/home/dba/.local/state/source-dns',
    logLevel: 'info',
    warnings: [],
  });
  const [small, whole] = [config.clusters[0]!.settings, full.clusters[0]!.settings];
  for (const field of ['mode', 'watch', 'onNoSource', 'gtidGuard', 'allowLoopback'] as const)
    expect(small[field]).toEqual(whole[field]);
  expect(small.publications).toEqual([
    {
      nameserver: 'ns1',
      source: { name: 'source.shop.example.com.', ttlSeconds: 5, type: 'address', srv: false },
      adopt: false,
      timeoutMs: 2000,
      fudgeMs: 30_000,
    },
  ]);
  const { key: _key, verify: _verify, resolvers: _resolvers, ...ns1 } = full.nameservers.get('ns1')!;
  expect(config.nameservers.get('ns1')).toMatchObject(ns1);
});

test('all mistakes are reported at once, each with its place and a correction', async () => {
  const found = await complaints(await beside('mistakes.yaml'));
  await expect(`${found.join('\n')}\n`).toMatchFileSnapshot('mistakes.txt');
  expect(found).toHaveLength(13);
});

test('the state folder is the configured one, else in XDG_STATE_HOME, else in the home directory', async () => {
  const stateDir = async (more: string, env = {}) =>
    (await loaded(minimal({ more }), { ...withPassword, ...env })).stateDir;
  expect(await stateDir('state_dir: /srv/state')).toBe('/srv/state');
  expect(await stateDir('state_dir: state')).toMatch(/source-dns-config-\w+\/state$/);
  expect(await stateDir('', { XDG_STATE_HOME: '/xdg' })).toBe('/xdg/source-dns');
  expect(await stateDir('', { XDG_STATE_HOME: 'relative' })).toBe('/home/dba/.local/state/source-dns');
});

test('the file is --config, else $SOURCE_DNS_CONFIG, else ./source-dns.yaml; a named file is never replaced', async () => {
  const text = (instance: string) => `instance: ${instance}\n${minimal()}`;
  const folder = await folderWith({
    'source-dns.yaml': text('here'),
    'env.yaml': text('env'),
    'flag.yaml': text('flag'),
    'ddns.key': keyText,
  });
  const instance = async (flag?: string, env = {}) => {
    const result = await loadConfig(flag, around(folder, { ...withPassword, ...env }));
    return result.kind === 'loaded' ? result.config.instance : result.errors.map(formatConfigError).join();
  };
  expect(await instance('flag.yaml', { SOURCE_DNS_CONFIG: 'env.yaml' })).toBe('flag');
  expect(await instance(undefined, { SOURCE_DNS_CONFIG: 'env.yaml' })).toBe('env');
  expect(await instance()).toBe('here');
  expect(await instance('none.yaml')).toBe(`${folder}/none.yaml: the configuration file does not exist`);
  expect(await instance('.')).toBe(`${folder}: the configuration file is a directory`);
});

test('a missing configuration names the searched places', async () => {
  const result = await loadConfig(undefined, around('/nonexistent'));
  expect(result.kind === 'invalid' && result.errors.map(formatConfigError)).toEqual([
    'source-dns.yaml: there is no configuration file; source-dns looked for /nonexistent/source-dns.yaml and /nonexistent/etc/source-dns.yaml; write one, or give its path with --config or $SOURCE_DNS_CONFIG',
  ]);
});

test('a file of 16 MiB is read, a larger file is not', async () => {
  const fill = (size: number) => minimal().padEnd(size, '#');
  expect(await complaints(fill(16_777_216), withPassword)).toEqual([]);
  expect(await complaints(fill(16_777_217), withPassword)).toEqual([
    'source-dns.yaml: the configuration file is too large: at most 16777216 bytes',
  ]);
});

test('an instance without a name gets the name of the host, where the ledger allows it', async () => {
  const folder = await folderWith({ 'source-dns.yaml': minimal(), 'ddns.key': keyText });
  const result = await loadConfig(undefined, { ...around(folder, withPassword), hostName: 'a host' });
  expect(result.kind === 'invalid' && result.errors.map(formatConfigError)).toEqual([
    `${folder}/source-dns.yaml:1:1: instance: is missing, and the name of this host, "a host", cannot be used instead; write for example "instance: watcher-1"`,
  ]);
});

test('no secret can be printed', async () => {
  const config = await loaded(minimal(), { DB_PASSWORD: 'tiger-in-the-tank' });
  const shown = [
    JSON.stringify(config),
    JSON.stringify([...config.nameservers]),
    inspect(config, { depth: 20, showHidden: true }),
    `${config.clusters[0]?.mysql.password}`,
  ];
  for (const text of shown) expect(text).not.toMatch(/tiger|c2VjcmV0/);
  expect(config.clusters[0]?.mysql.password.reveal()).toBe('tiger-in-the-tank');
});

test.each([
  ['twice', '{ user: a, password: tiger, password_file: mysql.password }'],
  ['in a list', '{ user: a, password: [tiger] }'],
  ['as an alias', '{ user: a, password: *tiger }'],
  ['as a tag', '{ user: a, password: !tiger x }'],
  ['unquoted, with a colon', '\n      user: a\n      password: tig: tiger: ger\n'],
  ['unquoted, with an @', '\n      user: a\n      password: @tiger\n'],
  ['with an unclosed quote', '\n      user: a\n      password: "tiger\n'],
  ['too long', `{ user: a, password: ${'tiger'.repeat(1000)} }`],
  [
    'in the wrong fields',
    '{ user: "${DB_PASSWORD}", password: x, connect_timeout: "${DB_PASSWORD}", tls: "${DB_PASSWORD}" }',
  ],
])('an error never shows the password: %s', async (_what, mysql) => {
  const found = await complaints(minimal({ mysql }), { DB_PASSWORD: 'tiger' });
  expect(found).not.toEqual([]);
  expect(found.join('\n')).not.toContain('tiger');
});
