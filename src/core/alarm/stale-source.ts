/** The alarm `stale-source`, and `fence-failed` of the same server. */

import { follow, joining, rebuilding, saveFirst } from '../decide/advice.ts';
import { isLeftToGroup, isOutOfGroup } from '../decide/elections.ts';
import { fenceNote } from '../decide/fence.ts';
import { plural } from '../decide/lack.ts';
import type { Situation } from '../decide/situation.ts';
import { isReplicaOf, wayBack } from '../decide/way-back.ts';
import type { Alarm } from '../model/events.ts';
import { type FenceResult, isWanted } from '../model/fence.ts';
import { gtidsOf } from '../observe/comparison.ts';
import { arePeers } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';

/** It takes writes, or has transactions of its own. */
export function staleSource(
  situation: Situation,
  member: ServerView,
  errant: number | undefined,
): readonly Alarm[] {
  const stale = errant !== undefined && errant > 0;
  const { published, members } = situation;
  const { address: subject } = member;
  const misplaced = misplacedName(situation, member);
  if (misplaced !== undefined) return [{ code: 'stale-source', subject, sentence: misplaced }];
  // A writable peer in one multi-primary cluster is as it should be.
  if (!stale && (!member.writable || (published && arePeers(members, published, member)))) return [];
  const note = member.writable ? fenceNote(situation, member) : undefined;
  const sentence = `Former source ${subject} ${staleWords(situation, member, errant)}.${note ? ` It ${note.words}.` : ''}`;
  return [{ code: 'stale-source', subject, count: errant, sentence }];
}

/** What a former source has that the source lacks, and what to do. Reads on from its address. */
function staleWords(situation: Situation, member: ServerView, errant: number | undefined): string {
  const source = situation.published?.address;
  if (errant === undefined) {
    const isBlind = [member, situation.published].some((server) => server?.facts && !gtidsOf(server.facts));
    const unknown = isBlind ? 'Without GTIDs nobody can tell' : 'It is not known yet';
    return `is writable. ${unknown} whether it has transactions that ${source} lacks: make it read-only`;
  }
  const note = fenceNote(situation, member);
  const closedWords = note?.stage === 'fenced' ? `${note.words} and ` : '';
  const is = member.writable ? 'is writable and ' : closedWords;
  if (errant > 0)
    return `${is}has ${plural(errant)} that ${source} lacks (written after the promotion, or lost by it): ${saveFirst}, then ${rebuilding(member.known, 'the source')}. If it were promoted later, auto-positioning would send its stale rows to every replica`;
  const { hidden } = situation.publication.evidence.rejoins.get(member.address) ?? {};
  const but = hidden ? ' (what it wrote without a GTID is not known)' : '';
  return `${is}has no transaction that ${source} lacks${but}: make it read-only, and ${placeOf(situation, member)}`;
}

function placeOf(situation: Situation, member: ServerView): string {
  if (!isOutOfGroup(member)) return `a replica of ${situation.published?.address}`;
  return `a member of its group ${isLeftToGroup(situation, member) ? `(${joining(member.known)})` : 'once the group is started again'}`;
}

/** The name points to the wrong server: to make this former source a replica could lose data. */
function misplacedName(situation: Situation, member: ServerView): string | undefined {
  const { published } = situation;
  if (published === undefined || !member.writable) return undefined;
  const back = wayBack(situation, member);
  if (back !== undefined)
    return `${member.address} is writable, but the name points to ${published.address}: ${back}. To move the name back: ${follow(situation, member)}`;
  if (!isReplicaOf(situation, published, member)) return undefined;
  return `${member.address} is writable, and the published ${published.address} replicates from it, but may have transactions that ${member.address} lacks. Find out which of the two is the source, and first bring these transactions to it.`;
}

/** Why a server that is to be fenced is not. Only an observation after the attempt shows that it failed. */
export function fenceFailed(
  { state }: Situation,
  { address: subject, observedAt }: ServerView,
): readonly Alarm[] {
  const fencing = state.fences.get(subject);
  const { verdict, last } = fencing ?? {};
  if (!isWanted(verdict) || last === undefined) return [];
  const isKnown = state.alarms.some((alarm) => alarm.code === 'fence-failed' && alarm.subject === subject);
  if (!isKnown && (observedAt === undefined || observedAt <= last.at.mono)) return [];
  const words = failureWords(last.result);
  if (words === undefined) return [];
  const what =
    verdict.kind === 'fence'
      ? 'takes writes, and could not be made read-only'
      : 'is read-only, but the connections of its clients could not be ended';
  const sentence = `Former source ${subject} ${what}: ${words.why}.`;
  return [{ code: 'fence-failed', subject, sentence, hint: words.hint }];
}

function failureWords(result: FenceResult): { readonly why: string; readonly hint: string } | undefined {
  switch (result.kind) {
    case 'fenced':
    case 'finished':
    case 'already':
      return undefined;
    case 'refused':
      return { why: result.failure.message, hint: result.failure.hint ?? byHand };
    case 'unknown':
      return { why: result.failure.message, hint: result.failure.hint ?? again };
    case 'blocked':
      return { why: `${result.by} did not let it`, hint: `${result.hint ?? 'end what blocks it'}; ${again}` };
    case 'not-it':
      return {
        why: `another server answered there (${result.uuid})`,
        hint: 'find out where its address leads',
      };
  }
}

const again = 'source-dns tries again, at least once a minute';
const byHand = 'grant what is missing, or make the server read-only by hand';
