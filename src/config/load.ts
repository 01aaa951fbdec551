/** Finds, reads and checks the configuration. */

import { checkDocument } from './check-document.ts';
import type { ConfigError } from './config-error.ts';
import { readDocument } from './document.ts';
import { instanceForm } from './fields.ts';
import type { LoadedConfig } from './loaded.ts';
import { locateConfig } from './locate.ts';
import { isOpenToAll, readBounded, wideRights } from './secret-files.ts';
import { loadedClusters, loadedNameservers } from './settings-of.ts';
import { type Surroundings, stateFolder, surroundings } from './surroundings.ts';
import { configWarnings } from './warnings.ts';

export type LoadResult =
  | { readonly kind: 'loaded'; readonly config: LoadedConfig }
  /** All mistakes, in the order of the file. */
  | { readonly kind: 'invalid'; readonly file: string; readonly errors: readonly ConfigError[] };

/** A configuration of a thousand clusters is much smaller. */
const maxFileBytes = 1_048_576;

/** Expected mistakes are values; it throws for bugs only. It keeps nothing between two calls. */
export async function loadConfig(
  configFlag: string | undefined,
  around: Surroundings = surroundings(),
): Promise<LoadResult> {
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
    return {
      kind: 'invalid',
      file,
      errors: [{ file, message: `the configuration file ${content.problem}` }],
    };
  }
  const { read, problems, fatal } = readDocument(content.text);
  const syntax = problems.map((problem): ConfigError => ({ file, ...problem }));
  if (fatal) return { kind: 'invalid', file, errors: inOrder(syntax) };

  const checked = await checkDocument(read, file, around.env);
  const instance = checked.config?.instance ?? around.hostName;
  const hostErrors = instanceForm.test(instance) ? [] : [hostNameError(file, around.hostName)];
  const state = checked.config && stateFolder(checked.config.state_dir, file, around);
  const stateErrors = state === undefined ? [noStateDirError(file)] : [];
  const errors = [
    ...syntax,
    ...checked.errors,
    ...(checked.config === undefined ? [] : [...hostErrors, ...stateErrors]),
  ];
  if (checked.config === undefined || state === undefined || errors.length > 0)
    return { kind: 'invalid', file, errors: inOrder(errors) };

  const { config, files } = checked;
  const rights = wideRights(content.stats);
  return {
    kind: 'loaded',
    config: {
      file,
      instance,
      stateDir: state,
      clusters: loadedClusters(config, files, instance),
      nameservers: loadedNameservers(config, files),
      logLevel: config.log.level,
      warnings: [
        ...configWarnings(config),
        ...checked.warnings,
        ...(rights !== undefined && checked.literalPassword
          ? [`${file} contains a password and ${rights}`]
          : []),
        ...(isOpenToAll(content.stats) && !checked.literalPassword ? [`${file} ${rights}`] : []),
      ],
    },
  };
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
