/** Finds, reads and checks the configuration. */

import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { checkDocument } from './check-document.ts';
import type { ConfigError } from './config-error.ts';
import { readDocument } from './document.ts';
import { instanceForm } from './fields.ts';
import { hookWarnings, loadedHooks } from './hooks.ts';
import { loadedHttp } from './http-schema.ts';
import type { ConfigOutline, FileInUse, LoadedConfig } from './loaded.ts';
import { locateConfig } from './locate.ts';
import type { ConfigFile } from './schema.ts';
import { digestOf, isOpenToAll, type NamedFiles, readBounded, wideRights } from './secret-files.ts';
import { byWatchers, clusterSettings, loadedClusters, loadedNameservers } from './settings-of.ts';
import { shareOf } from './share-schema.ts';
import { type Surroundings, stateFolder, surroundings } from './surroundings.ts';
import { configWarnings } from './warnings.ts';

/** All mistakes, in the order of the file. */
export interface InvalidConfig {
  readonly kind: 'invalid';
  readonly file: string;
  readonly errors: readonly ConfigError[];
}

export type LoadResult = { readonly kind: 'loaded'; readonly config: LoadedConfig } | InvalidConfig;

export type OutlineResult = { readonly kind: 'outline'; readonly config: ConfigOutline } | InvalidConfig;

/** A configuration of 10,000 clusters has about 3 MB. */
const maxFileBytes = 16_777_216;

/** Expected mistakes are values; it throws for bugs only. It keeps nothing between two calls. */
export async function loadConfig(
  configFlag: string | undefined,
  around: Surroundings = surroundings(),
): Promise<LoadResult> {
  const result = await readConfig(configFlag, around, true);
  if (result.kind === 'invalid') return result;
  const { outline, config, files, warnings } = result;
  const hooks = loadedHooks(config.hooks, dirname(outline.file));
  return {
    kind: 'loaded',
    config: {
      ...outline,
      ...byWatchers(outline, loadedClusters(config, files, outline)),
      nameservers: loadedNameservers(config, files),
      hooks,
      ...(config.http && { http: loadedHttp(config.http, files.get('http.token_file')?.text) }),
      logLevel: config.log.level,
      warnings: [...warnings, ...(await hookWarnings(hooks, around.env))],
      files: [result.self, ...[...files].map(([role, { inUse }]) => ({ ...inUse, role }))],
    },
  };
}

/** The same, for a user who may not read the secrets: no file is opened other than the configuration. */
export async function loadOutline(
  configFlag: string | undefined,
  around: Surroundings = surroundings(),
): Promise<OutlineResult> {
  const result = await readConfig(configFlag, around, false);
  return result.kind === 'invalid' ? result : { kind: 'outline', config: result.outline };
}

type ReadConfig =
  | {
      readonly kind: 'read';
      readonly outline: ConfigOutline;
      readonly config: ConfigFile;
      readonly files: NamedFiles['files'];
      readonly warnings: readonly string[];
      readonly self: FileInUse;
    }
  | InvalidConfig;

async function readConfig(
  configFlag: string | undefined,
  around: Surroundings,
  secrets: boolean,
): Promise<ReadConfig> {
  const located = await locateConfig(configFlag, around);
  if (located.kind === 'none') {
    const message = `there is no configuration file; source-dns looked for ${located.looked.join(' and ')}; write one, or give its path with --config or $SOURCE_DNS_CONFIG`;
    return { kind: 'invalid', file: 'source-dns.yaml', errors: [{ file: 'source-dns.yaml', message }] };
  }
  if (located.kind === 'no-folder') {
    const message =
      'the working directory no longer exists; give the absolute path of the configuration file';
    return { kind: 'invalid', file: located.file, errors: [{ file: located.file, message }] };
  }
  const { file } = located;
  const content = await readBounded(file, maxFileBytes);
  if (content.kind === 'failed') {
    const message = `the configuration file ${content.problem}`;
    return { kind: 'invalid', file, errors: [{ file, message }] };
  }
  const { read, problems, fatal } = readDocument(content.text);
  const syntax = problems.map((problem): ConfigError => ({ file, ...problem }));
  if (fatal) return { kind: 'invalid', file, errors: inOrder(syntax) };

  const checked = await checkDocument(read, file, { ...around, secrets });
  const { config, files } = checked;
  const instance = config?.instance ?? around.hostName;
  const hostErrors = instanceForm.test(instance) ? [] : [hostNameError(file, around.hostName)];
  const state = config && stateFolder(config.state_dir, file, around);
  const stateErrors = state === undefined ? [noStateDirError(file)] : [];
  const errors = [
    ...syntax,
    ...checked.errors,
    ...(config === undefined ? [] : [...hostErrors, ...stateErrors]),
  ];
  if (config === undefined || state === undefined || errors.length > 0)
    return { kind: 'invalid', file, errors: inOrder(errors) };
  const us = { instance, ...(config.share && { share: shareOf(config.share, instance) }) };
  const clusters = Object.entries(config.clusters).map(([name, cluster]) => ({
    settings: clusterSettings(name, cluster, config.nameservers, us),
  }));
  return {
    kind: 'read',
    outline: {
      file,
      ...us,
      stateDir: state,
      ...(config.state_dir === undefined && { stateDirByUser: true }),
      ...byWatchers(us, clusters),
    },
    config,
    files,
    warnings: [
      ...configWarnings(config),
      ...checked.warnings,
      ...rightsWarnings(file, content.stats, checked.literalPassword),
    ],
    self: { file, role: 'the configuration', maxBytes: maxFileBytes, digest: digestOf(content.text) },
  };
}

function rightsWarnings(file: string, stats: Stats, literalPassword: boolean): readonly string[] {
  const rights = wideRights(stats);
  if (literalPassword) return rights === undefined ? [] : [`${file} contains a password and ${rights}`];
  return isOpenToAll(stats) ? [`${file} ${rights}`] : [];
}

const hostNameError = (file: string, hostName: string): ConfigError => ({
  file,
  line: 1,
  column: 1,
  path: 'instance',
  message: `is missing, and the name of this host, ${JSON.stringify(hostName)}, cannot be used instead; write for example "instance: watcher-1"`,
});

const noStateDirError = (file: string): ConfigError => ({
  file,
  line: 1,
  column: 1,
  path: 'state_dir',
  message:
    'is missing, and this user has no home directory for the default; write for example "state_dir: /var/lib/source-dns"',
});

const inOrder = (errors: readonly ConfigError[]): readonly ConfigError[] =>
  errors.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
