/** The daemon's answer to a hook, as the end of the hook's process. Pure. */

import type { CommandResult } from '../core/model/events.ts';
import type { HookCall } from '../hook/claim.ts';
import { type HookEnd, hookEnd, outcomeOf } from '../hook/outcome.ts';
import type { ApiResult } from './api-result.ts';

/** What the daemon answers to a hook. */
export interface HookAnswer {
  readonly cluster: string;
  readonly server: string;
  /** Empty for `status`: nothing was commanded. */
  readonly results: readonly CommandResult[];
}

/** Problems that the caller has made. */
const usageProblems: readonly string[] = ['unknown-cluster', 'unknown-server', 'bad-request', 'id-reused'];

export function endOfHook(
  call: HookCall,
  result: Exclude<ApiResult, { readonly kind: 'no-daemon' }>,
): HookEnd {
  switch (result.kind) {
    case 'document':
      return endOfAnswer(call, result.body as HookAnswer);
    case 'problem': {
      const { code, detail, hint, results, cluster } = result.problem;
      if (results !== undefined) return hookEnd(call, outcomeOf(cluster ?? 'the cluster', results));
      const sentence = hint === undefined ? detail : `${detail}; ${hint}`;
      return hookEnd(call, { kind: usageProblems.includes(code) ? 'usage' : 'failed', sentence });
    }
    case 'failed': {
      const { code, message, hint } = result.failure;
      const isLate = code === 'daemon-silent';
      const more = isLate ? 'if it lives, it goes on with this; see source-dns history' : hint;
      return hookEnd(call, {
        kind: isLate ? 'unreachable' : 'failed',
        sentence: more === undefined ? message : `${message}; ${more}`,
      });
    }
  }
}

/** Also for a hook that acted without a daemon. */
export const endOfAnswer = (call: HookCall, { cluster, server, results }: HookAnswer): HookEnd =>
  results.length === 0
    ? hookEnd(call, { kind: 'done', sentence: `${cluster}: ${server} is known` })
    : hookEnd(call, outcomeOf(cluster, results));
