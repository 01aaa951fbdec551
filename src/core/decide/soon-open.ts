/**
 * A server that a failover tool opens in a moment (MHA calls its script before `read_only = 0`). Only where no
 * daemon waits for the promotion; rule 4.
 */

import { isWritable } from '../model/observation.ts';
import type { ServerView, Upstream } from '../observe/topology.ts';
import { disqualification } from './candidates.ts';
import type { Situation } from './situation.ts';

/**
 * Why the server cannot be the source even when the tool has opened it, in words; undefined: it can. Passed
 * over are `read_only` and `super_read_only`, and a receiver that looks for the silent published source.
 */
export function unopenable(situation: Situation, server: ServerView): string | undefined {
  const { published } = situation;
  const wrong = disqualification(withEvidence(situation, server), opened(server));
  if (wrong !== undefined) return wrong;
  if (published?.writable && published !== server)
    return `is not writable, while the published ${published.address} answers and takes writes`;
  const binding = server.upstreams.find((upstream) => binds(situation, server, upstream));
  return binding && `still replicates from ${binding.member ?? binding.channel.sourceAddress}`;
}

function opened(server: ServerView): ServerView {
  if (server.facts === undefined) return server;
  const facts = { ...server.facts, readOnly: false, superReadOnly: false };
  return { ...server, facts, writable: isWritable(facts), upstreams: [] };
}

/** No circle is passed over: the tool ends this replication, and only then may the name move. */
function binds({ published }: Situation, server: ServerView, { outsider, member, state }: Upstream): boolean {
  if (outsider || member === server.address) return false;
  const isLost = published?.contact === 'unknown' && published.address === member;
  return !isLost || state === 'streams';
}

/** A process that begins now has not seen the line. A channel of the published source shows it, on or off. */
function withEvidence(situation: Situation, server: ServerView): Situation {
  const { publication, ledger } = situation;
  const isOfSource = server.facts?.channels.some(
    ({ sourceId, sourceAddress }) =>
      ledger !== undefined &&
      (sourceId === undefined ? sourceAddress === ledger.source : sourceId === ledger.uuid),
  );
  if (!isOfSource || server.id === undefined) return situation;
  const line = new Set(publication.evidence.line).add(server.id);
  return { ...situation, publication: { ...publication, evidence: { ...publication.evidence, line } } };
}
