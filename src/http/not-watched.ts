/** Whether a cluster is watched here. */

import { watchedElsewhere } from '../config/share.ts';
import { didYouMean } from '../suggest.ts';
import type { ClusterApi } from './cluster-api.ts';
import { type Problem, problem } from './problem.ts';

/** Why no route of this cluster can answer; undefined: it is watched here. */
export function notWatched(api: ClusterApi, cluster: string): Problem | undefined {
  if (api.clusters().includes(cluster)) return undefined;
  const watchers = api.elsewhere?.(cluster);
  return watchers === undefined
    ? problem('unknown-cluster', `there is no cluster "${cluster}"${didYouMean(cluster, api.clusters())}`)
    : problem('watched-elsewhere', watchedElsewhere(cluster, watchers));
}
