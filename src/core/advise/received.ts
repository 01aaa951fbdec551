/** What a server has received but not executed, and the source lacks: the server may have the last copy. */

import { starting, stopping } from '../decide/advice.ts';
import { plural } from '../decide/lack.ts';
import type { Situation } from '../decide/situation.ts';
import { type Waiting, waitingOf, waitingWords } from '../decide/waiting.ts';
import { countGtids, restrict, subtract, union } from '../gtid/gtid.ts';
import { emptyGtidSet, type GtidSet } from '../gtid/gtid-set.ts';
import { type Channel, isOwnOrigin } from '../model/observation.ts';
import { leadsTo } from '../observe/source-of.ts';
import { hasExecuted, isDrained, setText } from './checks.ts';
import { isOfCluster } from './promotion.ts';
import { type Refused, refused } from './refusals.ts';
import { type Told, undelaySteps } from './steps.ts';

/**
 * Refuses to change the channels of a server before it has executed what only it has. Then they are counted
 * again: transactions that the source lacks are its own.
 */
export function unexecuted(situation: Situation, source: Told, server: Told): Refused | undefined {
  for (const channel of server.known.channels) {
    if (!isOfCluster(situation, server, channel) || leadsTo(channel, source)) continue;
    const waiting = waitingOf(server.known, channel);
    if (waiting === undefined || waiting.kind === 'unknown') continue;
    const lacking = waiting.kind === 'counted' ? countGtids(lackedBy(source, waiting.set)) : undefined;
    if (lacking !== 0) return refusal(situation, { source, server, channel, waiting, lacking });
  }
  return undefined;
}

/** What the source wrote itself may be newer than its last answer. */
const lackedBy = ({ known }: Told, set: GtidSet): GtidSet =>
  restrict(subtract(set, known.gtidExecuted ?? emptyGtidSet), (uuid) => !isOwnOrigin(known, uuid));

interface Case {
  readonly source: Told;
  readonly server: Told;
  readonly channel: Channel;
  readonly waiting: Waiting;
  /** Undefined: nobody can count it. */
  readonly lacking: number | undefined;
}

function refusal({ state }: Situation, { source, server, channel, waiting, lacking }: Case): Refused {
  const { address } = server;
  const whatOf =
    lacking === undefined
      ? `nobody can tell whether ${source.address} has them`
      : `${source.address} lacks ${plural(lacking)} of these`;
  const mend =
    channel.applierError === undefined
      ? ''
      : ` Its applier is stopped by an error (${channel.applierError}): first remove the cause.`;
  return refused(
    'received-not-executed',
    `${address} has received ${waitingWords(waiting)} from ${channel.sourceAddress} that it has not executed, and ${whatOf}. ${address} may have the last copy: a change of its source now would delete them.${mend} On ${address}: ${drainStatements(server, channel).join('; ')}. When it has executed all, ask again: source-dns advise ${state.settings.cluster} --to rejoin --server ${address}`,
  );
}

/** Statements that make the applier execute all that is there. */
export function drainStatements(server: Told, channel: Channel): readonly string[] {
  const { known } = server;
  const { name, applier, delaySeconds, receiver, retrieved } = channel;
  const all = retrieved && setText(union(known.gtidExecuted ?? emptyGtidSet, retrieved));
  const wait =
    all === undefined || known.flavour === 'mariadb' ? isDrained(known, name) : hasExecuted(known, all);
  const undelayed =
    delaySeconds === undefined || known.flavour === 'mariadb'
      ? []
      : undelaySteps(server, channel).flatMap(({ statements }) => statements);
  return [
    ...undelayed,
    // It must not get more of the old source meanwhile.
    ...(receiver === 'off' && undelayed.length === 0 ? [] : [stopping(known, name, ' IO_THREAD')]),
    ...(applier === 'on' || undelayed.length > 0 ? [] : [starting(known, name, ' SQL_THREAD')]),
    `${wait.statement} (must answer ${wait.expect})`,
  ];
}
