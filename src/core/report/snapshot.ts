/** The state as its readers see it. Nothing decides on it. */

import { lacksOf } from '../decide/ahead.ts';
import { inForce } from '../decide/announcement.ts';
import { disqualification } from '../decide/candidates.ts';
import { fenceNote } from '../decide/fence.ts';
import { type Ways, waysToSource } from '../decide/replica-lag.ts';
import { isPublished, type Situation } from '../decide/situation.ts';
import { situationOf } from '../decide/situation-of.ts';
import { strongEvidence } from '../decide/strong-evidence.ts';
import { proofWords } from '../decide/writable-servers.ts';
import { formatGtidSet } from '../gtid/gtid.ts';
import { type Ledger, ledgerName } from '../model/ledger.ts';
import type { Propagation, PublicationState } from '../model/publication.ts';
import type { ClusterState } from '../model/state.ts';
import type { Now } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import { isComplete } from '../publish/propagation.ts';
import { observedOf, unlistedEvidence } from './evidence.ts';
import { missingOf } from './missing.ts';
import { promotionLine } from './promote-by-hand.ts';
import type { LedgerSnapshot, PublicationSnapshot, ServerSnapshot, Snapshot } from './snapshot-types.ts';
import { lagOf, pendingUpdates, roleOf } from './snapshot-vitals.ts';
import { wayOf } from './way-of.ts';
import { wouldChange } from './would-change.ts';

export function snapshot(state: ClusterState, now: Now): Snapshot {
  const situations = [...state.publications.values()].map((publication) =>
    situationOf(state, publication, now),
  );
  const publications = situations.map(publicationSnapshot);
  const [first] = publications;
  const [situation] = situations;
  return {
    cluster: state.settings.cluster,
    instance: state.settings.instance,
    mode: state.settings.mode,
    decision: first?.decision ?? {
      kind: 'hold',
      reason: 'ledger-unknown',
      sentence: 'The cluster is published nowhere.',
    },
    ledger: first?.ledger ?? null,
    published: first?.published ?? [],
    servers: situation ? serverSnapshots(situation) : [],
    alarms: state.alarms,
    publications,
  };
}

function publicationSnapshot(situation: Situation): PublicationSnapshot {
  const { publication, ledger, settings } = situation;
  const { propagation } = publication;
  return {
    nameserver: settings.nameserver,
    zone: publication.zone.view?.zone ?? settings.zone ?? null,
    name: settings.source.name,
    ready: publication.ready,
    decision: publication.decision,
    wouldChange: wouldChange(situation, publication.decision),
    ledger: ledger ? ledgerSnapshot(situation, ledger) : null,
    published: publishedTargets(publication),
    readFailure: publication.zone.failure ?? null,
    writeFailure: publication.writing.failure ?? null,
    pendingUpdates: pendingUpdates(publication.writing),
    lastMove: publication.lastMove ?? null,
    propagation: propagation ? propagationSnapshot(propagation) : null,
  };
}

const propagationSnapshot = ({
  epoch,
  nameservers: authoritative,
  resolvers,
}: Propagation): NonNullable<PublicationSnapshot['propagation']> => ({
  epoch,
  complete: isComplete(authoritative),
  nameservers: authoritative.nameservers,
  ...(resolvers
    ? { resolvers: { complete: isComplete(resolvers), nameservers: resolvers.nameservers } }
    : {}),
});

function ledgerSnapshot(
  { members, now }: Situation,
  { epoch, source, uuid, by, at, why, was, frozen, ...ledger }: Ledger,
): LedgerSnapshot {
  const next = inForce(ledger, now);
  return {
    epoch,
    source,
    uuid,
    by,
    at,
    why,
    was: was.map((former) => `${former.uuid}@${former.address}`),
    frozen: frozen ?? null,
    next: next ? { ...next, server: members.find(({ id }) => id === next.uuid)?.address ?? null } : null,
  };
}

function publishedTargets({ settings, zone: { view } }: PublicationState): readonly string[] {
  const targets =
    view?.rrsets.filter(
      (rrset) => rrset.name === settings.source.name && rrset.name !== ledgerName(settings.source),
    ) ?? [];
  return targets
    .flatMap((rrset) => (rrset.type === 'SRV' || rrset.type === 'TXT' ? [] : [...rrset.rdata]))
    .toSorted();
}

function serverSnapshots(situation: Situation): readonly ServerSnapshot[] {
  const ways = waysToSource(situation);
  return situation.topology.servers.map((member) => serverSnapshot(situation, member, ways));
}

function serverSnapshot(situation: Situation, member: ServerView, ways: Ways): ServerSnapshot {
  const { known } = member;
  const { latest, unasked } = situation.state.servers.get(member.address) ?? {};
  const probe = latest?.probe;
  return {
    server: member.address,
    discovered: discoveredSnapshot(member),
    uuid: member.id ?? null,
    version: known?.version.text ?? null,
    role: roleOf(situation, member),
    contact: member.contact,
    reachable: member.contact === 'reachable',
    writable: member.facts ? member.writable : null,
    lagSeconds: lagOf(member, ways),
    way: wayOf(situation, ways, member),
    gtidExecuted: known?.gtidExecuted ? formatGtidSet(known.gtidExecuted) : null,
    lacks: lacksOf(situation, member) ?? null,
    replicatesFrom: (member.facts?.channels ?? []).map((channel) => ({
      channel: channel.name,
      source:
        member.upstreams.find((upstream) => upstream.channel === channel)?.member ?? channel.sourceAddress,
      receiver: channel.receiver,
      applier: channel.applier,
      autoFailover: channel.autoFailover,
      failoverSources: channel.failoverSources ?? null,
      managedGroups: channel.managedGroups ?? [],
    })),
    evidence: evidenceOf(situation, member),
    observed: observedOf(situation, member),
    missing: missingOf(situation, member),
    promotion: promotionLine(situation, member) ?? null,
    alarms: situation.state.alarms
      .filter((alarm) => alarm.subject === member.address)
      .map((alarm) => alarm.code),
    fence: fenceSnapshot(situation, member),
    failure: unasked ?? (probe === undefined || probe.kind === 'reachable' ? null : probe.failure),
  };
}

function fenceSnapshot(situation: Situation, member: ServerView): ServerSnapshot['fence'] {
  const note = fenceNote(situation, member);
  if (note === undefined) return null;
  const { stage, words, clients } = note;
  return { stage, sentence: [`${member.address} ${words}.`, ...(clients ? [clients] : [])].join(' ') };
}

function discoveredSnapshot({ settings, discovered }: ServerView): ServerSnapshot['discovered'] {
  if (settings.discovered === undefined || discovered === undefined) return null;
  return { by: settings.discovered.by, how: settings.discovered.how, state: discovered };
}

function evidenceOf(situation: Situation, member: ServerView): readonly string[] {
  if (member.discovered !== undefined) return unlistedEvidence(situation, member);
  const against = disqualification(situation, member);
  const published = isPublished(situation, member) ? ['is the published source'] : [];
  // A server that is writable by mistake must be seen as such.
  if (against !== undefined)
    return [
      ...published,
      `${member.facts && member.writable && member.sameAs === undefined ? 'is writable, but ' : ''}${against}`,
      ...[fenceNote(situation, member)?.words ?? []].flat(),
    ];
  const proof = strongEvidence(situation, member);
  return [
    ...published,
    'is writable and could be the source',
    ...(proof.length > 0 ? proof : [proofWords(situation, member)]),
  ];
}
