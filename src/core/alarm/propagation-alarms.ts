/** The alarms of nameservers and resolvers that do not answer the last move in time. */

import type { Alarm } from '../model/events.ts';
import type { Failure } from '../model/observation.ts';
import type { PublicationState } from '../model/publication.ts';
import type { Now } from '../model/units.ts';
import { sides } from '../publish/propagation.ts';

/** Who was asked for the whole of a slice, and did not answer the new RRsets; a resolver only when its TTL is over. Each with the cause, as it was told last. */
export const propagationAlarms = ({ propagation }: PublicationState, now: Now): readonly Alarm[] =>
  sides.flatMap((among) => {
    const spread = propagation?.[among];
    if (propagation === undefined || spread === undefined || spread.complete || now.mono < spread.overdueAt)
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
            sentence: `${nameserver} does not answer ${late}: ${causeWords(failure)}`,
          };
        const sentence =
          among === 'nameservers'
            ? `${nameserver} did not answer ${late} in time.`
            : `${nameserver} does not answer ${late} although its TTL is over.`;
        return { code, subject: nameserver, sentence };
      });
  });

/** A cause and what to do about it, which belong together wherever an alarm is read. */
const causeWords = ({ message, hint }: Failure): string =>
  hint === undefined ? message : `${message} ${hint}`;
