/** Writes configurations into a temporary folder, and loads them. */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ConfigError, formatConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { LoadedConfig } from '../../../src/config/loaded.ts';
import type { Surroundings } from '../../../src/config/surroundings.ts';

export const keyText =
  'key "source-dns-key" { algorithm hmac-sha256; secret "c2VjcmV0LXNlY3JldC1zZWNyZXQ="; };\n';

/** A folder with these files, readable by its owner only, removed after the test. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o600);
  }
  return folder;
}

export const around = (cwd: string, env: Surroundings['env'] = {}): Surroundings => ({
  env,
  cwd,
  home: '/home/dba',
  hostName: 'host-1',
  systemFile: '/nonexistent/etc/source-dns.yaml',
});

/** Loads this text as ./source-dns.yaml, beside a password and a key. */
export async function load(text: string, env: Surroundings['env'] = {}) {
  const folder = await folderWith({
    'source-dns.yaml': text,
    'mysql.password': 'tiger\n',
    'ddns.key': keyText,
  });
  return { folder, result: await loadConfig(undefined, around(folder, env)) };
}

export async function loaded(text: string, env: Surroundings['env'] = {}): Promise<LoadedConfig> {
  const { result } = await load(text, env);
  if (result.kind === 'invalid') throw new Error(result.errors.map(formatConfigError).join('\n'));
  return result.config;
}

/** The errors as a terminal shows them, without the folder. */
export async function complaints(text: string, env: Surroundings['env'] = {}): Promise<string[]> {
  const { folder, result } = await load(text, env);
  if (result.kind === 'loaded') return [];
  return result.errors.map((error: ConfigError) =>
    formatConfigError(error).replaceAll(`${folder}/`, '').replaceAll(folder, 'FOLDER'),
  );
}

/** The smallest configuration, with some parts replaced. */
export const minimal = (
  part: {
    cluster?: string;
    servers?: string;
    mysql?: string;
    publish?: string;
    nameserver?: string;
    more?: string;
  } = {},
) => `\
clusters:
  shop:
    servers: ${part.servers ?? '[db1.example.com, db2.example.com]'}
    mysql: ${part.mysql ?? '{ user: source_dns, password: "${DB_PASSWORD}" }'}
    publish: ${part.publish ?? '{ nameserver: ns1, source: { name: source.shop.example.com } }'}
    ${part.cluster ?? 'mode: active'}
nameservers:
  ns1: ${part.nameserver ?? '{ address: 192.0.2.53, key_file: ddns.key }'}
${part.more ?? ''}
`;

export const withPassword = { DB_PASSWORD: 'tiger' };
