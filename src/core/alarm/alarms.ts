/** What an operator should know, by the state after every step. An alarm is a condition, not an event. */

import { follow, ofTheCopy, saveFirst } from '../decide/advice.ts';
import { candidateLacks, formerSourceOf, promotedBehind } from '../decide/ahead.ts';
import { otherWriters } from '../decide/candidates.ts';
import { differingForm } from '../decide/form.ts';
import { isKeeper } from '../decide/keeper.ts';
import { countOf, lackWords, plural } from '../decide/lack.ts';
import { incomparable } from '../decide/rejoin.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import { situationOf } from '../decide/situation-of.ts';
import { names } from '../model/decision.ts';
import { type Alarm, record, type Turn } from '../model/events.ts';
import { formerLimit } from '../model/ledger.ts';
import type { Failure } from '../model/observation.ts';
import { type ClusterState, changedState } from '../model/state.ts';
import type { ServerView, Topology } from '../observe/topology.ts';
import { drift } from '../publish/repair.ts';
import { addressAlarm } from './address-alarm.ts';
import { failoverListAlarm } from './failover-list-alarm.ts';
import { notReplicatingAlarm } from './not-replicating.ts';
import { propagationAlarms } from './propagation-alarms.ts';
import { replicasAlarms } from './replicas-alarms.ts';
import { fenceFailed, staleSource } from './stale-source.ts';
import { unlistedAlarms } from './unlisted-alarms.ts';
import { ofFailure, writeAlarms } from './write-alarms.ts';

/** The state with its alarms, and a line in the history for each alarm that is raised or over. */
export function raiseAlarms(turn: Turn, state: ClusterState, topology: Topology): ClusterState {
  const alarms: Alarm[] = [];
  for (const publication of state.publications.values())
    for (const alarm of alarmsOf(situationOf(state, publication, turn.now, { topology })))
      if (!alarms.some((other) => isSame(other, alarm))) alarms.push(alarm);
  alarms.push(...unheardOf(state, topology, alarms));
  const [first] = state.publications.keys();
  if (first !== undefined) {
    for (const alarm of alarms)
      if (!state.alarms.some((old) => isSame(old, alarm) && severity(old) === severity(alarm)))
        record(turn, first, { kind: 'alarm', alarm, raised: true });
    for (const old of state.alarms)
      if (!alarms.some((alarm) => isSame(old, alarm)))
        record(turn, first, { kind: 'alarm', alarm: old, raised: false });
  }
  return changedState(state, { alarms });
}

/**
 * What was said of a server stays true until something newer is heard of it. A process with too much to do
 * asks it late, and its alarms must not end and begin again meanwhile.
 */
const unheardOf = (state: ClusterState, { servers }: Topology, alarms: readonly Alarm[]): readonly Alarm[] =>
  state.alarms.filter(
    (old) =>
      !alarms.some((alarm) => isSame(old, alarm)) &&
      servers.some(({ address, contact }) => address === old.subject && contact === 'unobserved'),
  );

const isSame = (a: Alarm, b: Alarm): boolean => a.code === b.code && a.subject === b.subject;

/** Not counted yet, none, or some: the sentence differs. The number itself changes all the time. */
const severity = ({ count }: Alarm): number => (count === undefined ? -1 : Math.min(count, 1));

function alarmsOf(situation: Situation): readonly Alarm[] {
  const twins = sameServerIds(situation.members);
  return [
    ...situation.members.flatMap((member) => serverAlarms(situation, member, twins)),
    ...situation.topology.servers.flatMap(sameServer),
    ...rivals(situation),
    ...unlistedAlarms(situation),
    ...zoneAlarms(situation),
  ];
}

/** The members by their server_id. */
type Twins = ReadonlyMap<number, readonly ServerView[]>;

function sameServerIds(members: readonly ServerView[]): Twins {
  const twins = new Map<number, ServerView[]>();
  for (const member of members) {
    const serverId = member.known?.serverId;
    if (serverId === undefined) continue;
    const known = twins.get(serverId);
    if (known === undefined) twins.set(serverId, [member]);
    else known.push(member);
  }
  return twins;
}

function serverAlarms(situation: Situation, member: ServerView, twins: Twins): readonly Alarm[] {
  const { address: subject, contact } = member;
  const alarms: Alarm[] = [];
  const failure = failureOf(situation, member);
  if (contact === 'unknown')
    alarms.push(ofFailure('server-unknown', subject, failure ?? { message: `${subject} does not answer.` }));
  if (contact === 'alive')
    alarms.push(ofFailure('server-refuses', subject, failure ?? { message: `${subject} refuses us.` }));
  if (member.duplicate)
    alarms.push({
      code: 'duplicate-uuid',
      subject,
      sentence: `${subject} has the same server UUID (${member.id}) as ${duplicatesOf(situation, member)}: one of the data folders was copied with auto.cnf. ${ofTheCopy}.`,
    });
  const twin = twinOf(member, twins);
  if (twin)
    alarms.push({
      code: 'duplicate-server-id',
      subject,
      sentence: `${subject} has the same server_id (${member.known?.serverId}) as ${twin.address}, so nobody can tell which of the two a replica follows. Give each server its own server_id.`,
    });
  alarms.push(...addressAlarm(situation, member));
  if (isPublished(situation, member) || contact !== 'reachable') return alarms;
  alarms.push(...failoverListAlarm(situation, member), ...notReplicatingAlarm(situation, member));
  const errant = situation.publication.evidence.rejoins.get(subject)?.errant;
  if (isSuperseded(situation, member))
    return [
      ...alarms,
      ...staleSource(situation, member, errant),
      ...fenceFailed(situation, member),
      ...notComparable(situation, member),
    ];
  if (errant !== undefined && errant > 0)
    alarms.push({
      code: 'errant-transactions',
      subject,
      count: errant,
      sentence: `${subject} has ${plural(errant)} that the source ${situation.published?.address} lacks: ${errantMend(situation, member)}.`,
    });
  return alarms;
}

function sameServer({ address, sameAs, known }: ServerView): readonly Alarm[] {
  if (sameAs === undefined) return [];
  const sentence = `${sameAs} and ${address} are one server (it says that it is ${known?.home}). It is counted as ${sameAs}. Remove one of the two from servers.`;
  return [{ code: 'same-server', subject: address, sentence }];
}

/** Why to act: after a promotion, auto-positioning brings them to every other server (manual 19.1.3.3). */
function errantMend(situation: Situation, member: ServerView): string {
  const former = formerSourceOf(situation, member);
  const { decision } = situation.publication;
  if (decision.kind === 'hold') return `leave it as it is while the source is in doubt (${decision.reason})`;
  return former
    ? `it replicates from the former source ${former.address}, so these are stale writes, or the promotion lost them. Save them if they matter (mysqlbinlog), then rebuild it from the source`
    : `find out what they are, ${saveFirst}, then rebuild it from the source before anybody promotes it`;
}

function twinOf(member: ServerView, twins: Twins): ServerView | undefined {
  const serverId = member.known?.serverId;
  if (serverId === undefined) return undefined;
  return twins.get(serverId)?.find((other) => other !== member);
}

function duplicatesOf({ members }: Situation, { id, address }: ServerView): string {
  const others = members.filter((other) => other.id === id && other.address !== address);
  return others.length === 0 ? 'a server that was discovered' : names(others);
}

/** A former source that replicates again, but nothing can show that it has caught up. */
function notComparable(situation: Situation, member: ServerView): readonly Alarm[] {
  const because = incomparable(situation, member);
  if (because === undefined) return [];
  const source = situation.published?.address;
  const sentence = `Former source ${member.address} replicates from ${source}, but nobody can tell whether it has caught up: ${because}.`;
  return [{ code: 'not-comparable', subject: member.address, sentence }];
}

function failureOf({ state }: Situation, member: ServerView): Failure | undefined {
  const probe = state.servers.get(member.address)?.latest?.probe;
  return probe === undefined || probe.kind === 'reachable' ? undefined : probe.failure;
}

/** Other writable servers of the line, while the published one is writable too. */
function rivals(situation: Situation): readonly Alarm[] {
  const { published, candidates } = situation;
  if (published === undefined || !candidates.includes(published)) return [];
  return otherWriters(situation, published).map((rival) => ({
    code: 'two-sources',
    subject: rival.address,
    sentence: `${rival.address} is writable, and so is the published source ${published.address}. Make the one read-only that must not be the source.`,
  }));
}

function zoneAlarms(situation: Situation): readonly Alarm[] {
  const { publication, settings } = situation;
  const { failure } = publication.zone;
  return [
    ...(failure ? [ofFailure('nameserver-unreadable', settings.nameserver, failure)] : []),
    ...writeAlarms(situation),
    ...propagationAlarms(publication, situation.now),
    ...ledgerAlarms(situation),
  ];
}

function ledgerAlarms(situation: Situation): readonly Alarm[] {
  const { ledger, published, settings, publication, state } = situation;
  if (ledger === undefined || ledger.cluster !== state.settings.cluster) return [];
  const alarms: Alarm[] = [];
  const wrong = drift(situation, ledger);
  // The update on its way may repair it.
  const isKnown = state.alarms.some(
    (alarm) => alarm.code === 'zone-drift' && alarm.subject === settings.source.name,
  );
  const { inFlight, awaiting } = publication.writing;
  if (wrong.length > 0 && (isKnown || !(inFlight || awaiting)))
    alarms.push({
      code: 'zone-drift',
      subject: settings.source.name,
      sentence: `${wrong.map((want) => `${want.name} ${want.type}`).join(', ')} ${wrong.length === 1 ? 'differs' : 'differ'} from the ledger. This is repaired while the source is well. Otherwise name the right server: ${follow(situation)}`,
    });
  if (published && !isKeeper(situation, ledger) && differingForm(situation, ledger, published)) {
    alarms.push({
      code: 'config-differs',
      subject: settings.nameserver,
      sentence: `Instance ${ledger.by} published ${settings.source.name} in another form than this configuration would. Make the two configurations the same.`,
    });
  }
  if (ledger.was.length >= formerLimit)
    alarms.push({
      code: 'ledger-full',
      subject: settings.source.name,
      sentence: `${ledger.was.length} former sources have not rejoined (${names(ledger.was)}). The name cannot move before one of them rejoins or is forgotten (source-dns forget).`,
    });
  return [
    ...alarms,
    ...replicasAlarms(situation, ledger),
    ...behindAlarm(situation),
    ...promotedAlarm(situation),
  ];
}

/** Before a move: a server that could be the next source is not the most advanced. */
function behindAlarm(situation: Situation): readonly Alarm[] {
  const { published, candidates } = situation;
  if (published === undefined || candidates.includes(published)) return [];
  return candidates.flatMap((candidate) => {
    const lacks = belongsToLine(situation, candidate) ? candidateLacks(situation, candidate) : undefined;
    if (lacks === undefined) return [];
    const { address: subject } = candidate;
    const sentence = `${subject} lacks ${lackWords(lacks)}.`;
    return [{ code: 'candidate-behind' as const, subject, count: countOf(lacks), sentence }];
  });
}

/** After a move: the new source was not the most advanced server. */
function promotedAlarm(situation: Situation): readonly Alarm[] {
  const behind = promotedBehind(situation);
  const { published } = situation;
  if (published === undefined || behind === undefined) return [];
  const sentence = `${published.address} was promoted without all data of the previous source ${behind.previous}: it lacks ${lackWords(behind.lacks)}${behind.mayBeStale ? `, unless ${behind.previous} wrote them after the promotion` : ''}.`;
  return [{ code: 'promoted-behind', subject: published.address, count: countOf(behind.lacks), sentence }];
}
