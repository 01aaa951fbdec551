/** The configuration for a command. Every error is printed. */

import { formatConfigError } from '../config/config-error.ts';
import type { LoadedCluster, LoadedConfig } from '../config/loaded.ts';
import { didYouMean } from '../suggest.ts';
import type { CommandContext } from './context.ts';

/** Undefined: the configuration has errors, and the command exits with `usage`. */
export async function readConfiguration(
  { load, terminal }: CommandContext,
  file?: string,
): Promise<LoadedConfig | undefined> {
  const result = await load(file);
  if (result.kind === 'loaded') return result.config;
  for (const error of result.errors) terminal.err(`${formatConfigError(error)}\n`);
  return undefined;
}

/** Undefined: there is no such cluster. */
export function findCluster(
  config: LoadedConfig,
  name: string,
  { terminal }: CommandContext,
): LoadedCluster | undefined {
  const cluster = config.clusters.find(({ settings }) => settings.cluster === name);
  if (cluster === undefined) {
    const names = config.clusters.map(({ settings }) => settings.cluster);
    const suggestion = didYouMean(name, names) || `; ${config.file} has: ${names.join(', ')}`;
    terminal.err(`there is no cluster "${name}"${suggestion}\n`);
  }
  return cluster;
}

/** Only these clusters, and the nameservers that they need. */
export function onlyClusters(config: LoadedConfig, clusters: readonly LoadedCluster[]): LoadedConfig {
  const needed = new Set(
    clusters.flatMap(({ settings }) => settings.publications.map(({ nameserver }) => nameserver)),
  );
  return {
    ...config,
    clusters,
    nameservers: new Map([...config.nameservers].filter(([name]) => needed.has(name))),
  };
}
