/** The other replicas get the new source (manual 19.4.8). */

import { rebuilding, stopping, unlisting } from '../decide/advice.ts';
import { receivedBy } from '../decide/ahead.ts';
import { plural } from '../decide/lack.ts';
import type { Situation } from '../decide/situation.ts';
import { memberAt } from '../decide/spelled-servers.ts';
import { countGtids, restrict, subtract } from '../gtid/gtid.ts';
import { uuidOf } from '../gtid/gtid-set.ts';
import { isOwnOrigin } from '../model/observation.ts';
import type { Check, Step } from '../model/procedure.ts';
import { leadsTo } from '../observe/source-of.ts';
import type { ServerView } from '../observe/topology.ts';
import { areByGtids, isReceiverOff, setText } from './checks.ts';
import { drainedSteps, followStep, inShell, isTold, onServer, ownChannel, type Told } from './steps.ts';

/** The servers with a channel that leads to the old source, except the new one. */
export const followersOf = (situation: Situation, old: ServerView, source: Told): readonly Told[] =>
  situation.topology.servers.filter((server): server is Told => {
    if (server === source || server === old || server.sameAs !== undefined || !isTold(server)) return false;
    const channel = server.facts && ownChannel(situation, server);
    return channel !== undefined && leadsTo(channel, old);
  });

/** No server gets anything more of the old source: then what they have can be compared. */
export function stopReceivers(situation: Situation, servers: readonly Told[]): readonly Step[] {
  return servers.flatMap((server) => {
    const channel = ownChannel(situation, server);
    return channel === undefined
      ? []
      : [
          onServer(
            server,
            `Stop the receiver of ${server.address}: then nothing comes from the old source any more, and it does not go to another one by itself.`,
            {
              statements: [stopping(server.known, channel.name, ' IO_THREAD')],
              verify: [isReceiverOff(server.known, channel.name)],
            },
          ),
        ];
  });
}

/** Replicas that can be attached as they are, and those that have transactions of their own. */
interface Sorted {
  readonly fit: readonly Told[];
  readonly apart: readonly Step[];
}

/** A replica with transactions of its own must not be attached: first its own procedure. */
export function sortedFollowers(
  { state }: Situation,
  source: ServerView,
  followers: readonly Told[],
  ownOf: (replica: Told) => number,
): Sorted {
  return {
    fit: followers.filter((replica) => ownOf(replica) === 0),
    apart: followers
      .filter((replica) => ownOf(replica) > 0)
      .map((replica) =>
        inShell(
          `Do not attach ${replica.address} as it is: it has ${plural(ownOf(replica))}, executed or received, that ${source.address} lacks. Its own procedure says how to keep or save them.`,
          [`source-dns advise ${state.settings.cluster} --to rejoin --server ${replica.address}`],
        ),
      ),
  };
}

/** How many transactions of this cluster a replica has executed or received that the new source has not. */
export function beyondOf({ members }: Situation, source: Told, replica: Told): number {
  const [theirs, own] = [receivedBy(source.known), receivedBy(replica.known)];
  if (theirs === undefined || own === undefined || !areByGtids(source.known, replica.known)) return 0;
  const origins = new Set([...theirs.keys()].map(uuidOf));
  return countGtids(
    restrict(
      subtract(own, theirs),
      (origin) => origins.has(origin) || members.some(({ known }) => known && isOwnOrigin(known, origin)),
    ),
  );
}

/** How to see that a replica has executed exactly what the new source had when it was opened. */
type AtEnd = (replica: Told, channel: string) => Check | undefined;

/** Without GTIDs a replica fits only if it is exactly where the new source was when it was opened. */
export function repointSteps(
  situation: Situation,
  source: Told,
  followers: readonly Told[],
  atEnd: AtEnd,
): readonly Step[] {
  return followers.flatMap((replica) =>
    areByGtids(source.known, replica.known)
      ? [
          ...drainedSteps(situation, replica),
          ...delayedStep(situation, source, replica),
          ...purgedStep(source, replica),
          followStep(situation, replica, {
            source: source.address,
            say: `Make ${replica.address} a replica of ${source.address}.`,
          }),
        ]
      : placedSteps(situation, source, replica, atEnd),
  );
}

/** A delay on purpose stays: CHANGE deletes what it holds back, so the source must have all of this. */
function delayedStep(situation: Situation, source: Told, replica: Told): readonly Step[] {
  const channel = ownChannel(situation, replica);
  const set = channel?.retrieved && setText(channel.retrieved);
  if (channel?.delaySeconds === undefined || set === undefined || replica.known.flavour === 'mariadb')
    return [];
  return [
    onServer(
      source,
      `See that ${source.address} has all that ${replica.address} holds back on purpose: the next steps delete the copy there. If the answer is 0, leave ${replica.address} as it is.`,
      {
        verify: [
          { statement: `SELECT GTID_SUBSET(${set}, @@GLOBAL.gtid_executed) AS is_known`, expect: '1' },
        ],
      },
    ),
  ];
}

/** Error 1236 beforehand. */
function purgedStep(source: Told, replica: Told): readonly Step[] {
  const set = replica.known.gtidExecuted && setText(replica.known.gtidExecuted);
  if (set === undefined || replica.known.flavour === 'mariadb') return [];
  return [
    onServer(
      source,
      `Look whether ${source.address} still has what ${replica.address} needs. If the answer is 0, it is purged: ${rebuilding(replica.known, source.address)} instead.`,
      {
        verify: [{ statement: `SELECT GTID_SUBSET(@@GLOBAL.gtid_purged, ${set}) AS is_there`, expect: '1' }],
      },
    ),
  ];
}

function placedSteps(situation: Situation, source: Told, replica: Told, atEnd: AtEnd): readonly Step[] {
  const { known, address } = replica;
  const check = atEnd(replica, ownChannel(situation, replica)?.name ?? '');
  return [
    ...drainedSteps(situation, replica),
    onServer(
      replica,
      `See that ${address} has executed exactly what ${source.address} had when it was opened: the same place in the binary log of the old source. If it has not: ${rebuilding(known, source.address)}.`,
      { verify: check === undefined ? [] : [check] },
    ),
    followStep(situation, replica, {
      source: source.address,
      say: `Make ${address} a replica of ${source.address}, from FILE and POSITION of ${source.address} before it was opened.`,
      place: { file: 'FILE', position: 'POSITION' },
    }),
  ];
}

/** Else a replica may choose it as its source by itself. */
export const unlistedSteps = (situation: Situation, server: ServerView): readonly Step[] =>
  situation.topology.servers.flatMap((replica) =>
    (replica.facts?.channels ?? []).flatMap(({ name, failoverSources = [] }) =>
      failoverSources
        .filter(({ address, managed }) => managed === undefined && memberAt(situation, address) === server)
        .map(({ address }) =>
          onServer(replica, `Take it out of the list from which ${replica.address} chooses its source.`, {
            statements: [unlisting(name, address)],
          }),
        ),
    ),
  );
