/** The command `announce`: a failover tool will make a server writable, and the ledger notes that. */

import { announcementEnd, inForce } from '../decide/announcement.ts';
import { notAMember } from '../decide/rules/commanded.ts';
import { belongsToLine, isPublished, type Situation } from '../decide/situation.ts';
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
    return result('held', wrong.code, `${by} announced ${address}, but ${wrong.words}.`);
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
  const { address, settings, duplicate } = server;
  if (settings.candidate === 'never')
    return { code: 'no-candidate', words: `${address} is configured as candidate: never` };
  if (duplicate)
    return { code: 'no-candidate', words: `${address} has the same server UUID as another server` };
  if (!belongsToLine(situation, server))
    return { code: 'stranger', words: `${address} does not belong to the replication line` };
  return undefined;
}
