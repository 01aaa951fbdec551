/** Words of several stories. */

import type { Act } from '../world/script.ts';
import type { InstanceName } from '../world/settings.ts';

/** Takes this instance away, so that only the other instance is there. */
export const alone = (instance: InstanceName, at: number, forMs: number): Act => ({
  at,
  kind: 'crash',
  instance,
  forMs,
  forgets: false,
});

export const bothWays = (a: string, ...others: readonly string[]) =>
  others.flatMap((b) => [[a, b] as const, [b, a] as const]);
