/** The alarms of nameservers and resolvers that do not answer with the last move in time. */

import type { Alarm } from '../model/events.ts';
import type { Failure } from '../model/observation.ts';
import type { PublicationState } from '../model/publication.ts';
import type { Now } from '../model/units.ts';
import { audiences, isComplete } from '../publish/propagation.ts';

/** After a whole slice, for a resolver after its TTL. Each with its newest cause. */
export const propagationAlarms = ({ propagation }: PublicationState, now: Now): readonly Alarm[] =>
  audiences.flatMap((among) => {
    const spread = propagation?.[among];
    if (
      propagation === undefined ||
      spread === undefined ||
      isComplete(spread) ||
      now.mono < spread.overdueAt
    )
      return [];
    return spread.nameservers
      .filter((one) => one.at === undefined)
      .map(({ nameserver, failure }): Alarm => {
        const code = among === 'nameservers' ? 'secondary-behind' : 'resolver-behind';
        const late = `the new RRset of epoch ${propagation.epoch}`;
        if (failure !== undefined)
          return {
            code,
            subject: nameserver,
            sentence: `${nameserver} does not answer with ${late}: ${causeWords(failure)}`,
          };
        const sentence =
          among === 'nameservers'
            ? `${nameserver} did not answer with ${late} in time.`
            : `${nameserver} does not answer with ${late}, although the TTL of the old one is over.`;
        return { code, subject: nameserver, sentence };
      });
  });

const causeWords = ({ message, hint }: Failure): string =>
  hint === undefined ? message : `${message} ${hint}`;
