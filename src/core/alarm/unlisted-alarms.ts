/** The alarms of discovered servers. */

import type { Situation } from '../decide/situation.ts';
import {
  discoveredOf,
  looksLikeSource,
  takesPart,
  unlistedSources,
  unlistedWriters,
} from '../decide/unlisted.ts';
import type { Alarm } from '../model/events.ts';
import type { ServerView } from '../observe/topology.ts';

export function unlistedAlarms(situation: Situation): readonly Alarm[] {
  const sources = unlistedSources(situation);
  const parts = discoveredOf(situation).filter((server) => takesPart(situation, server));
  return [
    ...parts.map(
      (server): Alarm => ({
        code: 'not-configured',
        subject: server.address,
        sentence: unlistedText(situation, server, sources),
      }),
    ),
    ...unlistedWriters(situation).flatMap((server) => besidePublished(situation, server)),
    ...noRoom(situation),
  ];
}

const unlistedText = (situation: Situation, server: ServerView, sources: readonly ServerView[]): string =>
  sources.includes(server)
    ? `${looksLikeSource(situation, server)} Until then the name moves to no other server by itself.`
    : `${server.address} takes part in the replication, but is not in the configuration, so the name cannot move to it: add it to servers.`;

function besidePublished({ published, candidates }: Situation, { address }: ServerView): readonly Alarm[] {
  if (published === undefined || !candidates.includes(published)) return [];
  const sentence = `${address} is writable, but is not in the configuration. The published source ${published.address} is writable too: make one of them read-only.`;
  return [{ code: 'two-sources', subject: address, sentence }];
}

function noRoom({ state }: Situation): readonly Alarm[] {
  const { unasked } = state.discovery;
  if (unasked.length === 0) return [];
  const shown = unasked.slice(0, 3).join(', ');
  return [
    {
      code: 'discovery-full',
      subject: state.settings.cluster,
      count: unasked.length,
      sentence: `${unasked.length} more ${unasked.length === 1 ? 'server was' : 'servers were'} found (${shown}${unasked.length > 3 ? ', …' : ''}), but ${unasked.length === 1 ? 'is' : 'are'} not asked. Add the servers of this cluster to servers, or make discover_within narrower.`,
    },
  ];
}
