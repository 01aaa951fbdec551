/** Puts the parts together, with any resolver. */

import type { OpenResolver } from './asker.ts';
import type { Source } from './contract.ts';
import { corePoolOf } from './driver.ts';
import { type FollowOptions, settingsOf } from './options.ts';
import { FollowingPool } from './pool.ts';
import { FollowedSource } from './source.ts';

/** The same pool, with `source`. Throws a TypeError, and then has changed nothing. */
export function followPool<P extends object>(
  pool: P,
  options: FollowOptions,
  open: OpenResolver,
): P & { readonly source: Source } {
  const core = corePoolOf(pool);
  const source = new FollowedSource(settingsOf(core.config.connectionConfig.host, options), open);
  new FollowingPool(core, source);
  for (const each of new Set<object>([pool, core])) Object.defineProperty(each, 'source', { value: source });
  return pool as P & { readonly source: Source };
}

/** Throws a TypeError for wrong options. */
export function followName(name: string, options: FollowOptions, open: OpenResolver): Source {
  const settings = settingsOf(name, options);
  if (settings.drainMs > 0)
    throw new TypeError('drain needs followSource: follow does not know which connections are busy');
  return new FollowedSource(settings, open);
}
