/** The command `announce`: a failover tool will make a server writable, and the ledger notes that. */

import { announcementEnd, inForce } from '../decide/announcement.ts';
import { lastingDefect } from '../decide/candidates.ts';
import { notAMember } from '../decide/rules/commanded.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import type { Command, CommandResult } from '../model/events.ts';
import type { Ledger } from '../model/ledger.ts';
import { announcementMs } from '../model/limits.ts';
import { isoTime, type WallMs } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';

type Announcing =
  | { readonly kind: 'ledger'; readonly ledger: Ledger; readonly sentence: string }
  | { readonly kind: 'result'; readonly result: Omit<CommandResult, 'nameserver'> };

/** The ledger with the announcement, or why there is nothing to announce. Never moves the name. */
export function announce(
  situation: Situation,
  ledger: Ledger,
  { server: address, by, reason }: Extract<Command, { kind: 'announce' }>,
): Announcing {
  const { members, now } = situation;
  const result = (kind: CommandResult['kind'], code: string, sentence: string): Announcing => ({
    kind: 'result',
    result: { kind, code, sentence },
  });
  if (ledger.frozen)
    return result(
      'held',
      'frozen',
      `Frozen by ${ledger.frozen.by}: ${ledger.frozen.reason}. The name would not move to ${address}.`,
    );
  const server = members.find((member) => member.address === address);
  if (server === undefined) return result('held', 'no-candidate', notAMember(situation, address));
  if (isPublished(situation, server))
    return result('done', 'steady', `${address} is already published, since epoch ${ledger.epoch}.`);
  const { id } = server;
  if (server.contact !== 'reachable' || id === undefined)
    return result(
      'unreachable',
      'no-candidate',
      `${by} announced ${address}, but ${address} did not answer: the name does not wait for it.`,
    );
  const wrong = neverCandidate(situation, server);
  if (wrong !== undefined)
    return result('held', wrong.code, `${by} announced ${address}, but ${address} ${wrong.words}.`);
  const before = inForce(ledger, now);
  // The second half is too short for a failover that begins now.
  const lasts = isoTime((now.wall + announcementMs / 2) as WallMs);
  if (before?.uuid === id && before.until >= lasts)
    return result('done', 'announce', `${address} is already announced, until ${before.until}.`);
  const until = announcementEnd(now);
  return {
    kind: 'ledger',
    ledger: { ...ledger, next: { uuid: id, until } },
    sentence: `${by} announced ${address}${reason === undefined ? '' : ` (${reason})`}: the name moves when ${address} is writable, if that is before ${until}.`,
  };
}

/** What no promotion changes. */
function neverCandidate(
  situation: Situation,
  server: ServerView,
): { readonly code: string; readonly words: string } | undefined {
  const words =
    server.settings.candidate === 'never'
      ? 'is configured as candidate: never'
      : lastingDefect(situation, server);
  if (words === undefined) return undefined;
  if (isSuperseded(situation, server)) return { code: 'superseded-source', words };
  return { code: belongsToLine(situation, server) ? 'no-candidate' : 'stranger', words };
}
