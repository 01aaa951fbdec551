/** Replicas that choose another source by themselves (manual 19.4.9): wrong servers in their lists. */

import { unlisting } from '../decide/advice.ts';
import { isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import { isOurName, memberAt } from '../decide/spelled-servers.ts';
import type { Alarm } from '../model/events.ts';
import type { FailoverSource } from '../model/observation.ts';
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
    return `${maySwitch(replica, upstream, source)}, ${why}Until it has rejoined, remove it from the list: ${unlisting(upstream.channel.name, source.address)};`;
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
    ? `, or remove it from the list: ${unlisting(channel, address)};`
    : `: the group ${managed} put it there.`;

/** The default channel has no name. */
export const channelWords = (name: string): string => (name === '' ? 'default channel' : `channel ${name}`);
