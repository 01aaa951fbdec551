/** The metrics of the daemon: what they hear of, and where their values come from. */

import type { LoadedConfig } from '../config/loaded.ts';
import type { HistoryEntry } from '../core/model/events.ts';
import type { AdapterMaker } from '../daemon/adapters.ts';
import type { Service } from '../daemon/service.ts';
import type { Scrape } from '../http/cluster-api.ts';
import { Metrics } from '../metrics/metrics.ts';
import type { CommandContext } from './context.ts';

export interface DaemonMetrics {
  /** The history got this entry. */
  record(entry: HistoryEntry): void;
  /** After a reload; undefined: the configuration was refused. */
  use(config: LoadedConfig | undefined): void;
  scrape(service: Pick<Service, 'clusters' | 'waiting' | 'vitals' | 'isOverloaded'>): Promise<Scrape>;
  stop(): void;
}

type Surroundings = Pick<CommandContext, 'clock' | 'version'> & { readonly maker: AdapterMaker };

/** Listens until `stop`. A daemon that listens on TCP is probably scraped: it loads what a scrape needs. */
export async function openDaemonMetrics(
  { clock, version, maker }: Surroundings,
  config: LoadedConfig,
): Promise<DaemonMetrics> {
  let inForce = config;
  const metrics = new Metrics(clock);
  if (config.http !== undefined) await metrics.prepare();
  return {
    record: (entry) => metrics.record(entry),
    use(next) {
      inForce = next ?? inForce;
      metrics.reloaded(next !== undefined);
    },
    scrape: (service) =>
      metrics.scrape({
        instance: inForce.instance,
        version,
        connectionsWaiting: () => maker.waiting?.() ?? 0,
        isOverloaded: () => service.isOverloaded(),
        clusters: () => service.clusters(),
        waiting: () => service.waiting(),
        elsewhere: () => inForce.elsewhere.map(({ settings }) => settings.cluster),
        vitals: (cluster) => service.vitals(cluster),
      }),
    stop: () => metrics.stop(),
  };
}
