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

function kindOfProblem(code: string): 'usage' | 'unreachable' | 'failed' {
  if (usageProblems.includes(code)) return 'usage';
  return code === 'too-late' ? 'unreachable' : 'failed';
}

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
      return hookEnd(call, {
        kind: kindOfProblem(code),
        ...(cluster === undefined ? {} : { cluster }),
        sentence,
      });
    }
    case 'failed': {
      const { code, message, hint } = result.failure;
      const isLate = code === 'daemon-silent';
      const more = isLate
        ? 'if it lives, it ends what it has begun, and begins nothing more of this; see source-dns history'
        : hint;
      return hookEnd(call, {
        kind: isLate ? 'unreachable' : 'failed',
        sentence: more === undefined ? message : `${message}; ${more}`,
      });
    }
  }
}

/** Also for a hook that acted without a daemon; `aside`: what else is to be said, as of an ended program. */
export function endOfAnswer(call: HookCall, { cluster, server, results }: HookAnswer, aside = ''): HookEnd {
  if (results.length === 0)
    return hookEnd(call, { kind: 'done', cluster, server, sentence: `${cluster}: ${server} is known` });
  const outcome = outcomeOf(cluster, results);
  const sentence = aside === '' ? outcome.sentence : `${outcome.sentence}; ${aside}`;
  return hookEnd(call, { ...outcome, server, sentence });
}
