/** The result that counts where a command has one for each publication. */

import type { CommandResult } from './events.ts';

/** From best to worst: a command to several publications is as good as the worst of them. */
const ranks = [
  'done',
  'lost-race',
  'held',
  'unreachable',
  'failed',
] as const satisfies readonly CommandResult['kind'][];

/** The worst result; undefined: there is no result. */
export const worstResult = (results: readonly CommandResult[]): CommandResult | undefined =>
  results.toSorted((a, b) => ranks.indexOf(b.kind) - ranks.indexOf(a.kind))[0];
