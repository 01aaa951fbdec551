/** The configuration for a command. Every error is told. */

import type { ClusterOutline, ConfigOutline, LoadedCluster, LoadedConfig } from '../config/loaded.ts';
import { watchedElsewhere } from '../config/share.ts';
import { apiSocketPath } from '../http/unix-socket.ts';
import { didYouMean } from '../suggest.ts';
import { complain, complainOfConfig, complainOfUsage } from './complain.ts';
import type { CommandContext } from './context.ts';

/** Undefined: the configuration has errors, and the command exits with `usage`. */
export async function readConfiguration(context: CommandContext): Promise<LoadedConfig | undefined> {
  const result = await context.load();
  if (result.kind === 'loaded') return result.config;
  complainOfConfig(context, result);
  return undefined;
}

/** Without the secrets: for what the daemon does, if one runs. Undefined as above. */
export async function readOutline(context: CommandContext): Promise<ConfigOutline | undefined> {
  const result = await context.outline();
  if (result.kind === 'outline') return result.config;
  complainOfConfig(context, result);
  return undefined;
}

/** With the secrets, since no daemon runs and the command must act by itself. Undefined as above. */
export async function readSecrets(
  context: CommandContext,
  { stateDir }: ConfigOutline,
): Promise<LoadedConfig | undefined> {
  const result = await context.load();
  if (result.kind === 'loaded') return result.config;
  const why = `no daemon listens on ${apiSocketPath(stateDir)}, so this command needs the secrets itself:`;
  complainOfConfig(context, result, why);
  return undefined;
}

/** In a sentence that says which clusters there are. */
const mostNames = 20;

interface Clusters<Cluster> {
  readonly file: string;
  readonly clusters: readonly Cluster[];
  readonly elsewhere: readonly ClusterOutline[];
}

/** Undefined, and the reason is told: there is no such cluster, or only other instances watch it. */
export function findCluster<Cluster extends ClusterOutline>(
  { file, clusters, elsewhere }: Clusters<Cluster>,
  name: string,
  output: Pick<CommandContext, 'terminal' | 'json'>,
): Cluster | undefined {
  const isNamed = ({ settings }: ClusterOutline) => settings.cluster === name;
  const cluster = clusters.find(isNamed);
  if (cluster !== undefined) return cluster;
  const watchers = elsewhere.find(isNamed)?.settings.watchers;
  if (watchers !== undefined) {
    complain(output, { code: 'watched-elsewhere', message: watchedElsewhere(name, watchers) });
    return undefined;
  }
  const names = [...clusters, ...elsewhere].map(({ settings }) => settings.cluster);
  const shown = names.length > mostNames ? [...names.slice(0, mostNames), '...'] : names;
  const suggestion = didYouMean(name, names) || `; ${file} has: ${shown.join(', ')}`;
  complainOfUsage(output, `there is no cluster "${name}"${suggestion}`);
  return undefined;
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
