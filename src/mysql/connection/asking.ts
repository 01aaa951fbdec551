/** Asks a server over a session that is logged in, and reads what it answers. */

import { changedFacts } from '../../core/model/changed-observation.ts';
import type { Probe } from '../../core/model/observation.ts';
import type { ServerAddress, ServerId } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import type { ChannelNotes } from '../answer/channel-notes.ts';
import { aliveProblem, classify, proxyProblem } from '../answer/failures.ts';
import { Kept } from '../answer/kept.ts';
import type { Answers } from '../answer/query-set.ts';
import type { Row } from '../answer/row.ts';
import { LastAnswer } from '../boundary/results.ts';
import { type AskTogether, askStatements, type Habits, noHabits } from './ask.ts';
import type { Opened } from './opening.ts';
import { askPrepared, type Prepared } from './prepared.ts';

/** A connection that can be asked. */
export interface Ready extends Opened, Memory {}

/** What the probes of one connection leave for the next one. */
interface Memory {
  readonly habits: Habits;
  readonly prepared: Prepared;
  /** By statement name. */
  readonly last: Map<string, LastAnswer>;
  /** The servers that answered its probes: more than one means a proxy. */
  readonly ids: Set<ServerId>;
  notes: ChannelNotes;
  readonly kept: Kept;
  /** The first row of the statement `server` in the last probe with facts: a glance compares with it. */
  lastSeen: Row | undefined;
}

/** `together`: whether several statements may leave in one train. */
export const nothingAsked = (together = true): Memory => ({
  habits: noHabits(together),
  // The first time a statement and its PREPARE are two.
  prepared: { known: together ? new Map() : 'off' },
  last: new Map(),
  ids: new Set(),
  notes: new Map(),
  kept: new Kept(),
  lastSeen: undefined,
});

/** One part of a probe: once it is late, it must not touch the connection any more. */
export interface Turn {
  late: boolean;
  answered: boolean;
}

interface Asking {
  readonly server: ServerAddress;
  readonly clock: Clock;
  readonly turn: Turn;
}

/** One probe. Never rejects, and may never resolve: the caller has a deadline. */
export async function askServer(ready: Ready, asking: Asking): Promise<Probe> {
  ready.session.beginProbe();
  const answered = (): void => {
    asking.turn.answered = true;
  };
  const ask: AskTogether = (texts) =>
    ready.session.train(
      texts.map(({ statement, sql }) => ({ sql, last: lastOf(ready, statement.name) })),
      answered,
    );
  const askAll = askPrepared(ask, ready.prepared, () => ready.session.hasEnded);
  const asked = await askStatements(askAll, ready.set, ready.habits);
  return asked.kind === 'answers'
    ? readAnswers(ready, asking, asked.answers)
    : classify(ready.asker, asked.error);
}

/** Spellings of one statement share a memory: other bytes are read anew. */
function lastOf({ last }: Ready, name: string): LastAnswer {
  const known = last.get(name) ?? new LastAnswer();
  last.set(name, known);
  return known;
}

/**
 * One glance: whether the server still says of itself what it said in the last probe. `untold`: there was no
 * such probe, or no answer. It is no evidence, only a reason to probe. The caller has a deadline, and never
 * glances during a probe.
 */
export async function glanceAt(ready: Ready): Promise<'same' | 'differs' | 'untold'> {
  const { lastSeen } = ready;
  if (lastSeen === undefined) return 'untold';
  ready.session.beginProbe();
  const answer = await ready.session.query(ready.set.glance, lastOf(ready, 'glance'));
  const row = answer.kind === 'rows' ? answer.rows[0] : undefined;
  if (row === undefined) return 'untold';
  return Object.keys(row).every((column) => row[column] === lastSeen[column]) ? 'same' : 'differs';
}

function readAnswers(ready: Ready, { server, clock }: Asking, answers: Answers): Probe {
  ready.kept.beginProbe();
  const at = clock.mono();
  const uptimeSeconds = Math.max(0, Math.floor((at - ready.startedAt) / 1000));
  const reading = ready.set.read({
    server,
    session: ready.session.number,
    uptimeSeconds,
    answers,
    at,
    notes: ready.notes,
    kept: ready.kept,
  });
  if (reading.kind === 'failed') return { kind: 'alive', failure: reading.failure };
  // A running server never changes its UUID (MariaDB's server_id may): a proxy answers for several servers.
  if (reading.facts.flavour === 'mysql' && ready.ids.size < 2) ready.ids.add(reading.facts.id);
  if (ready.ids.size > 1)
    return proxyProblem(
      aliveProblem,
      server,
      `one connection reached more than one server: ${[...ready.ids].join(', then ')}`,
    );
  ready.notes = reading.notes;
  ready.lastSeen = answers['server']?.[0];
  return { kind: 'reachable', facts: changedFacts(reading.facts, { peer: ready.session.peer }) };
}
