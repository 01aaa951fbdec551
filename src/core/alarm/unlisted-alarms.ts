import type { Situation } from '../decide/situation.ts';
import {
  besidePublished,
  discoveredOf,
  noRoom,
  takesPart,
  unlistedSources,
  unlistedText,
  unlistedWriters,
} from '../decide/unlisted.ts';
import type { Alarm } from '../model/events.ts';

/** The alarms of discovered servers: one that looks like a source, and those for which there is no room. */

/** What an operator should know of servers that are not in the configuration. */
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
