/** What a server told at its last answer, in a DBA's words. Each sentence reads on from the server's name. */

import { channelWords } from '../alarm/failover-list-alarm.ts';
import { lacksOf, receivedBy } from '../decide/ahead.ts';
import { type Lacks, lackWords } from '../decide/lack.ts';
import type { Situation } from '../decide/situation.ts';
import { strongEvidence } from '../decide/strong-evidence.ts';
import { takesPart, unlistedSources } from '../decide/unlisted.ts';
import { subtract } from '../gtid/gtid.ts';
import type { GtidSet } from '../gtid/gtid-set.ts';
import { gtidWords } from '../gtid/gtid-words.ts';
import {
  type Channel,
  type Coordinates,
  type Group,
  hasEveryGtid,
  isOwnOrigin,
  type ManagedCluster,
  type ServerFacts,
  type Wsrep,
} from '../model/observation.ts';
import { isoTime } from '../model/units.ts';
import { grantAdvice, gtidsOf } from '../observe/comparison.ts';
import type { ServerView } from '../observe/topology.ts';

/** Empty: it never answered. */
export function observedOf(situation: Situation, member: ServerView): readonly string[] {
  const { known } = member;
  if (known === undefined) return [];
  return [
    identityWords(situation, member, known),
    writableWords(member, known),
    ...known.channels.map((channel) => channelSentence(situation, member, channel)),
    ...known.channels.flatMap((channel) => listWords(channel)),
    followerWords(situation, member),
    ...(known.group ? [groupWords(situation, member, known.group)] : []),
    ...(known.wsrep ? [wsrepWords(known.wsrep)] : []),
    ...(known.managed ? [managedWords(known.managed)] : []),
    ...placeWords(situation, known),
    ...aheadWords(lacksOf(situation, member), known),
  ];
}

function identityWords(
  { now }: Situation,
  { contact, observedAt }: ServerView,
  { flavour, version, uptimeSeconds }: ServerFacts,
): string {
  const ago = observedAt === undefined ? '' : ` ${ageWords(now.mono - observedAt)} ago`;
  const product = `${flavour === 'mariadb' ? 'MariaDB' : 'MySQL'} ${version.text}`;
  return `answered${contact === 'reachable' ? '' : ' last'}${ago}: ${product}, up for ${ageWords(uptimeSeconds * 1000)}`;
}

function writableWords({ contact, writable, writableSince }: ServerView, facts: ServerFacts): string {
  const { switches = [] } = facts;
  // What a server said before it fell silent may be over.
  const takes = contact === 'reachable' ? 'takes' : 'took';
  const on = [
    facts.readOnly ? 'read_only' : '',
    facts.superReadOnly && facts.flavour === 'mysql' ? 'super_read_only' : '',
    facts.offlineMode ? 'offline_mode' : '',
    ...switches.filter(({ value }) => value === 'ON').map(({ variable }) => variable),
  ].filter((flag) => flag !== '');
  const closed = [
    ...(on.length > 0 ? [`${on.join(' and ')} ${on.length === 1 ? 'is' : 'are'} on`] : []),
    ...switches.filter(({ value }) => value !== 'ON').map(({ variable, value }) => `${variable} is ${value}`),
  ];
  if (closed.length > 0) return `${takes} no writes: ${closed.join(', ')}`;
  if (!writable && facts.wsrep) return `${takes} no writes because of the state of its Galera node`;
  return `${takes} writes${writableSince === undefined ? '' : `, seen since ${isoTime(writableSince.wall)}`}`;
}

function channelSentence(situation: Situation, member: ServerView, channel: Channel): string {
  const { receiver, applier, heardAgoMs, heartbeatMs, lagSeconds, delaySeconds, lastError } = channel;
  const heard =
    heardAgoMs === undefined ? 'nothing heard since it was started' : `heard ${ageWords(heardAgoMs)} ago`;
  const said = [
    `receiver ${receiver}`,
    ...(receiver === 'on' ? [`${heard}${heartbeatMs === 0 ? ' (heartbeats are off)' : ''}`] : []),
    `applier ${applier}`,
    lagSeconds === undefined ? 'lag unknown' : `lag ${lagSeconds} s`,
    ...(delaySeconds === undefined ? [] : [`delayed by ${delaySeconds} s on purpose`]),
    ...(lastError === undefined ? [] : [`last error: ${lastError}`]),
  ];
  return `${channelWords(channel.name)}: replicates from ${sourceWords(situation, member, channel)}; ${said.join(', ')}`;
}

/** The source by its identity, and the address in the channel if that differs. */
function sourceWords({ members }: Situation, member: ServerView, channel: Channel): string {
  const { sourceId, sourceServerId, sourceAddress } = channel;
  const upstream = member.upstreams.find((each) => each.channel === channel);
  const identified =
    upstream?.member ?? members.find(({ id }) => sourceId !== undefined && id === sourceId)?.address;
  const source = identified ?? members.find(({ address }) => address === sourceAddress)?.address;
  const isNamed = members.find(({ address }) => address === source)?.id !== undefined;
  const by =
    isNamed && sourceId !== undefined
      ? 'by its UUID'
      : isNamed && sourceServerId !== undefined
        ? 'by its server_id'
        : 'by its address alone';
  if (source !== undefined && !upstream?.outsider)
    return `${source} (${by}${source === sourceAddress ? '' : `; the channel says ${sourceAddress}`})`;
  if (upstream?.outsider)
    return `${sourceAddress}, which is not a server of this cluster (${sourceId ?? `server_id ${sourceServerId}`})`;
  return `${sourceAddress}, which is not identified yet`;
}

function listWords({ name, autoFailover, failoverSources, managedGroups = [] }: Channel): readonly string[] {
  if (!autoFailover) return [];
  const may = `${channelWords(name)}: may choose another source by itself`;
  if (failoverSources === undefined)
    return [
      `${may}, from a list that our account may not see (it lacks SELECT on performance_schema.replication_asynchronous_connection_failover)`,
    ];
  const list = failoverSources.map(
    ({ address, weight, managed }) =>
      `${address} weight ${weight}${managed === undefined ? '' : ` (of group ${managed})`}`,
  );
  const groups = managedGroups.map(
    ({ name: group, primaryWeight, secondaryWeight }) =>
      `keeps the members of group ${group} there: primary ${primaryWeight}, secondaries ${secondaryWeight}`,
  );
  return [[`${may}, from: ${list.join(', ') || 'an empty list'}`, ...groups].join('; ')];
}

function followerWords({ topology }: Situation, { address }: ServerView): string {
  const followers = topology.followersOf(address).map((follower) => follower.address);
  if (followers.length === 0) return 'nobody is seen replicating from it';
  return `${followers.join(', ')} ${followers.length === 1 ? 'replicates' : 'replicate'} from it`;
}

function groupWords(
  { members: servers }: Situation,
  { id }: ServerView,
  { name, singlePrimary, members }: Group,
): string {
  const own = members.find((member) => member.id === id);
  const online = members.filter(({ state }) => state === 'ONLINE').length;
  const primaries = members.filter(({ role, state }) => role === 'PRIMARY' && state === 'ONLINE');
  const named = primaries.map(
    (primary) => servers.find((server) => server.id === primary.id)?.address ?? primary.id,
  );
  const self =
    own === undefined
      ? 'it is OFFLINE and not a member'
      : `it is ${[own.state, own.role].filter((word) => word !== '').join(' ')}`;
  const mode = singlePrimary ? 'single-primary' : 'multi-primary';
  return `group ${name} (${mode}): ${self}, and sees ${online} of ${members.length} ONLINE; primary: ${named.join(', ') || 'none'}`;
}

function wsrepWords(wsrep: Wsrep): string {
  const said = [
    wsrep.primaryComponent ? 'in the primary component' : 'outside the primary component',
    `${wsrep.size} ${wsrep.size === 1 ? 'node' : 'nodes'}`,
    wsrep.state,
    wsrep.ready ? 'ready' : 'not ready',
    ...(wsrep.closed ? ['closed by an administrator'] : []),
    ...(wsrep.desynced ? ['desynced'] : []),
    `committed up to ${wsrep.lastCommitted}`,
  ];
  return `Galera ${wsrep.clusterUuid}: ${said.join(', ')}`;
}

function managedWords({ kind, self, members }: ManagedCluster): string {
  const named = members.map(({ name, writer, heardAgoMs, address }) => {
    const said = [
      writer ? 'writer' : '',
      address ?? '',
      heardAgoMs === undefined ? '' : `heard of ${ageWords(heardAgoMs)} ago`,
    ];
    const words = said.filter((word) => word !== '').join(', ');
    return words === '' ? name : `${name} (${words})`;
  });
  return `${kind === 'aurora' ? 'Aurora' : 'RDS'} calls it ${self}, and names ${named.join(', ') || 'nobody'}`;
}

/** By GTIDs, or by coordinates if transactions may have no GTID. */
function placeWords(situation: Situation, facts: ServerFacts): readonly string[] {
  if (hasEveryGtid(facts) && facts.gtidExecuted) return [executedWords(situation, facts, facts.gtidExecuted)];
  const [places, executed] = [coordinateWords(facts), gtidsOf(facts)];
  const mode =
    facts.gtidMode &&
    `runs with gtid_mode=${facts.gtidMode}: its transactions ${facts.gtidMode === 'OFF' ? '' : 'may '}have no GTID`;
  const without = mode ?? (executed && 'has no binary log: its own writes have no GTID');
  const unseen =
    places.length > 0 ? [] : [`our account sees no coordinates, so less can be compared: ${grantAdvice}`];
  return [
    ...(without ? [without] : []),
    ...(executed ? [`with GTIDs ${executedWords(situation, facts, executed)}`] : []),
    ...places,
    ...(facts.gtidMode ? unseen : []),
  ];
}

function executedWords(situation: Situation, facts: ServerFacts, executed: GtidSet): string {
  const words = (set: GtidSet): string => gtidWords(set, (origin) => isOfLine(situation, origin));
  const waiting = subtract(receivedBy(facts) ?? executed, executed);
  const more = waiting.size === 0 ? '' : `; has also received ${words(waiting)}`;
  return `has executed ${words(executed) || 'nothing'}${more}`;
}

function coordinateWords({ channels, binlogEnd }: ServerFacts): readonly string[] {
  const places = channels.flatMap(({ applied, received }) =>
    applied && received
      ? [`has executed its source's binary log up to ${at(applied)}, and received it up to ${at(received)}`]
      : [],
  );
  return [...places, ...(binlogEnd ? [`its own binary log ends at ${at(binlogEnd)}`] : [])];
}

/** Of the published source or the source before it: a person looks at these transactions first. */
const isOfLine = ({ published, ledger }: Situation, origin: string): boolean =>
  origin === ledger?.uuid ||
  origin === ledger?.line?.uuid ||
  (published?.known !== undefined && isOwnOrigin(published.known, origin));

const at = ({ file, position }: Coordinates): string => `${file}:${position}`;

function aheadWords(lacks: Lacks | undefined, facts: ServerFacts): readonly string[] {
  if (lacks === undefined)
    return hasEveryGtid(facts) ? [] : ['nobody can tell which transactions of the others it lacks'];
  const words = lackWords(lacks);
  const nothing = `lacks nothing that others of the line have executed or received${hasEveryGtid(facts) ? '' : ', as far as this can be compared'}`;
  return [words === undefined ? nothing : `lacks ${words}`];
}

function ageWords(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

/** The evidence of a discovered server. */
export function unlistedEvidence(situation: Situation, server: ServerView): readonly string[] {
  const { discovered } = server.settings;
  if (discovered === undefined) return [];
  const told = [
    `is not in the configuration: ${discovered.by} ${howTold[discovered.how]}`,
    'counts as evidence, and is never published',
  ];
  if (server.discovered === 'stale')
    return [
      ...told.slice(0, 1),
      `has another identity than ${discovered.by} says: it is stale, and counts for nothing`,
    ];
  if (server.discovered === 'unverified')
    return [...told.slice(0, 1), 'never answered: it counts for nothing'];
  if (!takesPart(situation, server)) return [...told.slice(0, 1), 'takes no part in this replication'];
  return unlistedSources(situation).includes(server)
    ? [...told, 'looks like the source', ...strongEvidence(situation, server)]
    : told;
}

const howTold = {
  replicas: 'lists it as its replica',
  channel: 'replicates from that address',
  group: 'says that it is a member of its group',
} as const;
