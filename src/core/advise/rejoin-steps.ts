/** The steps by which a server becomes a replica of the present source again. */

import { closing, detachingStatements, rebuilding, starting, stopping } from '../decide/advice.ts';
import { receivedBy } from '../decide/ahead.ts';
import { fenceNote } from '../decide/fence.ts';
import { isSuperseded, type Situation } from '../decide/situation.ts';
import { restrict } from '../gtid/gtid.ts';
import { emptyGtidSet } from '../gtid/gtid-set.ts';
import type { Channel, ServerFacts } from '../model/observation.ts';
import type { Check, Step } from '../model/procedure.ts';
import { leadsTo } from '../observe/source-of.ts';
import type { ServerView } from '../observe/topology.ts';
import { isReplicating, setText } from './checks.ts';
import { isOfCluster } from './promotion.ts';
import {
  closeStep,
  drainedSteps,
  followStep,
  mendSteps,
  onServer,
  ownChannel,
  reachStep,
  statusStep,
  type Told,
} from './steps.ts';

export const titleOf = (source: ServerView, { address }: ServerView): string =>
  `Make ${address} a replica of the source ${source.address}`;

/** What every way to rejoin relies on. */
export const seenOf = (situation: Situation, source: ServerView, server: ServerView): readonly string[] => [
  `${source.address} is the source, and takes writes.`,
  `${server.address} answers${isSuperseded(situation, server) ? ': it is a former source that has not rejoined' : ''}${server.writable ? ', and is writable' : ''}.`,
  ...fencedWords(situation, server),
];

const fencedWords = (situation: Situation, server: ServerView): readonly string[] => {
  const note = fenceNote(situation, server);
  return note === undefined ? [] : [`${server.address} ${note.words}.`];
};

/** From closing it up to the look at the whole. Only for a server without transactions of its own. */
export function rejoinSteps(situation: Situation, source: Told, server: Told): readonly Step[] {
  const own = ownChannel(situation, server);
  if (own !== undefined && leadsTo(own, source)) return startedSteps(situation, source, server);
  return [
    closedStep(situation, server),
    ...drainedSteps(situation, server, true),
    ...comparedSteps(situation, source, server),
    ...detachedSteps(situation, server),
    ...joinedSteps(situation, source, server),
  ];
}

/** Its channel leads to the source already: nothing is changed, so what it has received stays. */
function startedSteps(situation: Situation, source: Told, server: Told): readonly Step[] {
  const { known, address } = server;
  const own = ownChannel(situation, server);
  const name = own?.name ?? '';
  return [
    closeStep(server, `Close ${address}: a write there would be in no other server.`),
    ...(own === undefined ? [] : mendSteps(server, own)),
    ...drainedSteps(situation, { ...server, known: { ...known, channels: furtherOf(situation, server) } }),
    ...detachedSteps(situation, server),
    onServer(
      server,
      `Start the channel from ${source.address}. It executes what it has received, and goes on from there.`,
      {
        statements: [starting(known, name)],
        verify: [isReplicating(known, name)],
        undo: stopping(known, name),
      },
    ),
    ...reachedSteps(situation, source, server),
  ];
}

const furtherOf = (situation: Situation, server: Told): readonly Channel[] => {
  const own = ownChannel(situation, server);
  return server.known.channels.filter((channel) => channel !== own);
};

/** The last steps, which are the same for a copy of the source. */
export const joinedSteps = (situation: Situation, source: Told, server: Told): readonly Step[] => [
  followStep(situation, server, {
    source: source.address,
    say: `Make ${server.address} a replica of ${source.address}.`,
  }),
  ...reachedSteps(situation, source, server),
];

const reachedSteps = (situation: Situation, source: Told, server: Told): readonly Step[] => [
  ...reachStep(
    server,
    (source.known.flavour === 'mariadb' ? source.known.positions?.current : undefined) ??
      source.known.gtidExecuted ??
      emptyGtidSet,
    `Wait until ${server.address} has executed what ${source.address} had executed when this was written.`,
  ),
  statusStep(
    situation,
    `Look whether ${server.address} is a replica, and no longer one of the former sources.`,
  ),
];

/** It gets no write and no event any more: what was compared stays true. */
export function closedStep(situation: Situation, server: Told): Step {
  const { known } = server;
  const channel = ownChannel(situation, server);
  const close = closeStep(
    server,
    `Close ${server.address}: a write there would be in no other server. The statement waits for running writes.`,
    unchanged(known, hasOtherChannels(situation, server)),
  );
  return channel === undefined
    ? close
    : { ...close, statements: [closing(server), stopping(known, channel.name)] };
}

/** It has executed nothing since this was written. Several domains are listed in no certain order. */
function unchanged(facts: ServerFacts, hasOthers: boolean): readonly Check[] {
  const { flavour, gtidExecuted, positions } = facts;
  // A channel from another cluster brings more all the time.
  if (hasOthers) return [];
  if (flavour === 'mariadb') {
    const current = positions && setText(positions.current);
    return current === undefined || positions?.current.size !== 1
      ? []
      : [{ statement: `SELECT @@GLOBAL.gtid_current_pos = ${current} AS unchanged`, expect: '1' }];
  }
  const set = gtidExecuted && setText(gtidExecuted);
  return set === undefined
    ? []
    : [{ statement: `SELECT GTID_SUBSET(@@GLOBAL.gtid_executed, ${set}) AS unchanged`, expect: '1' }];
}

const hasOtherChannels = (situation: Situation, server: Told): boolean =>
  server.known.channels.some((channel) => !isOfCluster(situation, server, channel));

/** Errors 1236 beforehand: transactions that the source lacks, or whose binary log is purged. */
function comparedSteps(situation: Situation, source: Told, server: Told): readonly Step[] {
  const { address, known } = server;
  const { gtidExecuted = emptyGtidSet } = known;
  // What it has received is executed before, or deleted by CHANGE if a delay holds it back.
  const own = receivedBy(known) ?? gtidExecuted;
  const theirs = source.known.gtidExecuted;
  // Transactions of another cluster do not count.
  const counted = hasOtherChannels(situation, server)
    ? restrict(own, (uuid) => uuid === server.id || theirs?.has(uuid) === true)
    : own;
  const set = setText(counted);
  if (known.flavour === 'mariadb' || set === undefined) return [];
  return [
    onServer(
      source,
      `Compare: ${source.address} has executed all that ${address} has, and its binary log still has the rest. If the second value is 0, the rest is purged: ${rebuilding(known, source.address)} instead.`,
      {
        verify: [
          {
            statement: `SELECT GTID_SUBSET(${set}, @@GLOBAL.gtid_executed) AS is_known, GTID_SUBSET(@@GLOBAL.gtid_purged, ${set}) AS is_there`,
            expect: '1, 1',
          },
        ],
      },
    ),
  ];
}

/** Further channels of the cluster would bring other servers' writes. */
function detachedSteps(situation: Situation, server: Told): readonly Step[] {
  const { known } = server;
  const own = ownChannel(situation, server);
  return known.channels
    .filter((channel) => channel !== own && isOfCluster(situation, server, channel))
    .map((channel) =>
      onServer(server, `Remove the second channel of the cluster, from ${channel.sourceAddress}.`, {
        statements: detachingStatements(known, channel.name),
      }),
    );
}
