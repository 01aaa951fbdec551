/** What a server said, with something changed. Every answer of every flavour has this one shape. */

import { changedCopy } from './changed-copy.ts';
import type { Channel, ServerFacts } from './observation.ts';

export const changedFacts = changedCopy<ServerFacts>((facts) => ({
  id: facts.id,
  flavour: facts.flavour,
  version: facts.version,
  session: facts.session,
  peer: facts.peer,
  uptimeSeconds: facts.uptimeSeconds,
  home: facts.home,
  readOnly: facts.readOnly,
  superReadOnly: facts.superReadOnly,
  offlineMode: facts.offlineMode,
  switches: facts.switches,
  channels: facts.channels,
  replicas: facts.replicas,
  gtidExecuted: facts.gtidExecuted,
  gtidReplicated: facts.gtidReplicated,
  gtidMode: facts.gtidMode,
  serverId: facts.serverId,
  positions: facts.positions,
  binlogEnd: facts.binlogEnd,
  group: facts.group,
  wsrep: facts.wsrep,
  managed: facts.managed,
}));

export const changedChannel = changedCopy<Channel>((channel) => ({
  name: channel.name,
  sourceId: channel.sourceId,
  sourceServerId: channel.sourceServerId,
  sourceAddress: channel.sourceAddress,
  user: channel.user,
  receiver: channel.receiver,
  heardAgoMs: channel.heardAgoMs,
  heartbeatMs: channel.heartbeatMs,
  applier: channel.applier,
  lagSeconds: channel.lagSeconds,
  delaySeconds: channel.delaySeconds,
  retrieved: channel.retrieved,
  received: channel.received,
  applied: channel.applied,
  autoFailover: channel.autoFailover,
  failoverSources: channel.failoverSources,
  managedGroups: channel.managedGroups,
  lastError: channel.lastError,
  applierError: channel.applierError,
}));
