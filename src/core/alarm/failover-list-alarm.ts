/** Replicas that choose another source by themselves (manual 19.4.9): wrong servers in their lists. */

import { quote } from '../decide/advice.ts';
import { isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import type { Alarm } from '../model/events.ts';
import { type FailoverSource, splitAddress } from '../model/observation.ts';
import type { ServerAddress } from '../model/units.ts';
import type { ServerView, Upstream } from '../observe/topology.ts';

/** The alarm `failover-list`: former sources that have not rejoined (`count`), or unknown servers. */
export function failoverListAlarm(situation: Situation, replica: ServerView): readonly Alarm[] {
  // The published source's own list belongs to the cluster that it replicates from.
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

/** Not the entries of a managed group: the group admits no server with transactions of its own. */
function formersIn(situation: Situation, replica: ServerView, upstream: Upstream): readonly string[] {
  return (upstream.channel.failoverSources ?? []).flatMap((source) => {
    const member = memberAt(situation, source.address);
    if (source.managed !== undefined || member === undefined || !isSuperseded(situation, member)) return [];
    const why = `a former source that has not rejoined. ${returning(situation, upstream, source)}`;
    return `${maySwitch(replica, upstream, source)}, ${why}Until it has rejoined, remove it from the list: ${deletion(upstream.channel.name, source.address)}`;
  });
}

function strangersIn(situation: Situation, replica: ServerView, upstream: Upstream): readonly string[] {
  return (upstream.channel.failoverSources ?? []).flatMap((source) =>
    memberAt(situation, source.address) || isOurName(situation, source.address)
      ? []
      : `${maySwitch(replica, upstream, source)}, which is not a server of this configuration. Add it to the servers${otherwise(upstream.channel.name, source)}`,
  );
}

const maySwitch = ({ address }: ServerView, { channel }: Upstream, source: FailoverSource): string =>
  `${address} may switch to ${source.address} by itself (${channelWords(channel.name)}, weight ${source.weight})`;

/** A replica leaves its source as soon as a source of a higher weight answers. */
function returning(situation: Situation, { channel, member }: Upstream, listed: FailoverSource): string {
  const present = (channel.failoverSources ?? []).find(
    ({ address }) =>
      address === channel.sourceAddress ||
      (member !== undefined && memberAt(situation, address)?.address === member),
  );
  return present !== undefined && listed.weight > present.weight
    ? `It does so as soon as ${listed.address} answers: its present source has only weight ${present.weight}. `
    : '';
}

/** An entry of a managed group is not to be removed. */
const otherwise = (channel: string, { address, managed }: FailoverSource): string =>
  managed === undefined
    ? `, or remove it from the list: ${deletion(channel, address)}`
    : `: the group ${managed} put it there.`;

/** For an administrator, on the replica (manual 14.18.3). */
function deletion(channel: string, address: ServerAddress): string {
  const { host, port } = splitAddress(address);
  return `SELECT asynchronous_connection_failover_delete_source(${quote(channel)}, ${quote(host)}, ${port}, '');`;
}

/** The default channel has no name. */
export const channelWords = (name: string): string => (name === '' ? 'default channel' : `channel ${name}`);

/**
 * The member that an address in a replica's configuration means: by the configured address, a short name, an
 * IP address, or a channel to the same address that showed the member's identity.
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

/** The name that we publish: it always leads to the source. */
const isOurName = ({ settings }: Situation, address: ServerAddress): boolean =>
  `${splitAddress(address).host.replace(/\.$/, '')}.` === settings.source.name;
