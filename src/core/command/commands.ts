/** The queue of commands. Each begins after a new look at the zone and the server, and is answered once. */

import type { Commanded } from '../decide/situation.ts';
import { withWriting, withZone } from '../model/changed-publication.ts';
import type { Command, CommandResult, Turn } from '../model/events.ts';
import { commandQueueLimit } from '../model/limits.ts';
import type { Failure } from '../model/observation.ts';
import type { Attempt, PublicationState } from '../model/publication.ts';
import {
  askedNow,
  type ClusterState,
  type CommandProgress,
  type RunningCommand,
  type ServerMemory,
} from '../model/state.ts';
import { plusMs } from '../model/units.ts';
import type { UpdateOutcome } from '../model/zone.ts';

export function acceptCommand(turn: Turn, state: ClusterState, id: string, command: Command): ClusterState {
  if (state.commands.some((other) => other.id === id)) return state;
  if (state.commands.length >= commandQueueLimit) {
    const sentence = `${commandQueueLimit} commands are already waiting. Try again.`;
    const results = resultsForAll(state, { kind: 'failed', code: 'busy', sentence });
    turn.effects.push({ kind: 'reply', id, answer: { results } });
    return state;
  }
  const waiting: RunningCommand = { id, command, since: undefined, until: undefined, progress: new Map() };
  return beginNext(turn, { ...state, commands: [...state.commands, waiting] });
}

const resultsForAll = (
  state: ClusterState,
  result: Omit<CommandResult, 'nameserver'>,
): readonly CommandResult[] =>
  [...state.publications.keys()].map((nameserver) => ({ nameserver, ...result }));

/** Begins the first command of the queue: its zones are read and its server is probed now. */
function beginNext(turn: Turn, state: ClusterState): ClusterState {
  const { now, effects } = turn;
  const [head, ...rest] = state.commands;
  if (head === undefined || head.since !== undefined) return state;
  const { notAfter } = head.command;
  if (notAfter !== undefined && now.wall > notAfter) {
    const sentence = 'Its client waits no longer: the command was not begun.';
    const results = resultsForAll(state, { kind: 'unreachable', code: 'too-late', sentence });
    effects.push({ kind: 'reply', id: head.id, answer: { results } });
    return beginNext(turn, { ...state, commands: rest });
  }
  const { probeTimeoutMs } = state.settings.watch;
  const slowest = Math.max(
    ...[...state.publications.values()].map((publication) => publication.settings.timeoutMs),
  );
  const until = plusMs(now.mono, probeTimeoutMs + 3 * slowest);
  const servers = new Map(state.servers);
  const target = 'server' in head.command ? servers.get(head.command.server) : undefined;
  if (target) servers.set(target.settings.address, askedNow(target, now));
  const atOnce = (publication: PublicationState): PublicationState =>
    withZone(withWriting(publication, { nextAt: now.mono, pauses: new Map() }), { nextReadAt: now.mono });
  const publications = new Map(
    [...state.publications].map(([name, publication]) => [name, atOnce(publication)]),
  );
  return { ...state, servers, publications, commands: [{ ...head, since: now.mono, until }, ...rest] };
}

/** The command in progress, if it still needs a result of this publication. */
export function openCommand(state: ClusterState, nameserver: string): RunningCommand | undefined {
  const [head] = state.commands;
  return head?.since !== undefined && head.progress.get(nameserver)?.result === undefined ? head : undefined;
}

/** Whether zone and server were read after the command came. */
export function isInformed(
  state: ClusterState,
  publication: PublicationState,
  running: RunningCommand,
): boolean {
  const since = running.since ?? Number.POSITIVE_INFINITY;
  if (
    publication.zone.endedAt === undefined ||
    publication.zone.endedAt <= since ||
    publication.writing.awaiting
  )
    return false;
  const { command } = running;
  // Force and forget are for servers that do not answer: so probe first.
  if (!('server' in command)) return true;
  // A process that begins now knows nobody: the published source, and what others have, must be known first.
  const needsAll = command.kind === 'follow' && command.althoughReadOnly && !command.force;
  if (needsAll && [...state.servers.values()].some(isUnasked)) return false;
  const server = state.servers.get(command.server);
  return server === undefined || (server.latest !== undefined && server.latest.at > since);
}

const isUnasked = ({ settings, latest }: ServerMemory): boolean =>
  settings.discovered === undefined && latest === undefined;

/** What the decision needs of the command. */
export const commandedBy = (running: RunningCommand): Commanded | undefined =>
  running.command.kind === 'follow'
    ? {
        server: running.command.server,
        force: running.command.force,
        althoughReadOnly: running.command.althoughReadOnly,
      }
    : undefined;

/** Notes the result of one publication; the first result stays. */
export function withResult(
  state: ClusterState,
  nameserver: string,
  result: Omit<CommandResult, 'nameserver'>,
): ClusterState {
  return withProgress(state, nameserver, { result: { nameserver, ...result } });
}

/** Notes the epoch that the command found, to tell another instance's move from ours. */
export const withEpoch = (state: ClusterState, nameserver: string, epoch: number): ClusterState =>
  withProgress(state, nameserver, { epoch });

function withProgress(state: ClusterState, nameserver: string, change: CommandProgress): ClusterState {
  const [head, ...rest] = state.commands;
  if (head === undefined) return state;
  const progress = new Map(head.progress).set(nameserver, { ...change, ...head.progress.get(nameserver) });
  return { ...state, commands: [{ ...head, progress }, ...rest] };
}

/** The result of a command by its update; undefined: not settled yet. `told`: the failure in better words. */
export function resultOfUpdate(
  attempt: Attempt,
  outcome: UpdateOutcome,
  told?: Failure,
): Omit<CommandResult, 'nameserver'> | undefined {
  if (outcome.kind === 'applied')
    return {
      kind: 'done',
      code: attempt.what === 'move' ? 'commanded' : attempt.what,
      sentence: attempt.sentence,
    };
  if (
    outcome.kind === 'unknown' ||
    outcome.code === 'prerequisite-failed' ||
    outcome.failure.code === 'recalled'
  )
    return undefined;
  return resultOfFailure(told ?? outcome.failure);
}

/** Answers the command when every publication has a result or its time is up. Then begins the next one. */
export function finishCommands(turn: Turn, state: ClusterState): ClusterState {
  const { now, effects } = turn;
  const [head, ...rest] = state.commands;
  if (head?.since === undefined) return state;
  const results = [...state.publications.values()].map((publication) => {
    const result = head.progress.get(publication.settings.nameserver)?.result;
    return result ?? (head.until !== undefined && now.mono >= head.until ? timedOut(publication) : undefined);
  });
  if (results.some((result) => result === undefined)) return state;
  effects.push({ kind: 'reply', id: head.id, answer: { results: results as CommandResult[] } });
  return beginNext(turn, { ...state, commands: rest });
}

/** Refusals by the nameserver itself. After every other failure it counts as unreachable. */
const saysNo = new Set([
  'update-refused',
  'query-refused',
  'zone-not-served',
  'zone-not-found',
  'not-in-zone',
  'not-authoritative',
  'formerr',
  'servfail',
  'notimp',
  'unexpected-rcode',
]);

/** The result of a command after a failure: the nameserver refused, or could not be reached. */
export const resultOfFailure = ({ code, message, hint }: Failure): Omit<CommandResult, 'nameserver'> => ({
  kind: saysNo.has(code) || code.startsWith('tsig-') ? 'failed' : 'unreachable',
  code,
  sentence: message,
  hint,
});

function timedOut({
  settings,
  zone: { failure: readFailure },
  writing: { failure: writeFailure },
}: PublicationState): CommandResult {
  const failure = readFailure ?? writeFailure;
  const sentence = `Nameserver ${settings.nameserver} or the server did not answer in time.`;
  return {
    nameserver: settings.nameserver,
    ...(failure ? resultOfFailure(failure) : { kind: 'unreachable', code: 'deadline', sentence }),
  };
}
