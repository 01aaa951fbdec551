/** A server that came back becomes a replica of the present source (manual 19.4.8). */

import { errantGtids } from '../decide/rejoin.ts';
import { waysToSource } from '../decide/replica-lag.ts';
import { belongsToLine, isSuperseded, type Situation } from '../decide/situation.ts';
import { countGtids, subtract } from '../gtid/gtid.ts';
import { emptyGtidSet, type GtidSet } from '../gtid/gtid-set.ts';
import type { Advice, Procedure } from '../model/procedure.ts';
import type { ServerView } from '../observe/topology.ts';
import { areByGtids } from './checks.ts';
import { keepProcedure } from './keep-errant.ts';
import { rebuildProcedure } from './rebuild.ts';
import { unexecuted } from './received.ts';
import { refusedRejoin } from './refusals.ts';
import { closedStep, rejoinSteps, seenOf, titleOf } from './rejoin-steps.ts';
import { drainedSteps, followStep, isTold, statusStep, type Told } from './steps.ts';
import { replicaWarnings } from './warnings.ts';

/** The ways to make it a replica: as it is, or if it has transactions of its own, one way for each choice. */
export function rejoinAdvice(situation: Situation, server: ServerView): Advice {
  const { published } = situation;
  const refused = refusedRejoin(situation, server);
  if (refused !== undefined || !isTold(published) || !isTold(server))
    return refused ?? { kind: 'nothing', sentence: 'There is no source.' };
  if (isWell(situation, published, server))
    return {
      kind: 'nothing',
      sentence: `${server.address} gets its data from ${published.address}, and has no transactions of its own: there is nothing to do.`,
    };
  const last = unexecuted(situation, published, server);
  if (last !== undefined) return last;
  return {
    kind: 'procedures',
    aim: 'rejoin',
    server: server.address,
    procedures: waysOf(situation, published, server),
  };
}

/** Already a replica. A former source is still compared for a moment. */
function isWell(situation: Situation, source: ServerView, server: ServerView): boolean {
  const errant = errantGtids(situation, source, server);
  return (
    !server.writable &&
    waysToSource(situation).has(server.address) &&
    (errant === undefined || countGtids(errant) === 0)
  );
}

function waysOf(situation: Situation, source: Told, server: Told): readonly Procedure[] {
  const byGtids = areByGtids(source.known, server.known);
  if (!byGtids) return withoutGtids(situation, source, server);
  // A stranger has another history: nothing of it may stay.
  const isStranger = !belongsToLine(situation, server) && !isSuperseded(situation, server);
  if (isStranger && countGtids(foreignGtids(source, server)) > 0)
    return [rebuildProcedure(situation, { source, server, errant: foreignGtids(source, server) })];
  const errant = errantGtids(situation, source, server);
  if (errant !== undefined && countGtids(errant) > 0) {
    const keep = keepProcedure(situation, { source, server, errant });
    return [rebuildProcedure(situation, { source, server, errant }), ...(keep ? [keep] : [])];
  }
  return [
    {
      title: titleOf(source, server),
      why: `${server.address} has executed nothing that ${source.address} lacks, so its data can stay.`,
      preconditions: [...seenOf(situation, source, server), 'It has no transactions of its own.'],
      steps: rejoinSteps(situation, source, server),
      warnings: replicaWarnings(situation, server),
    },
  ];
}

const foreignGtids = ({ known: theirs }: Told, { known: own }: Told): GtidSet =>
  subtract(own.gtidExecuted ?? emptyGtidSet, theirs.gtidExecuted ?? emptyGtidSet);

/** Nobody can tell what such a server has, or where it must begin, unless it was written down. */
function withoutGtids(situation: Situation, source: Told, server: Told): readonly Procedure[] {
  return [
    rebuildProcedure(situation, { source, server, errant: undefined }),
    {
      title: `${titleOf(source, server)}, from a place that you wrote down`,
      why: `Without GTIDs we cannot know where ${server.address} must begin. Only if you wrote FILE and POSITION of ${source.address} down before it was opened, and ${server.address} has written nothing since.`,
      preconditions: seenOf(situation, source, server),
      steps: [
        closedStep(situation, server),
        ...drainedSteps(situation, server, true),
        followStep(situation, server, {
          source: source.address,
          say: `Make ${server.address} a replica of ${source.address}. FILE and POSITION are the place in the binary log of ${source.address} where it was opened. The present end of that log is wrong, and its beginning, too.`,
          place: { file: 'FILE', position: 'POSITION' },
        }),
        statusStep(
          situation,
          `Look whether ${server.address} is a replica, and whether its lag gets smaller.`,
        ),
      ],
      warnings: [
        `Writes of ${server.address} that ${source.address} never got stay on ${server.address}: its data differ, and nobody sees it. Compare the tables with a checksum, or rebuild it.`,
        ...replicaWarnings(situation, server),
      ],
    },
  ];
}
