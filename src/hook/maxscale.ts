/**
 * A `script` of a MaxScale monitor (Documentation/Monitors/Monitor-Common.md). The user writes its arguments;
 * the values are `[host]:port`, separated by commas, and may be empty.
 */

import type { HookCall, HookReading, Place } from './claim.ts';
import { placeholderIn, placeOf, placesOf } from './place.ts';
import { byOf, told, valuesOf } from './words.ts';

/** Events after which a server is the source. */
const becameSource = /^(?:new_master|master_up)$/;

export function readMaxscale({ tool, cluster, words, host }: HookCall): HookReading {
  const value = valuesOf(words);
  const event = value('event')?.trim();
  if (!event) return wrong('there is no event: write --event=$EVENT into script=');
  const literal = placeholderIn(event);
  if (literal !== undefined) return wrong(`MaxScale did not fill in ${literal}`);
  if (!becameSource.test(event))
    return { kind: 'nothing', sentence: `the event ${told(event)} names no new source` };
  const initiator = placeOf(value('initiator'));
  const listed = placesOf(...(value('masterlist') ?? '').split(',').map((text) => placeOf(text)));
  const isListed = (place: Place) =>
    listed.some((other) => other.host === place.host && other.port === place.port);
  const successor = initiator ?? (listed.length === 1 ? listed[0] : undefined);
  if (successor === undefined)
    return wrong('there is no server: write --initiator=$INITIATOR --masterlist=$MASTERLIST into script=');
  if (listed.length > 0 && !isListed(successor))
    return wrong(`the initiator of ${event} is not in the list of sources: MaxScale itself is not sure`);
  return {
    kind: 'claim',
    claim: {
      tool,
      act: 'moved',
      ...(cluster === undefined ? {} : { cluster }),
      names: [],
      former: [],
      successor: [successor],
      by: byOf(tool, host),
      reason: told(event),
    },
  };
}

const wrong = (sentence: string): HookReading => ({ kind: 'wrong', sentence });
