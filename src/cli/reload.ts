/** SIGHUP: the configuration is read again, and taken over completely or not at all. */

import { isDeepStrictEqual } from 'node:util';
import { formatConfigError } from '../config/config-error.ts';
import type { LoadResult } from '../config/load.ts';
import type { LoadedConfig } from '../config/loaded.ts';
import type { Failure } from '../core/model/observation.ts';
import type { Log } from '../daemon/log.ts';
import type { Notifier } from '../daemon/notify-systemd.ts';
import type { Service } from '../daemon/service.ts';
import type { ApiServer } from '../http/server.ts';
import { sayApiAddress } from './api-address.ts';

interface ReloadOptions {
  readonly config: LoadedConfig;
  readonly log: Log;
  readonly service: Pick<Service, 'reconfigure'>;
  readonly api: Pick<ApiServer, 'prepareTcp' | 'tcpAddress'>;
  readonly notifier: Pick<Notifier, 'reloading' | 'reloaded'>;
  load(): Promise<LoadResult>;
  /** The new configuration is in force. */
  onTaken(config: LoadedConfig): void;
  /** It cannot be used, and the old one stays in force. */
  onRefused(): void;
  onBug(error: unknown): void;
}

/** The returned function starts a reload; requests during a reload become one more. It never throws. */
export function createReloader(options: ReloadOptions): () => void {
  const { log, service, api, notifier, load, onTaken, onRefused, onBug } = options;
  const { stateDir } = options.config;
  let inForce = options.config;
  let running = false;
  let again = false;

  async function reload(): Promise<void> {
    const result = await load();
    if (result.kind === 'invalid') {
      for (const error of result.errors) log.say('error', 'config-refused', formatConfigError(error));
      return keep(`${result.file} has errors; the old configuration stays in force`);
    }
    const next = result.config;
    for (const warning of next.warnings) log.say('warn', 'config-warning', warning);
    const tcp = await api.prepareTcp(next.http);
    if (tcp.kind === 'failed') return refuse([tcp.failure]);
    const taken = await service.reconfigure(next);
    if (taken.kind === 'refused') {
      await tcp.drop();
      return refuse(taken.failures);
    }
    const before = api.tcpAddress();
    await tcp.use();
    if (!isDeepStrictEqual(before, api.tcpAddress())) sayApiAddress(api, log);
    const given = givenToNewWatchers(inForce, next);
    inForce = next;
    onTaken(next);
    log.setLevel(next.logLevel);
    if (next.stateDir !== stateDir)
      log.say('warn', 'state-dir-kept', `state_dir stays ${stateDir} until source-dns is restarted`);
    if (given !== undefined) log.fail('warn', given);
    const { added, changed, removed } = taken;
    log.say(
      'info',
      'reloaded',
      `added: ${list(added)}; changed: ${list(changed)}; removed: ${list(removed)}`,
    );
  }

  function refuse(failures: readonly Failure[]): void {
    for (const failure of failures) log.fail('error', failure);
    keep('the new configuration cannot be used; the old one stays in force');
  }

  function keep(sentence: string): void {
    log.say('error', 'reload-refused', sentence);
    onRefused();
  }

  async function loop(): Promise<void> {
    running = true;
    notifier.reloading();
    do {
      again = false;
      await reload();
    } while (again);
    notifier.reloaded();
    running = false;
  }

  return () => {
    again = true;
    if (!running) loop().catch(onBug);
  };
}

/**
 * The clusters that this instance leaves while none of their old watchers stays. The new ones may not run
 * yet, and no instance can ask them. Never after a change by fewer instances than watch each cluster.
 */
function givenToNewWatchers(before: LoadedConfig, next: LoadedConfig): Failure | undefined {
  const watchers = new Map(
    before.clusters.map(({ settings }) => [settings.cluster, settings.watchers ?? [settings.instance]]),
  );
  const given = next.elsewhere.filter(({ settings }) => {
    const old = watchers.get(settings.cluster);
    return old !== undefined && !settings.watchers?.some((name) => old.includes(name));
  });
  const [first] = given;
  if (first === undefined) return undefined;
  const others = new Set(given.flatMap(({ settings }) => settings.watchers ?? []));
  return {
    code: 'share-moved',
    message: `all watchers of ${given.length === 1 ? first.settings.cluster : `${given.length} clusters, for example ${first.settings.cluster},`} are new: ${[...others].join(', ')}`,
    hint: 'nobody watches these clusters unless the new watchers already run with this list: start them first',
  };
}

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
