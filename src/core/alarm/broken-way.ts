/** Where the way of the source's data to a server is broken, and what is wrong there. */

import type { Ways } from '../decide/replica-lag.ts';
import { isSuperseded, type Situation } from '../decide/situation.ts';
import type { Channel } from '../model/observation.ts';
import { isPresent, ownMembership } from '../observe/membership.ts';
import { claimOf, leadsTo } from '../observe/source-of.ts';
import type { ServerView } from '../observe/topology.ts';

export interface Break {
  /** The server itself, then its upstream, and so on. */
  readonly through: readonly [ServerView, ...ServerView[]];
  /**
   * What is wrong at the last of them:
   *
   * - `channel`: its channel brings nothing;
   * - `nobody`: it has no channel;
   * - `out`: its group goes on without it;
   * - `circle`: it replicates from a server in `through`;
   * - `former`: it replicates from a former source that has not rejoined;
   * - `unknown`: nobody can tell.
   */
  readonly kind: 'channel' | 'nobody' | 'out' | 'circle' | 'former' | 'unknown';
  /** The same in words. Reads on from the server's name. */
  readonly why: string;
  /** The last server's channel, and the server of ours to which it leads. */
  readonly channel?: Channel | undefined;
  readonly upstream?: ServerView | undefined;
}

/** Only for a server to which no way leads. */
export function breakOf(situation: Situation, ways: Ways, server: ServerView): Break {
  const through: [ServerView, ...ServerView[]] = [server];
  for (let last = server; ; ) {
    const step = stepFrom(situation, ways, last, through);
    if ('kind' in step) return { through, ...step };
    last = step.next;
    through.push(last);
  }
}

type Step = { readonly next: ServerView } | Omit<Break, 'through'>;

function stepFrom(
  situation: Situation,
  ways: Ways,
  server: ServerView,
  through: readonly ServerView[],
): Step {
  const { known } = server;
  if (known === undefined)
    return { kind: 'unknown', why: server.contact === 'alive' ? 'refuses us' : 'has not answered yet' };
  const own = known.channels.map((channel) => ({ channel, upstream: upstreamOf(situation, channel) }));
  // Name the most useful channel: from a server with the source's data, else one that runs, else one of ours.
  const [chosen] = [
    ...own.filter(({ upstream }) => upstream !== undefined && ways.has(upstream.address)),
    ...own.filter(
      ({ channel, upstream }) => upstream !== undefined && stateOf(server, channel) === 'streams',
    ),
    ...own.filter(({ upstream }) => upstream !== undefined),
    ...own,
  ];
  if (chosen === undefined) return withoutChannel(situation, server, through);
  const { channel, upstream } = chosen;
  const to = upstream?.address ?? channel.sourceAddress;
  const at = { channel, upstream };
  if (upstream === undefined && claimOf(channel) !== undefined) return besideUs(situation, channel);
  const broken = brokenWords(server, channel, to);
  if (broken !== undefined || upstream === undefined)
    return { kind: 'channel', why: broken ?? `replicates from ${to}`, ...at };
  if (isSuperseded(situation, upstream) && ways.has(upstream.address))
    return { kind: 'former', why: `replicates from ${to}, a former source that has not rejoined`, ...at };
  return through.includes(upstream)
    ? { kind: 'circle', why: `replicates from ${to}`, ...at }
    : { next: upstream };
}

/** A member of a group gets its data from the group's primary, if there is one. */
function withoutChannel(
  { topology }: Situation,
  { known, id }: ServerView,
  through: readonly ServerView[],
): Step {
  const membership = known && ownMembership(known);
  if (membership !== undefined && !isPresent(membership))
    return { kind: 'out', why: `is ${membership.state} in its group` };
  const primary =
    isPresent(membership) &&
    known?.group?.members.find(({ role, id: other }) => role === 'PRIMARY' && other !== id);
  const next = primary && topology.servers.find((server) => server.id === primary.id);
  if (next && !through.includes(next)) return { next };
  return { kind: 'nobody', why: 'replicates from nobody' };
}

/** An unknown server may follow the source, or be of another cluster. A former source does not follow it. */
function besideUs({ ledger }: Situation, channel: Channel): Step {
  const isFormer = ledger?.was.some(({ uuid }) => uuid === claimOf(channel)) ?? false;
  const why = `replicates from ${channel.sourceAddress}, ${isFormer ? 'a former source that has not rejoined' : 'which is not a server of this configuration'}`;
  return { kind: isFormer ? 'former' : 'unknown', why, channel };
}

/** The server of ours to which a channel leads, also if its receiver is off. */
export const upstreamOf = ({ topology }: Situation, channel: Channel): ServerView | undefined =>
  topology.servers.find((server) => leadsTo(channel, server));

const stateOf = (
  { upstreams }: ServerView,
  channel: Channel,
): 'streams' | 'silent' | 'connecting' | 'off' => {
  if (channel.applier === 'off') return 'off';
  return upstreams.find((upstream) => upstream.channel === channel)?.state ?? 'off';
};

/** Undefined: data flow. */
function brokenWords(server: ServerView, channel: Channel, to: string): string | undefined {
  const state = stateOf(server, channel);
  if (state === 'streams') return undefined;
  if (state === 'silent') return `hears nothing from ${to}, although its receiver is on`;
  return `does not replicate from ${to}: receiver ${channel.receiver}, applier ${channel.applier}`;
}
