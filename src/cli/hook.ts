/**
 * `source-dns hook` with the whole program: no daemon runs, or the configuration must be read in full. Where a
 * daemon runs, src/http/give-hook.ts has done the work before this is loaded.
 */

import { hostname } from 'node:os';
import type { ConfigOutline } from '../config/loaded.ts';
import type { Command } from '../core/model/events.ts';
import { plusMs } from '../core/model/units.ts';
import { configuredCluster } from '../daemon/known-cluster.ts';
import { readCall, readHookLine } from '../hook/call.ts';
import type { Claim, HookCall } from '../hook/claim.ts';
import { type HookEnd, hookEnd } from '../hook/outcome.ts';
import { type Resolved, resolveClaim } from '../hook/resolve.ts';
import { askForHook, finish, leftMs } from '../http/give-hook.ts';
import { endOfAnswer, endOfHook } from '../http/hook-answer.ts';
import { lookedUp } from '../http/obey-hook.ts';
import { apiSocketPath } from '../http/unix-socket.ts';
import type { HookArguments } from './commands/hook.ts';
import { readOutline, readSecrets } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { commandHelp } from './help.ts';
import { notingUpdates } from './noting-updates.ts';

/** Ends within the hook's limit, whatever hangs. */
export async function hook(
  context: CommandContext,
  { tool, cluster, words }: HookArguments,
): Promise<number> {
  const given = cluster === undefined ? [] : [`--cluster=${cluster}`];
  const line = readHookLine(['hook', tool, ...given, ...words], { env: process.env, host: hostname() });
  if (line === undefined) {
    context.terminal.out(`${commandHelp('hook')}\n`);
    return 0;
  }
  const { call } = line;
  const json = line.json || context.json;
  const wrong = (sentence: string) => finish(hookEnd(call, { kind: 'usage', sentence }), json);
  if (line.kind === 'wrong') return wrong(line.sentence);
  const reading = await readCall(line.call);
  if (reading.kind === 'wrong') return wrong(reading.sentence);
  if (reading.kind === 'nothing')
    return finish(hookEnd(call, { kind: 'done', sentence: `nothing to do: ${reading.sentence}` }), json);
  let sent = false;
  const loadMaker = async () =>
    notingUpdates(await context.loadMaker(), () => {
      sent = true;
    });
  const work = actFor({ ...context, loadMaker }, { ...line, claim: reading.claim });
  return finish(await inTime(context, { call: line.call, work, sent: () => sent }), json);
}

/** `after_move` is ended so long before the limit of this hook: its programs need some time to be killed. */
const endOfHooksMs = 700;

interface Work {
  readonly call: HookCall;
  readonly claim: Claim;
  readonly config?: string;
}

interface Working {
  readonly call: HookCall;
  readonly work: Promise<HookEnd>;
  /** Whether an update has left for a nameserver. */
  sent(): boolean;
}

function inTime({ clock }: CommandContext, { call, work, sent }: Working): Promise<HookEnd> {
  const late = new Promise<HookEnd>((resolve) => {
    clock.after(leftMs(), () =>
      resolve(
        hookEnd(call, {
          kind: 'unreachable',
          sentence: sent() ? lateAfterUpdate : lateBeforeUpdate,
        }),
      ),
    );
  });
  return Promise.race([work, late]);
}

const late = 'a server, the nameserver or the daemon did not answer in time';
const lateBeforeUpdate = `${late}; no update was sent, so this hook has not moved the name`;
const lateAfterUpdate = `${late}; an update was sent, and may have been applied: see source-dns status`;

/** The context for that configuration file, whose words all go into the one line. */
function quiet(
  context: CommandContext,
  file: string | undefined,
): { readonly context: CommandContext; said(): string } {
  const lines: string[] = [];
  const terminal = {
    ...context.terminal,
    out: () => {},
    err: (text: string) => void lines.push(text.trim()),
  };
  return {
    context: { ...context, terminal, load: () => context.load(file), outline: () => context.outline(file) },
    said: () => lines.join('; '),
  };
}

async function actFor(context: CommandContext, { call, claim, config: file }: Work): Promise<HookEnd> {
  const told = quiet(context, file);
  const outline = await readOutline(told.context);
  if (outline === undefined) return hookEnd(call, { kind: 'usage', sentence: told.said() });
  const result = await askForHook(apiSocketPath(outline.stateDir), claim);
  if (result.kind !== 'no-daemon') return endOfHook(call, result);
  const found = await resolved(claim, outline);
  if (found.kind !== 'resolved') return hookEnd(call, { kind: 'usage', sentence: found.sentence });
  const { cluster, server } = found;
  if (claim.act === 'status') return endOfAnswer(call, { cluster, server, results: [] });
  const config = await readSecrets(told.context, outline);
  const loaded = config && allClusters(config).find(({ settings }) => settings.cluster === cluster);
  const hooksBy = plusMs(context.clock.mono(), Math.max(0, leftMs() - endOfHooksMs));
  const hurried = { ...told.context, hooksBy };
  const { actOnce } = await import('./one-shot.ts');
  const answer = config && loaded && (await actOnce(hurried, config, loaded, commandFor(claim, found)));
  return answer === undefined
    ? hookEnd(call, { kind: 'usage', sentence: told.said() })
    : endOfAnswer(call, { cluster, server, results: answer.results }, told.said());
}

/** Also those that only other instances watch: the tool calls its hook on its own machine. */
const allClusters = <Cluster>(config: {
  readonly clusters: readonly Cluster[];
  readonly elsewhere: readonly Cluster[];
}): readonly Cluster[] => [...config.clusters, ...config.elsewhere];

async function resolved(claim: Claim, config: ConfigOutline): Promise<Resolved> {
  const known = allClusters(config).map(({ settings }) => configuredCluster(settings));
  const first = resolveClaim(claim, known);
  if (first.kind === 'resolved') return first;
  const looked = await lookedUp(claim);
  const second = looked === undefined ? first : resolveClaim(looked, known);
  return second.kind === 'resolved' ? second : first;
}

/**
 * Nobody would wait for an announced server. So the name goes first, if only the server's read-only switches are
 * against it: all else is asked and judged now.
 */
function commandFor(
  { act, by, reason }: Claim,
  { server }: Extract<Resolved, { readonly kind: 'resolved' }>,
): Command {
  const opens = act === 'moved' ? {} : ({ althoughReadOnly: true } as const);
  const why = reason === undefined ? {} : { reason };
  return { kind: 'follow', server, force: false, ...opens, dryRun: false, by, ...why };
}
