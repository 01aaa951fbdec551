/** SIGHUP: the configuration is read again, and taken over completely or not at all. */

import { formatConfigError } from '../config/config-error.ts';
import type { LoadResult } from '../config/load.ts';
import type { LoadedConfig } from '../config/loaded.ts';
import type { Log } from '../daemon/log.ts';
import type { Notifier } from '../daemon/notify-systemd.ts';
import type { Service } from '../daemon/service.ts';

interface ReloadOptions {
  readonly config: LoadedConfig;
  readonly log: Log;
  readonly service: Pick<Service, 'reconfigure'>;
  readonly notifier: Pick<Notifier, 'reloading' | 'reloaded'>;
  load(): Promise<LoadResult>;
  /** The new configuration is in force. */
  onTaken(config: LoadedConfig): void;
  onBug(error: unknown): void;
}

/** The returned function starts a reload; requests during a reload become one more. It never throws. */
export function createReloader(options: ReloadOptions): () => void {
  const { log, service, notifier, load, onTaken, onBug } = options;
  const { stateDir } = options.config;
  let running = false;
  let again = false;

  async function reload(): Promise<void> {
    const result = await load();
    if (result.kind === 'invalid') {
      for (const error of result.errors) log.say('error', 'config-refused', formatConfigError(error));
      return log.say(
        'error',
        'reload-refused',
        `${result.file} has errors; the old configuration stays in force`,
      );
    }
    const next = result.config;
    for (const warning of next.warnings) log.say('warn', 'config-warning', warning);
    const taken = await service.reconfigure(next);
    if (taken.kind === 'refused') {
      for (const failure of taken.failures) log.fail('error', failure);
      return log.say(
        'error',
        'reload-refused',
        'the new configuration cannot be used; the old one stays in force',
      );
    }
    onTaken(next);
    log.setLevel(next.logLevel);
    if (next.stateDir !== stateDir)
      log.say('warn', 'state-dir-kept', `state_dir stays ${stateDir} until source-dns is restarted`);
    const { added, changed, removed } = taken;
    log.say(
      'info',
      'reloaded',
      `added: ${list(added)}; changed: ${list(changed)}; removed: ${list(removed)}`,
    );
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

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
