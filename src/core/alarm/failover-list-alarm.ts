/** Replicas that choose another source by themselves (manual 19.4.9): what is wrong in the lists that they choose from. */

import { quote } from '../decide/advice.ts';
import { isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import type { Alarm } from '../model/events.ts';
import { type FailoverSource, splitAddress } from '../model/observation.ts';
import type { ServerAddress } from '../model/units.ts';
import type { ServerView, Upstream } from '../observe/topology.ts';

/** The alarm `failover-list` of a replica whose lists hold former sources that have not rejoined (it counts them), or a server that nobody configured. */
export function failoverListAlarm(situation: Situation, replica: ServerView): readonly Alarm[] {
  // Where the source of this cluster gets its data from elsewhere, that list is the other cluster's business.
  if (replica.facts === undefined || isPublished(situation, replica)) return [];
  const upstreams = replica.upstreams.filter((upstream) => !upstream.outsider);
  const formers = upstreams.flatMap((upstream) => formersIn(situation, replica, upstream));
  const strangers = upstreams.flatMap((upstream) => strangersIn(situation, replica, upstream));
  if (formers.length + strangers.length === 0) return [];
  return [
    {
      code: 'failover-list',
      subject: replica.address,
      count: formers.length,
      sentence: [...formers, ...strangers].join(' '),
    },
  ];
}

/** But for what a managed group puts there: that is in the group, which admits nobody with transactions of its own. */
function formersIn(situation: Situation, replica: ServerView, upstream: Upstream): readonly string[] {
  return (upstream.channel.failoverSources ?? []).flatMap((source) => {
    const member = memberAt(situation, source.address);
    if (source.managed !== undefined || member === undefined || !isSuperseded(situation, member)) return [];
    const why = `a former source that has not rejoined${returning(situation, upstream, source)}`;
    return `${mayGo(replica, upstream, source)}, ${why}. Until it has rejoined, take it out of the list: ${deletion(upstream.channel.name, source.address)}`;
  });
}

function strangersIn(situation: Situation, replica: ServerView, upstream: Upstream): readonly string[] {
  return (upstream.channel.failoverSources ?? []).flatMap((source) =>
    memberAt(situation, source.address) || isOurName(situation, source.address)
      ? []
      : `${mayGo(replica, upstream, source)}, which is no server of this configuration. Add it to the servers${otherwise(upstream.channel.name, source)}`,
  );
}

const mayGo = ({ address }: ServerView, { channel }: Upstream, source: FailoverSource): string =>
  `${address} may go over to ${source.address} by itself (${channelWords(channel.name)}, weight ${source.weight})`;

/** What a replica does as soon as a source of a higher weight answers: it leaves the one that it has. */
function returning(situation: Situation, { channel, member }: Upstream, listed: FailoverSource): string {
  const present = (channel.failoverSources ?? []).find(
    ({ address }) =>
      address === channel.sourceAddress ||
      (member !== undefined && memberAt(situation, address)?.address === member),
  );
  return present !== undefined && listed.weight > present.weight
    ? `, and does so as soon as that one answers: its present source weighs only ${present.weight}`
    : '';
}

/** What its group put there belongs to the group, and is nothing to be removed. */
const otherwise = (channel: string, { address, managed }: FailoverSource): string =>
  managed === undefined
    ? `, or take it out of the list: ${deletion(channel, address)}`
    : `: the group ${managed} put it there.`;

/** By the account of an administrator, on the replica: the mechanism's own function (manual 14.18.3). */
function deletion(channel: string, address: ServerAddress): string {
  const { host, port } = splitAddress(address);
  return `SELECT asynchronous_connection_failover_delete_source(${quote(channel)}, ${quote(host)}, ${port}, '');`;
}

/** The default channel has no name. */
export const channelWords = (name: string): string => (name === '' ? 'default channel' : `channel ${name}`);

/**
 * The member that a replica's configuration calls so: by the configured address, its short name, an address that it resolves to, or because a channel to that very
 * address told the member's identity.
 */
export function memberAt(
  { topology, members, state }: Situation,
  address: ServerAddress,
): ServerView | undefined {
  const named = members.find((server) => isSpelledLike(server.address, address));
  if (named) return named;
  const { host, port } = splitAddress(address);
  const resolved = members.find(
    (server) =>
      splitAddress(server.address).port === port &&
      state.servers.get(server.address)?.addresses?.includes(host),
  );
  if (resolved) return resolved;
  const known = topology.servers
    .flatMap(({ upstreams }) => upstreams)
    .find(({ channel, member }) => member && channel.sourceAddress === address);
  return members.find((server) => server.address === known?.member);
}

/** `db1` and `db1.example.com` are one host. */
function isSpelledLike(a: ServerAddress, b: ServerAddress): boolean {
  const [one, other] = [splitAddress(a), splitAddress(b)];
  return (
    one.port === other.port &&
    (one.host === other.host ||
      one.host.startsWith(`${other.host}.`) ||
      other.host.startsWith(`${one.host}.`))
  );
}

/** The name that we publish: it leads to the source, whoever that is. */
const isOurName = ({ settings }: Situation, address: ServerAddress): boolean =>
  `${splitAddress(address).host.replace(/\.$/, '')}.` === settings.source.name;
