/**
 * What the package source-dns-mysql2 gives: pools and connections of mysql2 that follow the source.
 * Everything else of the package is no promise.
 */

// biome-ignore-all lint/performance/noBarrelFile: the one entry of the package

import { openResolver } from './asker.ts';
import type { Source } from './contract.ts';
import { followName, followPool } from './follow.ts';
import type { FollowOptions } from './options.ts';

export type { Current, Source } from './contract.ts';
export { SourceBusyError, SourceMovedError, SourceNotWritableError, SourceUnknownError } from './errors.ts';
export type { FollowOptions } from './options.ts';

/** A pool of mysql2, with callbacks or with promises. */
export interface FollowablePool {
  getConnection(...given: never[]): unknown;
  end(...given: never[]): unknown;
}

/**
 * Makes the pool follow the source that its `host` names, and returns the same pool. Throws a TypeError if
 * the pool or an option cannot be used.
 */
export function followSource<P extends FollowablePool>(
  pool: P,
  options: FollowOptions = {},
): P & { readonly source: Source } {
  return followPool(pool, options, openResolver);
}

/**
 * Follows the source of this name, for programs that pool by themselves. Throws a TypeError for wrong
 * options.
 */
export function follow(name: string, options: FollowOptions = {}): Source {
  return followName(name, options, openResolver);
}
