/** How this instance shares the clusters with others, as far as the zones show it. No instance is asked. */

import type { Check } from './check.ts';
import { judged, warning } from './found.ts';

const area = 'configuration';

/** Another list leaves clusters without a watcher: it shows where an instance outside of ours has written. */
export const shareCheck: Check = {
  area,
  name: 'share',
  codes: ['share-unknown-instance'],
  async look({ config, clusters, ledger }) {
    const { share } = config;
    if (share === undefined) return [];
    const written = await Promise.all(
      clusters.map(async (cluster) => ({
        cluster: cluster.settings.cluster,
        by: (await ledger(cluster))?.by,
      })),
    );
    const outside = new Map<string, string[]>();
    for (const { cluster, by } of written)
      if (by !== undefined && !share.instances.includes(by))
        outside.set(by, [...(outside.get(by) ?? []), cluster]);
    const found = [...outside].map(([instance, names]) => ({
      ...warning(
        'share-unknown-instance',
        `wrote the ledger of ${names[0]}${names.length > 1 ? ` and of ${names.length - 1} more clusters` : ''}, and is not in share.instances: right if it was removed; else its list differs from this one, and clusters may be without a watcher`,
      ),
      subject: instance,
    }));
    const ok = `this instance watches ${config.clusters.length} of ${config.clusters.length + config.elsewhere.length} clusters, and every ledger is by an instance of the list`;
    return judged({ area, name: 'share' }, config.instance, found, ok);
  },
};
