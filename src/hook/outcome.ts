/** How a hook process ends: its exit code, and its one line for the tool's log. Pure. */

import type { CommandResult } from '../core/model/events.ts';
import { worstResult } from '../core/model/worst-result.ts';
import type { HookCall } from './claim.ts';
import { valuesOf } from './words.ts';

/** As for every command (docs/OPERATING.md); `usage` is the caller's mistake. */
const codes = { done: 0, failed: 1, usage: 2, held: 3, unreachable: 4, 'lost-race': 5 } as const;
/** MHA goes on, and says so. Every code but this and 0 ends MHA's failover. */
const mhaWarning = 10;

/** The only codes that MHA may get after its start. */
export const mildCode = (code: number): number => (code === 0 ? 0 : mhaWarning);

interface Outcome {
  readonly kind: CommandResult['kind'] | 'usage';
  /** What it is about, as far as that was found out. */
  readonly cluster?: string;
  readonly server?: string;
  readonly sentence: string;
}

export interface HookEnd {
  readonly code: number;
  /** Without a line feed. */
  readonly line: string;
  /** For `--json`. */
  readonly document: Outcome & { readonly code: number };
}

/** In bytes: a tool may keep only one line of its log. */
const longestLine = 2000;

/** The end of a hook with that outcome; `call`: absent if the tool is unknown. */
export function hookEnd(call: HookCall | undefined, outcome: Outcome): HookEnd {
  const { kind, sentence } = outcome;
  const code = codeOf(call, kind);
  const tool = call === undefined ? '' : ` ${call.tool}`;
  const line = `source-dns hook${tool}: ${sentence}`.replace(/[^ -~]+/g, ' ').slice(0, longestLine);
  return { code, line: `${levelOf(call, kind)}${line}`, document: { code, ...outcome } };
}

function codeOf(call: HookCall | undefined, kind: Outcome['kind']): number {
  return call !== undefined && mayNotFail(call) ? mildCode(codes[kind]) : codes[kind];
}

/** MHA has begun its failover: the new source will be there, whatever becomes of the name. */
export function mayNotFail({ tool, words }: HookCall): boolean {
  if (tool !== 'mha' && tool !== 'mha-online') return false;
  const command = valuesOf(words)('command');
  return command !== undefined && command !== 'status';
}

/** MaxScale takes the level of its log from the beginning of the line. */
function levelOf(call: HookCall | undefined, kind: Outcome['kind']): string {
  if (call?.tool !== 'maxscale' || kind === 'done') return '';
  return kind === 'lost-race' ? 'warning: ' : 'error: ';
}

/** The outcome of a command to several publications: the worst one, and what each says, once. */
export function outcomeOf(cluster: string, results: readonly CommandResult[]): Outcome {
  const sentences = new Set(results.map((one) => `${one.kind} (${one.code}): ${one.sentence}`));
  return {
    kind: worstResult(results)?.kind ?? 'failed',
    cluster,
    sentence: `${cluster}: ${[...sentences].join(' | ')}`,
  };
}
