/** Carries out the command in progress, or answers why not. */

import { isBeingFenced } from '../decide/fence.ts';
import { guard } from '../decide/guard.ts';
import { isLedgerBehind, isSuperseded, type Situation } from '../decide/situation.ts';
import { situationOf } from '../decide/situation-of.ts';
import { decide } from '../decide/table.ts';
import type { Decision } from '../model/decision.ts';
import type { Command, CommandResult, Turn } from '../model/events.ts';
import type { Ledger } from '../model/ledger.ts';
import { keptReason } from '../model/ledger-text.ts';
import type { PublicationState } from '../model/publication.ts';
import { type ClusterState, type RunningCommand, withPublication } from '../model/state.ts';
import { plusMs } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import { rewritten, type Write } from '../publish/intended.ts';
import { intendedWrite } from '../publish/intent.ts';
import { planUpdate } from '../publish/plan.ts';
import { isLookedInto } from '../publish/why-refused.ts';
import { write } from '../publish/write.ts';
import { announce } from './announce.ts';
import { commandedBy, resultOfFailure, withEpoch, withResult } from './commands.ts';

type Result = Omit<CommandResult, 'nameserver'>;

export function obey(
  turn: Turn,
  state: ClusterState,
  publication: PublicationState,
  running: RunningCommand,
): ClusterState {
  const { now } = turn;
  const { nameserver } = publication.settings;
  const { remembered, failure } = publication.zone;
  const noted = withEpoch(state, nameserver, remembered?.epoch ?? 0);
  if (failure) return withResult(noted, nameserver, resultOfFailure(failure));
  // The update was refused, and an inspection will say why: that is the answer.
  if (isLookedInto(publication, running.id, now)) return noted;
  if (running.command.kind === 'follow' && isBeingFenced(noted, running.command.server)) return noted;
  const situation = situationOf(noted, publication, now, { command: commandedBy(running) });
  if (running.command.kind !== 'follow') return rewrite(turn, situation, running);
  const known = noted.commands[0]?.progress.get(nameserver)?.epoch;
  const decision = withReason(guard(situation, decide(situation)), running.command);
  // The update on its way may still be applied: its outcome is the answer.
  const isOnItsWay = publication.writing.inFlight?.commandId === running.id;
  const answer = isOnItsWay ? undefined : answerWithoutWrite(situation, decision, running, known);
  if (answer) return withResult(noted, nameserver, answer);
  // A command may move a flapping name, and counts as decided now.
  const unlatched = {
    ...publication,
    limits: { ...publication.limits, flapping: false, moves: [] },
    decidedAt: { mono: now.mono, wall: now.wall },
  };
  return write(turn, { ...situation, publication: unlatched }, decision, { commandId: running.id });
}

/** The reason that was given, for the history. */
const withReason = (decision: Decision, { by, reason }: Command & { kind: 'follow' }): Decision =>
  decision.kind === 'hold' || reason === undefined
    ? decision
    : { ...decision, sentence: `${decision.sentence} By ${by}: ${reason}.` };

/** The result of a follow that needs no write or must not write; undefined: write. */
function answerWithoutWrite(
  situation: Situation,
  decision: Decision,
  running: RunningCommand,
  known: number | undefined,
): Result | undefined {
  const { publication, ledger, state, published } = situation;
  const { command } = running;
  if (command.kind !== 'follow') return undefined;
  // A ledger that went back is not in force: the named server is published anew, at a new epoch.
  const isInForce = !isLedgerBehind(situation);
  if (ledger && isInForce && published?.address === command.server && ledger.source === command.server) {
    return {
      kind: 'done',
      code: 'steady',
      sentence: `${command.server} is already published, since epoch ${ledger.epoch}.`,
    };
  }
  if (decision.kind === 'hold') {
    const target = situation.members.find(({ address }) => address === command.server);
    return {
      kind: target?.contact === 'unknown' ? 'unreachable' : 'held',
      code: decision.reason,
      sentence: decision.sentence,
    };
  }
  if (ledger && known !== undefined && ledger.epoch > known) {
    return {
      kind: 'lost-race',
      code: 'lost-race',
      sentence: `Instance ${ledger.by} moved the name to ${ledger.source} meanwhile (epoch ${ledger.epoch}).`,
    };
  }
  if (command.dryRun) {
    const intended = intendedWrite(situation, decision);
    const { settings } = publication;
    const { view } = publication.zone;
    const plan = intended && view && planUpdate(settings, view, intended.ledger, intended.wanted);
    return { kind: 'done', code: 'dry-run', sentence: decision.sentence, plan };
  }
  return state.settings.mode === 'observe' ? observing(state) : undefined;
}

const observing = (state: ClusterState): Result => ({
  kind: 'failed',
  code: 'observe-mode',
  sentence: `Cluster ${state.settings.cluster} is in mode: observe, which writes nothing. Set mode: active.`,
});

/** What a command does to the ledger: a changed ledger, or a result without a write. */
type Rewriting =
  | { readonly kind: 'ledger'; readonly ledger: Ledger; readonly sentence: string }
  | { readonly kind: 'result'; readonly result: Result };

/** Freeze, thaw, forget and announce change only the ledger. */
function rewrite(turn: Turn, situation: Situation, running: RunningCommand): ClusterState {
  const { state, ledger, publication } = situation;
  const { cluster, mode, watch } = state.settings;
  const { command } = running;
  const { nameserver, source } = publication.settings;
  if (command.kind === 'follow') return state;
  if (ledger === undefined || ledger.cluster !== cluster) {
    const { reason, kind, sentence: why } = publication.decision;
    const cause =
      mode === 'observe' ? 'mode: observe publishes nothing.' : `The decision is ${kind} (${reason}): ${why}`;
    const sentence = `${source.name} has no ledger of cluster ${cluster}, so there is nothing to ${command.kind}. ${cause}`;
    const code = mode === 'observe' ? 'observe-mode' : 'no-ledger';
    return withResult(state, nameserver, { kind: 'failed', code, sentence });
  }
  const rewriting = rewriteLedger(situation, ledger, command);
  const refused = rewriting.kind === 'result' && rewriting.result.kind !== 'done';
  const isDryRun = 'dryRun' in command && command.dryRun === true;
  const current = refused || isDryRun ? publication : afterCommand(publication, command);
  const noted = withPublication(state, current);
  if (rewriting.kind === 'result') return withResult(noted, nameserver, rewriting.result);
  if (isDryRun) return withResult(state, nameserver, planned(situation, rewriting));
  if (mode === 'observe') return withResult(state, nameserver, observing(state));
  const explicit: Write = {
    what: command.kind,
    aim: `${command.kind} ${running.id}`,
    sentence: rewriting.sentence,
    ledger: rewritten(situation, rewriting.ledger),
    wanted: [],
    notAfter: plusMs(turn.now.mono, watch.freshForMs),
  };
  const now: Situation = { ...situation, state: noted, publication: current };
  return write(turn, now, current.decision, { commandId: running.id, explicit });
}

/** The plan of a dry run. */
function planned(situation: Situation, { ledger, sentence }: Rewriting & { kind: 'ledger' }): Result {
  const { settings, zone } = situation.publication;
  const plan = zone.view && planUpdate(settings, zone.view, rewritten(situation, ledger), []);
  return { kind: 'done', code: 'dry-run', sentence, plan };
}

/** What changes beside the ledger: a thaw counts moves anew, a forgotten server is not waited for. */
function afterCommand(publication: PublicationState, command: Command): PublicationState {
  if (command.kind === 'thaw')
    return { ...publication, limits: { ...publication.limits, flapping: false, moves: [] } };
  if (command.kind === 'forget')
    return {
      ...publication,
      evidence: { ...publication.evidence, gone: new Set([...publication.evidence.gone, command.server]) },
    };
  return publication;
}

function rewriteLedger(
  situation: Situation,
  ledger: Ledger,
  command: Exclude<Command, { kind: 'follow' }>,
): Rewriting {
  const { publication } = situation;
  const done = (sentence: string): Rewriting => result('done', command.kind, sentence);
  switch (command.kind) {
    case 'freeze': {
      if (ledger.frozen) return done(`It is already frozen by ${ledger.frozen.by}: ${ledger.frozen.reason}`);
      const frozen = { by: command.by, reason: command.reason };
      return { kind: 'ledger', ledger: { ...ledger, frozen }, sentence: frozenSentence(frozen) };
    }
    case 'thaw': {
      if (ledger.frozen === undefined)
        return done(
          publication.limits.flapping
            ? 'It was not frozen. Its moves are counted from zero again.'
            : 'It was not frozen.',
        );
      const { frozen: _thawed, ...rest } = ledger;
      return { kind: 'ledger', ledger: rest, sentence: `Thawed by ${command.by}.` };
    }
    case 'forget':
      return forgotten(situation, ledger, command);
    case 'announce':
      return announce(situation, ledger, command);
  }
}

/** Others read in the zone what is left of the reason: its writer should know. */
function frozenSentence(frozen: NonNullable<Ledger['frozen']>): string {
  const said = `Frozen by ${frozen.by}: ${frozen.reason}`;
  const kept = keptReason(frozen);
  return kept === frozen.reason
    ? said
    : `${said}. The zone keeps only printable ASCII and 255 characters of it, so others read: ${kept}`;
}

const result = (kind: Result['kind'], code: string, sentence: string): Rewriting => ({
  kind: 'result',
  result: { kind, code, sentence },
});

function insteadOfForget(situation: Situation, server: ServerView): string {
  if (!isSuperseded(situation, server))
    return 'It is not a former source, so nothing needs to be forgotten. To remove it: stop it, and delete it from the configuration.';
  return `It is a former source, and is remembered until it has rejoined. Make it a replica of ${situation.ledger?.source}, or stop it and delete it from the configuration.`;
}

/** Remembering a former source keeps its stale writes out, so only a silent one is forgotten. */
function forgotten(
  situation: Situation,
  ledger: Ledger,
  { server: address, by }: Extract<Command, { kind: 'forget' }>,
): Rewriting {
  const { members, published } = situation;
  const server = members.find((member) => member.address === address);
  if (published?.address === address || ledger.source === address) {
    return result(
      'held',
      'published-source-alive',
      `${address} is the published source. First name another one with follow.`,
    );
  }
  if (server?.contact === 'reachable' || server?.contact === 'alive') {
    return result(
      'held',
      server !== undefined && isSuperseded(situation, server) ? 'superseded-source' : 'server-alive',
      `${address} is alive, and only a server that will not come back can be forgotten. ${insteadOfForget(situation, server)}`,
    );
  }
  const was = ledger.was.filter((former) => former.address !== address && former.uuid !== server?.id);
  if (was.length < ledger.was.length) {
    return {
      kind: 'ledger',
      ledger: { ...ledger, was },
      sentence: `${address} was forgotten by ${by}: it will not come back.`,
    };
  }
  return server === undefined
    ? result(
        'failed',
        'unknown-server',
        `${address} is neither a server of this configuration nor a former source in the ledger.`,
      )
    : result('done', 'forget', `${address} is no longer waited for. The ledger did not name it.`);
}
