/** A replica becomes the source, while the source is well: nothing is lost (manual 19.4.8). */

import { opening, rebuilding, restarting } from '../decide/advice.ts';
import { lacksOf } from '../decide/ahead.ts';
import { lackWords, plural } from '../decide/lack.ts';
import { errantGtids } from '../decide/rejoin.ts';
import { waysToSource } from '../decide/replica-lag.ts';
import { isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import { countGtids } from '../gtid/gtid.ts';
import { emptyGtidSet } from '../gtid/gtid-set.ts';
import type { Channel } from '../model/observation.ts';
import type { Advice, Check, Procedure, Step } from '../model/procedure.ts';
import { leadsTo } from '../observe/source-of.ts';
import type { ServerView } from '../observe/topology.ts';
import { areByGtids, endOf, hasExecuted, hasReachedPlace } from './checks.ts';
import { isOfCluster, promotionOf } from './promotion.ts';
import {
  inDoubt,
  otherWriter,
  type Refused,
  refused,
  silent,
  sourceSilent,
  writesElsewhere,
} from './refusals.ts';
import { followersOf, repointSteps, sortedFollowers } from './repoint.ts';
import {
  closeStep,
  detachStep,
  drainedSteps,
  executeStep,
  fitStep,
  followStep,
  isTold,
  mendSteps,
  onServer,
  openStep,
  ownChannel,
  statusStep,
  type Told,
  undelaySteps,
  writePlaceStep,
} from './steps.ts';
import { foreignWarnings, replicaWarnings, sourceWarnings } from './warnings.ts';

/** For a replica, or for the published source that is closed. */
export function sourceAdvice(situation: Situation, server: ServerView): Advice {
  const { published } = situation;
  if (isPublished(situation, server)) return openAgain(situation, server);
  const no = refusedSource(situation, server);
  if (no !== undefined || !isTold(published) || !isTold(server))
    return no ?? { kind: 'nothing', sentence: 'There is no source.' };
  const channel = ownChannel(situation, server);
  if (channel === undefined)
    return refused('unsuitable', `${server.address} has no channel from the source.`);
  return {
    kind: 'procedures',
    aim: 'source',
    server: server.address,
    procedures: [switchover(situation, published, server, channel)],
  };
}

function openAgain(situation: Situation, server: ServerView): Advice {
  const doubt = inDoubt(situation) ?? silent(server);
  if (doubt !== undefined || !isTold(server)) return doubt ?? { kind: 'nothing', sentence: '' };
  const promotion = promotionOf(situation, server);
  if (promotion === undefined)
    return server.writable
      ? { kind: 'nothing', sentence: `${server.address} is the source already, and takes writes.` }
      : refused('unsuitable', `No statement can open ${server.address}: see source-dns explain.`);
  if (promotion.kind !== 'parts')
    return refused(
      'two-writers',
      `Do not open ${server.address} now: ${promotion.kind === 'obstacle' ? promotion.because : 'its data may be stale'}`,
    );
  const { open } = promotion;
  const channels = promotion.channels.filter(({ channel }) => isOfCluster(situation, server, channel));
  if (channels.length === 0 && open === '')
    return {
      kind: 'nothing',
      sentence: `${server.address} is the source already, and takes writes. ${foreignWarnings(situation, server).join(' ')}`,
    };
  return {
    kind: 'procedures',
    aim: 'source',
    server: server.address,
    procedures: [
      {
        title: `Open the source ${server.address} again`,
        why: `${server.address} is the published source, and takes no writes. It has all its data.`,
        preconditions: writesElsewhere(situation, [server]),
        steps: [
          ...channels.flatMap((part) => [
            ...undelaySteps(server, part.channel),
            ...mendSteps(server, part.channel),
            ...(part.waiting === undefined ? [] : [executeStep(server, part)]),
            ...(part.stays ? [] : [detachStep(server, part.channel, `Detach ${server.address}.`)]),
          ]),
          ...(open === '' ? [] : [openStep(server, `Open ${server.address}.`, open)]),
          statusStep(situation, `Look whether ${server.address} is the source.`),
        ],
        warnings: [
          `First find out who closed it, and why.`,
          ...foreignWarnings(situation, server),
          ...sourceWarnings(situation, server),
        ],
      },
    ],
  };
}

function refusedSource(situation: Situation, server: ServerView): Refused | undefined {
  const { published, state } = situation;
  const early = inDoubt(situation) ?? sourceSilent(situation) ?? silent(server);
  if (early !== undefined || published === undefined) return early;
  const { address } = server;
  const rejoinFirst = `source-dns advise ${state.settings.cluster} --to rejoin --server ${address}`;
  if (server.settings.candidate === 'never')
    return refused('unsuitable', `The configuration says candidate: never for ${address}.`);
  if (server.discovered !== undefined || server.sameAs !== undefined)
    return refused('unsuitable', `${address} is not one of the configured servers.`);
  if (isSuperseded(situation, server))
    return refused(
      'unsuitable',
      `${address} is a former source that has not rejoined. First make it a replica: ${rejoinFirst}`,
    );
  const [needsRestart] = server.facts ? restarting(server.facts) : [];
  if (needsRestart !== undefined) return refused('unsuitable', `${address}: ${needsRestart}.`);
  const errant = errantGtids(situation, published, server);
  if (errant !== undefined && countGtids(errant) > 0)
    return refused(
      'unsuitable',
      `${address} has ${plural(countGtids(errant))} that ${published.address} lacks: as the source it would send them to all. First: ${rejoinFirst}`,
    );
  if (!waysToSource(situation).has(address))
    return refused(
      'unsuitable',
      `${address} gets nothing from the source ${published.address} now: it would lose what is written meanwhile. First: ${rejoinFirst}`,
    );
  const writer = otherWriter(situation, [published, server]);
  if (writer !== undefined || server.writable)
    return refused('two-writers', `${(writer ?? server).address} takes writes, too. First close it.`);
  return unplaced(situation, published, server);
}

/** Without GTIDs only a direct replica can be compared with the source. */
function unplaced(situation: Situation, published: ServerView, server: ServerView): Refused | undefined {
  if (!isTold(published) || !isTold(server) || areByGtids(published.known, server.known)) return undefined;
  const channel = ownChannel(situation, server);
  return channel !== undefined && leadsTo(channel, published)
    ? undefined
    : refused(
        'data-unknown',
        `${server.address} does not replicate directly from ${published.address}: without GTIDs nobody can tell what it has.`,
      );
}

function switchover(situation: Situation, old: Told, server: Told, channel: Channel): Procedure {
  const byGtids = areByGtids(old.known, server.known);
  const { fit, apart } = sortedFollowers(situation, server, followersOf(situation, old, server), (replica) =>
    countGtids(errantGtids(situation, old, replica) ?? emptyGtidSet),
  );
  const lacks = lacksOf(situation, server);
  const behind = lacks && lackWords(lacks);
  return {
    title: `Make ${server.address} the source, instead of ${old.address}`,
    why: `${old.address} is well: when it is closed, ${server.address} executes all that it lacks, and nothing is lost. Clients cannot write between the steps that close and open.`,
    preconditions: [
      `${old.address} is the source, and ${old.writable ? 'takes writes' : 'is closed already'}.`,
      `${server.address} gets its data from it${behind === undefined ? '' : `, and lacks ${behind} now`}.`,
      ...writesElsewhere(situation, [old, server]),
    ],
    steps: [
      fitStep(server, channel),
      ...undelaySteps(server, channel),
      {
        ...closeStep(
          old,
          `Close ${old.address}: from now on nobody can write. The statement waits for running writes.`,
        ),
        undo: 'SET GLOBAL read_only = OFF',
      },
      ...drainSteps(old, server, channel, byGtids),
      ...detachedAll(situation, server),
      ...(byGtids ? [] : [writePlaceStep(server)]),
      openStep(server, `Open ${server.address}.`, opening(server.known)),
      statusStep(situation, `Look whether the name follows: ${server.address} is the source.`),
      ...repointSteps(situation, server, fit, ({ known }, name) => hasReachedPlace(known, name)),
      ...apart,
      ...drainedSteps(situation, old),
      followStep(situation, byGtids ? demoted(old) : old, {
        source: server.address,
        say: `Make ${old.address} a replica of ${server.address}${byGtids ? '' : ', from FILE and POSITION of the new source'}.`,
        place: byGtids ? 'gtids' : { file: 'FILE', position: 'POSITION' },
      }),
      statusStep(situation, `Look whether all servers replicate from ${server.address}.`),
    ],
    warnings: [
      ...older(old, server),
      ...foreignWarnings(situation, server),
      ...sourceWarnings(situation, server),
      ...replicaWarnings(situation, old),
    ],
  };
}

/** MariaDB: it has written, so its own writes must count when it becomes a replica. */
function demoted(old: Told): Told {
  const { positions } = old.known;
  if (positions === undefined) return old;
  const { serverId } = old.known;
  const own = new Map([...positions.current, [`0-${serverId}`, [[1, Number.MAX_SAFE_INTEGER]]] as const]);
  return { ...old, known: { ...old.known, positions: { replica: positions.replica, current: own } } };
}

function drainSteps(old: Told, server: Told, channel: Channel, byGtids: boolean): readonly Step[] {
  const { statement, keep } = endOf(old.known, byGtids);
  const names = byGtids ? 'GTIDS' : 'OLD_FILE and OLD_POSITION';
  const reached: Check = byGtids
    ? hasExecuted(server.known, "'GTIDS'")
    : hasReachedPlace(server.known, channel.name);
  return [
    onServer(old, `Ask where ${old.address} has ended. Its answer is ${names} below.`, {
      statements: [statement],
      keep,
    }),
    onServer(
      server,
      `Wait until ${server.address} has executed all of this. If the answer is another one, go back: open ${old.address} again (SET GLOBAL read_only = OFF).`,
      { verify: [reached] },
    ),
  ];
}

/** Channels from other clusters stay. */
const detachedAll = (situation: Situation, server: Told): readonly Step[] =>
  server.known.channels
    .filter((channel) => isOfCluster(situation, server, channel))
    .flatMap((channel) => [
      // Its own channel has executed everything up to the end of the source.
      ...(channel === ownChannel(situation, server)
        ? []
        : drainedSteps(situation, { ...server, known: { ...server.known, channels: [channel] } })),
      detachStep(server, channel, `Detach ${server.address}: it replicates from nobody in this cluster.`),
    ]);

function older({ address: oldAddress, known: old }: Told, { address, known }: Told): readonly string[] {
  const isNewer =
    known.version.major > old.version.major ||
    (known.version.major === old.version.major && known.version.minor > old.version.minor);
  return isNewer
    ? [
        `${address} (${known.version.text}) is newer than ${oldAddress} (${old.version.text}). An older server cannot replicate from a newer one: after this there is no way back, except to ${rebuilding(old, address)}.`,
      ]
    : [];
}
