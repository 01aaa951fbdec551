/** What must hold of an application after the story, from what it said and from the rows of both servers. */

import { type Application, type Attempt, isTransaction } from './application.ts';

/** A row as a server has it. `writtenOn`: the UUID of the server on which the statement ran. */
export interface Row {
  readonly id: string;
  readonly part: number;
  readonly writtenOn: string;
}

/** On a machine that is too busy a caller waits for too long: nothing was sent. */
const waitedInVain: readonly (string | undefined)[] = [
  'SOURCE_NOT_WRITABLE',
  'SOURCE_UNKNOWN',
  'SOURCE_BUSY',
];

/** What is known at the end. */
export interface Evidence {
  readonly rows: ReadonlyMap<string, readonly Row[]>;
  /** The UUID of the source in each chapter. */
  readonly sources: readonly string[];
  readonly connectionLimit: number;
}

/** The faults of an application; none if it is well. */
export function faultsOf(
  { plan, attempts: attemptsById, stray }: Application,
  { rows, sources, connectionLimit }: Evidence,
): readonly string[] {
  const attempts = [...attemptsById.values()];
  const failed = attempts.filter(
    ({ outcome, error }) => outcome === 'failed' && !waitedInVain.includes(error),
  ).length;
  const most = plan.waits ? connectionLimit * (sources.length - 1) : Infinity;
  const judged = attempts.flatMap((attempt) =>
    faultOf(attempt, rows.get(attempt.id) ?? [], sources).map((fault) => `${attempt.id} ${fault}`),
  );
  return [
    ...judged,
    ...(failed > most ? [`has ${failed} errors, and one a connection and loss is ${most}`] : []),
    ...stray.map((line) => `said: ${line}`),
  ];
}

function faultOf(attempt: Attempt, rows: readonly Row[], sources: readonly string[]): readonly string[] {
  const whole = isTransaction(attempt) ? 2 : 1;
  const servers = [...new Set(rows.map(({ writtenOn }) => writtenOn))];
  const faults: string[] = [];
  if (attempt.outcome === 'open') faults.push('never ended');
  if (servers.length > 1) faults.push('was written on two servers');
  if (rows.length > whole) faults.push(`was written ${rows.length / whole} times`);
  else if (rows.length !== 0 && rows.length !== whole) faults.push('was written in part');
  else if (attempt.outcome === 'done' && rows.length === 0) faults.push('was acknowledged, and is nowhere');
  // It began when the sources before were former ones already.
  const may = sources.slice(attempt.chapter);
  if (servers.some((server) => !may.includes(server))) faults.push('was written on a former source');
  return faults;
}
