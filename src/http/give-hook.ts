/**
 * `source-dns hook` where a daemon runs: one question over its unix socket. A failover waits for this,
 * so it loads neither the parser of the configuration nor any client of a server.
 */

import { writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { quickStateFolder } from '../config/quick-state-folder.ts';
import { readCall, readHookLine } from '../hook/call.ts';
import { boundedClaim, type Claim, type HookCall } from '../hook/claim.ts';
import { type HookEnd, hookEnd, mayNotFail, mildCode } from '../hook/outcome.ts';
import type { ApiResult } from './api-result.ts';
import { endOfHook } from './hook-answer.ts';
import { askQuickly } from './quick-client.ts';
import { apiSocketPath } from './unix-socket.ts';

/** From the start of the process to its end, in milliseconds: a failover tool waits. */
const hookLimitMs = 2000;
/** For the last steps of the process, and for its start that Node's clock does not show. */
const slackMs = 150;

/** Also on a machine that takes long to load the program: that is work, and no waiting. */
const leastMs = 1500;

/** How long the process may still wait. */
export const leftMs = (): number => Math.max(leastMs, Math.floor(hookLimitMs - slackMs - performance.now()));

/** The exit code. Undefined: not a hook, or it needs the whole program. */
export async function giveHook(argv: readonly string[]): Promise<number | undefined> {
  const line = readHookLine(argv, { env: process.env, host: hostname() });
  if (line === undefined) return undefined;
  const { call, json } = line;
  const end = (outcome: Parameters<typeof hookEnd>[1]) => finish(hookEnd(call, outcome), json);
  if (call !== undefined && mayNotFail(call)) failGently(call, json);
  if (line.kind === 'wrong') return end({ kind: 'usage', sentence: line.sentence });
  const reading = await readCall(line.call);
  if (reading.kind === 'nothing')
    return end({ kind: 'done', sentence: `nothing to do: ${reading.sentence}` });
  if (reading.kind === 'wrong') return end({ kind: 'usage', sentence: reading.sentence });
  const folder = await quickStateFolder(line.config);
  if (folder === undefined) return undefined;
  const result = await askForHook(apiSocketPath(folder), reading.claim);
  return result.kind === 'no-daemon' ? undefined : finish(endOfHook(line.call, result), json);
}

/** The daemon starts, stops, or has too much to do: it says so at once, and a moment later it may answer. */
const passing: ReadonlySet<string> = new Set(['starting', 'stopping', 'busy', 'too-many-commands']);
const pauseMs = 100;

/** Gives the claim to the daemon; again, while the daemon has no time for it. */
export async function askForHook(socketPath: string, claim: Claim): Promise<ApiResult> {
  const until = performance.now() + leftMs();
  const body = boundedClaim(claim);
  for (;;) {
    const timeoutMs = Math.max(1, Math.floor(until - performance.now()));
    const result = await askQuickly(socketPath, { method: 'POST', path: '/v1/hook', body, timeoutMs });
    const isPassing = result.kind === 'problem' && passing.has(result.problem.code);
    if (!isPassing || performance.now() + pauseMs > until) return result;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Tells the line, and the document if it is asked for, if somebody reads them. */
export function finish({ code, line, document }: HookEnd, json: boolean): number {
  if (json) tell(1, JSON.stringify(document));
  tell(2, line);
  return code;
}

function tell(fd: number, text: string): void {
  try {
    writeSync(fd, `${text}\n`);
  } catch {
    // Closed, full, or a pipe that nobody empties.
  }
}

/** MHA has begun: even a bug of ours must not end its failover, wherever the process ends. */
function failGently(call: HookCall, json: boolean): void {
  const end = (error: unknown): void => {
    const sentence = `source-dns has a bug: ${error instanceof Error ? error.message : String(error)}`;
    process.exit(finish(hookEnd(call, { kind: 'failed', sentence }), json));
  };
  process.on('exit', (code) => {
    process.exitCode = mildCode(code);
  });
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
