/** Why a procedure would be dangerous now, or is not possible. */

import { closing, follow, ofTheCopy } from '../decide/advice.ts';
import { errantGtids } from '../decide/rejoin.ts';
import { isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import { isReplicaOf, wayBack } from '../decide/way-back.ts';
import type { Advice, AdviceRefusal } from '../model/procedure.ts';
import type { ServerView } from '../observe/topology.ts';
import { areByGtids } from './checks.ts';
import { mayWrite } from './promotion.ts';

export type Refused = Extract<Advice, { readonly kind: 'refused' }>;

export const refused = (reason: AdviceRefusal, sentence: string): Refused => ({
  kind: 'refused',
  reason,
  sentence,
  first: null,
});

/** Nobody knows which server is the source, or two servers may be. For every procedure. */
export function inDoubt(situation: Situation): Refused | undefined {
  const { ledger, publication, state, published } = situation;
  const { decision } = publication;
  const why = `The decision is ${decision.kind} (${decision.reason}): ${decision.sentence}`;
  if (ledger !== undefined && ledger.cluster !== state.settings.cluster)
    return refused('source-unknown', `The name belongs to the cluster ${ledger.cluster}. ${why}`);
  if (published === undefined)
    return refused(
      'source-unknown',
      ledger === undefined
        ? `No server is published for this cluster, so nobody knows which server is the source. ${why}`
        : `The published source ${ledger.source} is not one of our servers. ${why}`,
    );
  if (published.duplicate)
    return refused('source-unknown', `${ofTheCopy}: two servers have the UUID of the source.`);
  if (decision.kind === 'hold' && doubts.has(decision.reason))
    return refused(decision.reason === 'two-sources' ? 'two-writers' : 'source-unknown', why);
  return undefined;
}

/** Holds in which another server may be the source. */
const doubts: ReadonlySet<string> = new Set([
  'ledger-unknown',
  'foreign-ledger',
  'foreign-rrset',
  'ledger-lost',
  'unknown-source',
  'two-sources',
  'unproven-candidate',
]);

/** The source must be there to be followed. */
export const sourceNotReady = (situation: Situation): Refused | undefined =>
  sourceSilent(situation) ??
  (situation.published?.writable === false
    ? refused(
        'source-closed',
        `The source ${situation.published.address} takes no writes now. First end this: source-dns advise ${situation.state.settings.cluster} --to source`,
      )
    : undefined);

/** A source that is closed still tells what it has. */
export const sourceSilent = ({ published, state }: Situation): Refused | undefined =>
  published?.facts === undefined
    ? refused(
        'source-silent',
        `The source ${published?.address} does not answer us (${published?.contact}), so nobody can tell what it has. If it is lost: source-dns advise ${state.settings.cluster} --to promote`,
      )
    : undefined;

/** Why that server must not, or cannot, become a replica of the source now. */
export function refusedRejoin(situation: Situation, server: ServerView): Refused | undefined {
  const { published } = situation;
  if (isPublished(situation, server))
    return refused('unsuitable', `${server.address} is the published source: it is no replica.`);
  const back = wayBack(situation, server);
  if (back !== undefined)
    return refused(
      'source-closed',
      `${server.address} is writable, and the name can go back to it without a loss: ${back}. ${follow(situation, server)}`,
    );
  const early = inDoubt(situation) ?? sourceNotReady(situation) ?? silent(server);
  if (early !== undefined || published === undefined) return early;
  if (server.duplicate)
    return refused('unsuitable', `${ofTheCopy}: two servers have the UUID of ${server.address}.`);
  if (isReplicaOf(situation, published, server))
    return refused(
      'two-writers',
      `The source ${published.address} replicates from ${server.address}. First end this: two servers that follow each other are a circle.`,
    );
  const third = otherWriter(situation, [published, server]);
  if (third !== undefined)
    return refused(
      'two-writers',
      `${third.address} takes writes, too: if it is not the source, first close it (${closing(third)}).`,
    );
  if (
    server.known !== undefined &&
    published.known !== undefined &&
    areByGtids(published.known, server.known) &&
    errantGtids(situation, published, server) === undefined
  )
    return refused(
      'data-unknown',
      `Nobody can compare ${server.address} with ${published.address} now. Ask again when both have answered.`,
    );
  return undefined;
}

/** A server that must run for this. */
export const silent = (server: ServerView): Refused | undefined =>
  server.facts === undefined
    ? refused(
        'server-silent',
        `${server.address} does not answer us (${server.contact}). Start it read-only (super_read_only=ON and skip_replica_start=ON in its my.cnf; MariaDB: read_only=ON and skip-slave-start), then ask again.`,
      )
    : undefined;

/** A further server whose writes would be lost, or would come between. */
export const otherWriter = (situation: Situation, known: readonly ServerView[]): ServerView | undefined =>
  situation.members.find(
    (member) => !known.includes(member) && mayWrite(situation, member) && !isSuperseded(situation, member),
  );
