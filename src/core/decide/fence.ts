/**
 * Whether a superseded source that takes writes is to be fenced (docs/decisions/042), and whether the clients
 * of a fenced one are to be ended. A wrong fence closes a healthy source, so every condition must hold, in
 * every publication.
 */

import type { FenceVerdict, Fencing } from '../model/fence.ts';
import type { ServerFacts } from '../model/observation.ts';
import type { ClusterState } from '../model/state.ts';
import { isoTime, type MonoMs, type ServerAddress, type WallMs } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import { inForce } from './announcement.ts';
import { hasLineMark } from './line-mark.ts';
import { openedWords } from './opened.ts';
import { isLedgerBehind, isPublished, isSuperseded, type Situation } from './situation.ts';

/**
 * One situation for each publication. `finishes`: the connections of its clients are to end, if it is
 * read-only. Undefined: it takes no writes, or no ledger names its identity.
 */
export function fenceVerdict(
  situations: readonly Situation[],
  member: ServerView,
  fencing: Pick<Fencing, 'formerSince' | 'opened' | 'markedAt' | 'isMarkOver'>,
  finishes = false,
): FenceVerdict | undefined {
  const isDue = finishes ? member.facts !== undefined && !member.writable : member.writable;
  if (!isDue || !situations.some((situation) => isFormer(situation, member))) return undefined;
  const against = [ledgerAgainst, sourceAgainst].flatMap((rule) =>
    situations.map((situation) => rule(situation, member)),
  );
  const { formerSince } = fencing;
  const because =
    unsure(situations, member, { formerSince, finishes }) ??
    against.find((each) => each !== undefined) ??
    openedWords(fencing);
  if (because !== undefined) return { kind: 'not', because };
  return { kind: finishes ? 'finish' : 'fence' };
}

/** By its identity alone: an address may have passed to another server. */
export const isFormer = ({ ledger }: Situation, { id }: ServerView): boolean =>
  id !== undefined && ledger?.was.some(({ uuid }) => uuid === id) === true;

/** What speaks against it whatever the ledgers say. */
function unsure(
  [situation]: readonly Situation[],
  member: ServerView,
  { formerSince, finishes }: { readonly formerSince: MonoMs; readonly finishes: boolean },
): string | undefined {
  if (situation === undefined) return undefined;
  const { state, members, topology } = situation;
  const { address, known, upstreams } = member;
  if (state.commands.length > 0) return 'a command is being carried out';
  if (member.duplicate) return 'another server has the same UUID';
  if (members.some((other) => other !== member && sameServerId(other, member)))
    return 'another server has the same server_id';
  if (isOfCluster(known))
    return 'it belongs to a group or a cluster, whose own layer decides who takes writes';
  // A closed server that still looks for its source is on its way to become a replica.
  const upstream = upstreams.find((each) => !each.outsider && (finishes || each.state !== 'connecting'));
  if (upstream) return `it replicates from ${upstream.member ?? upstream.channel.sourceAddress}`;
  const [follower] = topology.followersOf(address);
  if (follower) return `${follower.address} replicates from it`;
  const silent = members.find((other) => followedLast(other, member, formerSince));
  if (silent) return `${silent.address} does not answer, and replicated from it when it last answered`;
  const unseen = members.find(({ contact }) => contact === 'unobserved');
  return unseen && `${unseen.address} has not been observed yet`;
}

/** After the move somebody let it replicate from this server, and may mean it. Now it is silent. */
const followedLast = (
  { facts, observedAt, upstreams }: ServerView,
  { address }: ServerView,
  formerSince: MonoMs,
): boolean =>
  facts === undefined &&
  observedAt !== undefined &&
  observedAt > formerSince &&
  upstreams.some(({ state, member }) => state === 'streams' && member === address);

/** MariaDB has no other identity. */
const sameServerId = ({ known: a }: ServerView, { known: b }: ServerView): boolean =>
  a?.serverId !== undefined && a.serverId === b?.serverId;

/** The ledger was read after the last update of ours, is in force, and names it as a former source. */
function ledgerAgainst(situation: Situation, member: ServerView): string | undefined {
  const { ledger, publication, settings, state, now } = situation;
  const { zone, writing, decision } = publication;
  const { nameserver } = settings;
  if (
    zone.view === undefined ||
    zone.failure !== undefined ||
    now.mono - zone.view.readAt > state.settings.watch.freshForMs
  )
    return `the ledger at ${nameserver} could not be read`;
  if (writing.inFlight || writing.awaiting || writing.pending.length > 0 || writing.mustRead)
    return `an update at ${nameserver} is on its way`;
  if (ledger === undefined || ledger.cluster !== state.settings.cluster || isLedgerBehind(situation))
    return `the ledger at ${nameserver} is not in force`;
  if (ledger.frozen) return `the name is frozen at ${nameserver}`;
  if (!isFormer(situation, member)) return `the ledger at ${nameserver} does not name it as a former source`;
  if (inForce(ledger, now)?.uuid === member.id) return `it is announced as the next source at ${nameserver}`;
  if (publication.evidence.rejoins.get(member.address)?.rejoined) return 'it has rejoined';
  return decision.reason === 'steady' ? undefined : `the decision at ${nameserver} is ${decision.reason}`;
}

/** The published source must be another server that proves that the move is true. */
function sourceAgainst(situation: Situation, member: ServerView): string | undefined {
  const { ledger, published } = situation;
  if (ledger === undefined || published === undefined || published.id !== ledger.uuid)
    return 'the published source is not known';
  const { address, facts } = published;
  if (isPublished(situation, member) || published.id === member.id) return 'it is the published source';
  if (facts === undefined || !published.writable) return `the published source ${address} takes no writes`;
  if (published.duplicate) return `another server has the same UUID as ${address}`;
  if (isOfCluster(facts)) return `${address} belongs to a group or a cluster, whose own layer decides`;
  const belongs = ledger.line !== undefined && hasLineMark(facts, ledger.line);
  return belongs ? undefined : `no transaction shows that ${address} belongs to the line (\`line=\`)`;
}

const isOfCluster = (facts: ServerFacts | undefined): boolean =>
  (facts?.group?.members.length ?? 0) > 0 || facts?.wsrep !== undefined || facts?.managed !== undefined;

/** What is done about a superseded source. `not`: it takes writes, and something speaks against a fence. */
export type FenceStage = 'fenced' | 'wanted' | 'would' | 'not';

export interface FenceNote {
  readonly stage: FenceStage;
  /** Reads on from the server's address. */
  readonly words: string;
  /** What becomes of the clients of a fenced server: a sentence. Undefined: nothing more. */
  readonly clients?: string | undefined;
}

/** Undefined: servers are not fenced here, or there is nothing to say of this one. */
export function fenceNote(situation: Situation, member: ServerView): FenceNote | undefined {
  const { settings, fences } = situation.state;
  const { address, writable, facts } = member;
  if (settings.fence === undefined || facts === undefined || !isSuperseded(situation, member))
    return undefined;
  const fencing = fences.get(address);
  const { verdict, fencedAt } = fencing ?? {};
  if (!writable)
    return (
      fencedAt && {
        stage: 'fenced',
        words: `was made read-only by source-dns at ${isoTime(fencedAt.wall)}`,
        clients: clientsWords(situation, fencing),
      }
    );
  if (verdict === undefined) return { stage: 'not', words: 'is not fenced: no ledger names its identity' };
  if (verdict.kind === 'not') return { stage: 'not', words: `is not fenced: ${verdict.because}` };
  return settings.mode === 'observe'
    ? { stage: 'would', words: 'would be fenced in mode: active' }
    : { stage: 'wanted', words: 'is being fenced' };
}

/** When the connections of its clients end again, and what speaks against that. */
function clientsWords({ state, now }: Situation, fencing: Fencing | undefined): string | undefined {
  if (fencing?.clearAt === undefined || state.settings.fence?.kill === 'none') return undefined;
  const { verdict, clearAt } = fencing;
  if (verdict?.kind === 'not') return `Its clients are left for now: ${verdict.because}.`;
  const cause = 'clients that came back by an answer of before the move';
  if (state.settings.mode === 'observe') return `In mode: active the connections of ${cause} would end.`;
  if (verdict?.kind === 'finish') return `The connections of ${cause} are being ended.`;
  const at = isoTime((now.wall + clearAt - now.mono) as WallMs);
  return `At ${at} the connections of ${cause} end.`;
}

/** An attempt is on its way, or what is known of the server is from before its end. */
export function isBeingFenced({ fences, servers }: ClusterState, server: ServerAddress): boolean {
  const { isRunning = false, last } = fences.get(server) ?? {};
  const latest = servers.get(server)?.latest;
  return isRunning || (last !== undefined && latest !== undefined && latest.askedAt < last.at.mono);
}
