/** What a cluster is like, in one word and one colour, and the numbers that go with it. Pure. */

import type { NameserverTime } from '../core/model/events.ts';
import type { PublicationSnapshot, ServerSnapshot } from '../core/report/snapshot-types.ts';
import type { ClusterDocument } from '../http/documents.ts';

/** A colour with one meaning, and a sign with the same. */
export type Tone = 'down' | 'held' | 'note' | 'moving' | 'frozen' | 'asking' | 'good';

/** The worst first: the order of the overview. */
export const tones: readonly Tone[] = ['down', 'held', 'note', 'moving', 'frozen', 'asking', 'good'];

/** For sorting: the worst first. */
export const byTone = (a: Tone, b: Tone): number => tones.indexOf(a) - tones.indexOf(b);

export const isTone = (text: string): text is Tone => tones.some((tone) => tone === text);

/** The word for a group of clusters; `talliesOf` knows better what does not move in truth. */
export const toneWords: Readonly<Record<Tone, string>> = {
  down: 'without a writable source',
  held: 'held',
  note: 'with alarms',
  moving: 'moving',
  frozen: 'frozen',
  asking: 'being asked',
  good: 'steady',
};

export interface Verdict {
  readonly tone: Tone;
  /** A few words: `Steady`. */
  readonly word: string;
  /** Why, in one sentence. */
  readonly sentence: string;
  /** The code of the decision or of the failure. */
  readonly code: string;
}

/** A count of how many of some do what all should do. */
export interface Share {
  readonly have: number;
  readonly all: number;
}

/** With `mode: observe` nothing moves. */
const wouldMove = 'Would move';

export const isOnlyThought = ({ word }: Verdict): boolean => word === wouldMove;

/** From this lag on a replica is shown as late: the default of `max_lag`. */
const lateSeconds = 10;

/** The worst verdict of all publications; alarms make a good one worth a look. */
export function verdictOf(cluster: ClusterDocument): Verdict {
  const verdicts = cluster.publications.map((publication) => publicationVerdict(publication, cluster));
  const worst = verdicts.toSorted((a, b) => byTone(a.tone, b.tone))[0];
  if (worst === undefined)
    return { tone: 'held', word: 'Not published', sentence: 'No nameserver is configured.', code: 'none' };
  if (worst.tone !== 'good' || cluster.alarms.length === 0) return worst;
  // What is written there is lost: no other alarm is as urgent.
  const but = cluster.servers.some(({ role, writable }) => role === 'superseded' && writable === true)
    ? 'but a former source takes writes'
    : `with ${counted(cluster.alarms.length, 'alarm')}`;
  return { ...worst, tone: 'note', word: `${worst.word}, ${but}` };
}

/** What one nameserver's name is like. */
export function publicationVerdict(publication: PublicationSnapshot, cluster: ClusterDocument): Verdict {
  const { decision, readFailure, ready, ledger } = publication;
  if (readFailure !== null)
    return {
      tone: 'down',
      word: 'The nameserver cannot be read',
      sentence: readFailure.message,
      code: readFailure.code,
    };
  const said = { sentence: decision.sentence, code: decision.reason };
  if (!ready) return { tone: 'asking', word: 'Starting', ...said };
  if (decision.kind === 'point-to') return { ...pointed(publication, cluster.mode), ...said };
  if (decision.kind !== 'hold') return { tone: 'held', word: 'Not understood', ...said };
  if (decision.asking === true) return { tone: 'asking', word: 'Asking the servers', ...said };
  if (ledger === null) return { tone: 'held', word: 'Held, nothing is published', ...said };
  const works = takesWrites(publishedServer(cluster, publication));
  if (decision.reason === 'frozen')
    return works
      ? { tone: 'frozen', word: 'Frozen', ...said }
      : { tone: 'down', word: 'Frozen, no writable source', ...said };
  return works
    ? { tone: 'held', word: 'Held', ...said }
    : { tone: 'down', word: 'No writable source', ...said };
}

function pointed(
  { decision, ledger, propagation, pendingUpdates, writeFailure }: PublicationSnapshot,
  mode: ClusterDocument['mode'],
): Pick<Verdict, 'tone' | 'word'> {
  if (writeFailure !== null && decision.reason !== 'steady')
    return { tone: 'down', word: 'The name should move, and cannot' };
  if (decision.reason !== 'steady')
    return { tone: 'moving', word: mode === 'observe' ? wouldMove : 'Moving' };
  if (pendingUpdates > 0) return { tone: 'moving', word: 'Moving, no answer yet' };
  if (propagation !== null && !propagation.complete && propagation.epoch === ledger?.epoch)
    return { tone: 'moving', word: 'Moved, not everywhere yet' };
  return { tone: 'good', word: 'Steady' };
}

/** The server that the ledger names; undefined: nothing is published, or it is no server of the cluster. */
const publishedServer = (
  { servers }: ClusterDocument,
  publication: PublicationSnapshot | undefined,
): ServerSnapshot | undefined => servers.find(({ server }) => server === publication?.ledger?.source);

const takesWrites = (server: ServerSnapshot | undefined): boolean =>
  server?.contact === 'reachable' && server.writable === true;

/** The configured servers to which the name does not lead. */
export const otherServers = ({ servers, ledger }: ClusterDocument): readonly ServerSnapshot[] =>
  servers.filter(({ server, discovered }) => discovered === null && server !== ledger?.source);

/** How many of the other configured servers get their data from the published source. */
export function followers(cluster: ClusterDocument): Share {
  const others = otherServers(cluster);
  return { have: others.filter(follows).length, all: others.length };
}

export const follows = ({ way, contact }: ServerSnapshot): boolean =>
  contact === 'reachable' && way !== null && way !== undefined && way.broken === null;

export const isLate = ({ lagSeconds }: ServerSnapshot): boolean =>
  lagSeconds !== null && lagSeconds >= lateSeconds;

/** How many nameservers have answered the newest move; undefined: none was asked since the start. */
export function answering({ publications }: ClusterDocument): Share | undefined {
  const asked: readonly NameserverTime[] = publications.flatMap(
    ({ propagation }) => propagation?.nameservers ?? [],
  );
  return asked.length === 0
    ? undefined
    : { have: asked.filter(({ at }) => at !== undefined).length, all: asked.length };
}

export interface Tally {
  readonly tone: Tone;
  readonly count: number;
  /** What so many clusters do: `steady`. */
  readonly words: string;
}

/** How many clusters have each tone: the worst first, and only tones that a cluster has. */
export const talliesOf = (found: readonly Verdict[]): readonly Tally[] =>
  tones.flatMap((tone) => {
    const these = found.filter((each) => each.tone === tone);
    const thoughts = these.filter(isOnlyThought).length;
    const words =
      thoughts === 0 ? toneWords[tone] : thoughts < these.length ? 'moving, or would move' : 'would move';
    return these.length === 0 ? [] : [{ tone, count: these.length, words }];
  });

/** `12 of 1,000 clusters need a look`; undefined: none does. */
export function attentionWords(found: readonly Verdict[]): string | undefined {
  const count = found.filter(({ tone }) => tone !== 'good').length;
  if (count === 0) return undefined;
  return `${count.toLocaleString('en')} of ${counted(found.length, 'cluster')} ${count === 1 ? 'needs' : 'need'} a look`;
}

/** `1 alarm`, `1,000 alarms`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

/** Without the last dot, as people write a name. */
export const plainName = (name: string): string => (name.length > 1 ? name.replace(/\.$/, '') : name);
