/** Steps that several procedures share. */

import {
  closing,
  detachingStatements,
  followingStatements,
  type Place,
  starting,
  stopping,
  undelaying,
} from '../decide/advice.ts';
import type { Situation } from '../decide/situation.ts';
import { isOurName } from '../decide/spelled-servers.ts';
import { waitingOf } from '../decide/waiting.ts';
import { union } from '../gtid/gtid.ts';
import { emptyGtidSet, type GtidSet } from '../gtid/gtid-set.ts';
import type { Channel, ServerFacts } from '../model/observation.ts';
import type { Check, Step } from '../model/procedure.ts';
import type { ServerAddress } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import {
  areByGtids,
  hasExecuted,
  hasNoFilters,
  isApplying,
  isAtPlace,
  isClosed,
  isDetached,
  isDrained,
  isOpen,
  isReplicating,
  isUndelayed,
  logsAll,
  placeOf,
  setText,
} from './checks.ts';
import { type ChannelPart, isOfCluster, waitingText } from './promotion.ts';

/** Before it becomes the source: a server that filtered what it replicated does not have all data. */
export const fitStep = (server: Told, channel: Channel | undefined): Step =>
  onServer(
    server,
    `See that ${server.address} can be a source: it logs what its replicas need, and filters nothing out.`,
    { verify: [logsAll(server.known), ...hasNoFilters(server.known, channel?.name ?? '')] },
  );

/** A server that has told what it is. */
export type Told = ServerView & { readonly known: ServerFacts };

export const isTold = (server: ServerView | undefined): server is Told => server?.known !== undefined;

/** A step with statements for one server. */
export const onServer = (
  { address: on }: ServerView,
  say: string,
  over: Partial<Omit<Step, 'say' | 'on'>>,
): Step => ({ say, on, statements: [], commands: [], keep: [], verify: [], undo: null, ...over });

/** A step in a shell, or with the hands. */
export const inShell = (say: string, commands: readonly string[] = [], undo: string | null = null): Step => ({
  say,
  on: null,
  statements: [],
  commands,
  keep: [],
  verify: [],
  undo,
});

/**
 * Ends the writes of a server. `also`: what must be true as well. It is no source, so there is no way back.
 */
export const closeStep = (server: Told, say: string, also: readonly Check[] = []): Step =>
  onServer(server, say, { statements: [closing(server)], verify: [isClosed(server.known), ...also] });

/** `statements`: as `opening` joins them. */
export const openStep = (server: Told, say: string, statements: string): Step =>
  onServer(server, say, {
    statements: statements.split('; '),
    verify: [isOpen(server.known)],
    undo: `${closing(server)}, before a client has written`,
  });

/**
 * Ends a delay on purpose, so that what a replica holds back need not wait. With both threads stopped, CHANGE
 * would delete the relay log (manual 15.4.2.2), so the receiver runs, also if it reaches no source. MariaDB
 * always deletes the relay log: there, nothing but the time ends a delay.
 */
export function undelaySteps(
  server: Told,
  { name, receiver, applier, delaySeconds }: Channel,
): readonly Step[] {
  const { known, address } = server;
  if (delaySeconds === undefined) return [];
  const held = `${address} holds back what it receives, for ${delaySeconds} s on purpose`;
  if (known.flavour === 'mariadb')
    return [inShell(`${held}. Wait for this time: to change the delay would delete what it holds back.`)];
  return [
    onServer(
      server,
      `${held}: end this delay. Its receiver must run meanwhile, also if it reaches no source.`,
      {
        statements: [
          ...(receiver === 'off' ? [starting(known, name, ' IO_THREAD')] : []),
          ...(applier === 'off' ? [] : [stopping(known, name, ' SQL_THREAD')]),
          undelaying(known, name),
          starting(known, name, ' SQL_THREAD'),
        ],
        verify: [isUndelayed(name)],
      },
    ),
  ];
}

/** RESET REPLICA deletes the relay log, executed or not (manual 15.4.2.3): first execute it. */
export function executeStep(server: Told, { channel, waiting, stays }: ChannelPart): Step {
  const { known, address } = server;
  const { name, applier, delaySeconds, retrieved = emptyGtidSet } = channel;
  const all = setText(union(known.gtidExecuted ?? emptyGtidSet, retrieved));
  const lost = stays ? '' : ' A later step deletes what is not executed.';
  return onServer(server, `Let ${address} execute ${waiting ?? 'everything'} that it has received.${lost}`, {
    // The end of a delay has started it.
    statements: applier === 'off' && delaySeconds === undefined ? [starting(known, name, ' SQL_THREAD')] : [],
    verify:
      known.flavour === 'mysql' && areByGtids(known) && all !== undefined
        ? [hasExecuted(known, all)]
        : [hasDrained(known, channel)],
  });
}

/**
 * CHANGE and RESET delete what a channel of the cluster has received but not executed: first it executes
 * this. `isStopped`: an earlier step has stopped the channel. A delay on purpose stays: there the source must
 * have all.
 */
export const drainedSteps = (situation: Situation, server: Told, isStopped = false): readonly Step[] =>
  server.known.channels
    .filter((channel) => isOfCluster(situation, server, channel))
    .flatMap((channel) => [
      ...mendSteps(server, channel),
      ...(!mustDrain(server.known, channel) || channel.delaySeconds !== undefined
        ? []
        : [
            executeStep(server, {
              channel: isStopped ? { ...channel, applier: 'off' } : channel,
              waiting: waitingText(server.known, channel),
              stays: false,
            }),
          ]),
    ]);

/** A running applier by GTIDs that tells no set of its receiver has nothing that is the last copy. */
const mustDrain = (facts: ServerFacts, channel: Channel): boolean => {
  const waiting = waitingOf(facts, channel);
  return (
    waiting !== undefined && !(waiting.kind === 'unknown' && channel.applier === 'on' && areByGtids(facts))
  );
};

/** An applier that ended with an error ends again at the same transaction. */
export const mendSteps = (server: Told, { name, applierError }: Channel): readonly Step[] =>
  applierError === undefined
    ? []
    : [
        onServer(
          server,
          `The applier of ${server.address} is stopped by an error (${applierError}). First remove its cause. Do not skip the transaction: then the data differ. If the applier ends again, go no further.`,
          {
            statements: [starting(server.known, name, ' SQL_THREAD')],
            verify: [isApplying(server.known, name)],
          },
        ),
      ];

/** MariaDB's position may also count half a transaction, which is never executed. */
const hasDrained = (facts: ServerFacts, { name, received }: Channel): Check =>
  facts.flavour === 'mysql' && received !== undefined
    ? isAtPlace(facts, name, received)
    : isDrained(facts, name);

/** Makes an independent server of a replica. */
export const detachStep = (server: Told, channel: Channel, say: string): Step =>
  onServer(server, say, {
    statements: detachingStatements(server.known, channel.name),
    verify: [isDetached(server.known, channel.name)],
    undo: `Make it a replica of ${channel.sourceAddress} again, as it was.`,
  });

/** The channel of a server through which it gets the cluster's data. */
export const ownChannel = (situation: Situation, server: Told): Channel | undefined =>
  server.known.channels.find((channel) => isOfCluster(situation, server, channel));

/** The account with which the replicas of this cluster log in, if one of them tells it. */
const accountOf = (situation: Situation): string | undefined =>
  situation.members
    .filter(isTold)
    .map((member) => ownChannel(situation, member)?.user)
    .find((user) => user !== undefined);

/** Makes a server a replica of the source. Its own channel of the cluster is changed, if it has one. */
export function followStep(
  situation: Situation,
  server: Told,
  { source, say, place = 'gtids' }: { source: ServerAddress; say: string; place?: Place },
): Step {
  const { known } = server;
  const channel = ownChannel(situation, server);
  const name = channel?.name ?? '';
  // It asks DNS again at its next connection.
  const isNamed = channel !== undefined && place === 'gtids' && isOurName(situation, channel.sourceAddress);
  return onServer(
    server,
    isNamed
      ? `${server.address} replicates from the published name: connect it again, when the name answers ${source}.`
      : say,
    {
      statements: isNamed
        ? [stopping(known, name), starting(known, name)]
        : followingStatements(known, source, { channel: channel?.name, place, user: accountOf(situation) }),
      verify: [isReplicating(known, name)],
      undo: channel === undefined ? detachingStatements(known, '').join('; ') : stopping(known, name),
    },
  );
}

/** Waits for a set, if it can be pasted. */
export function reachStep(server: Told, set: GtidSet, say: string): readonly Step[] {
  const text = setText(set);
  return text === undefined ? [] : [onServer(server, say, { verify: [hasExecuted(server.known, text)] })];
}

/** The other servers begin at the end of the new source's log, as it is before its first own write. */
export const writePlaceStep = (server: Told): Step => {
  const { statement, keep } = placeOf(server.known);
  return onServer(
    server,
    `Before ${server.address} is opened, write down where its binary log ends: FILE and POSITION. All its replicas begin there, and a server that comes back later does, too.`,
    { statements: [statement], keep },
  );
};

/** Looks at the end whether the cluster is as it should be. */
export const statusStep = ({ state }: Situation, say: string): Step =>
  inShell(say, [`source-dns status ${state.settings.cluster}`]);
