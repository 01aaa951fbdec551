/** What the daemon does for a hook: finds the server that the tool means, and commands the core. */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Answer, Command, CommandResult } from '../core/model/events.ts';
import type { Claim, Place } from '../hook/claim.ts';
import { type Resolved, resolveClaim } from '../hook/resolve.ts';
import { type ClusterApi, giveTo } from './cluster-api.ts';
import type { HookAnswer } from './hook-answer.ts';
import type { Once } from './once.ts';
import { answerProblem, type Problem, problem } from './problem.ts';

interface Surroundings {
  readonly api: ClusterApi;
  readonly once: Once;
  /** The command with the end of the hook's patience. */
  patient(command: Command): Command;
}

type Obeyed =
  | { readonly kind: 'answer'; readonly answer: HookAnswer }
  | { readonly kind: 'problem'; readonly problem: Problem };

/** Verifies what the tool claims: the core asks the server itself. Rejects only after a bug. */
export async function obeyHook(claim: Claim, around: Surroundings): Promise<Obeyed> {
  const obeyed = await obey(claim, around);
  const { by, reason, act } = claim;
  const end =
    obeyed.kind === 'problem'
      ? `${obeyed.problem.code}: ${obeyed.problem.detail}`
      : obeyed.answer.results.map(({ code, sentence }) => `${code}: ${sentence}`).join(' | ');
  around.api.note(
    obeyed.kind === 'problem' ? 'warn' : 'info',
    `${by} (${act}${reason === undefined ? '' : `, ${reason}`}): ${end || 'the cluster is known'}`,
  );
  return obeyed;
}

async function obey(claim: Claim, { api, once, patient }: Surroundings): Promise<Obeyed> {
  const found = await resolved(claim, api);
  if (found.kind !== 'resolved') return { kind: 'problem', problem: problem(found.kind, found.sentence) };
  const { cluster, server } = found;
  if (claim.act === 'status') return { kind: 'answer', answer: { cluster, server, results: [] } };
  const work = () => command(claim, found, (what) => giveTo(api, cluster, patient(what)));
  if (claim.id === undefined) return ended(found, await work());
  const result = once.run(`hook ${cluster}/${claim.id}`, JSON.stringify([claim.act, server]), work);
  return result.kind === 'reused'
    ? {
        kind: 'problem',
        problem: problem('id-reused', `the id "${claim.id}" was used before, for another server`),
      }
    : ended(found, await result.promise);
}

type Found = Extract<Resolved, { readonly kind: 'resolved' }>;

function ended({ cluster, server }: Found, answer: Answer): Obeyed {
  const what = answerProblem(answer);
  return what === undefined
    ? { kind: 'answer', answer: { cluster, server, results: answer.results } }
    : { kind: 'problem', problem: { ...what, cluster } };
}

async function command(
  claim: Claim,
  { server }: Found,
  give: (command: Command) => Promise<Answer>,
): Promise<Answer> {
  const { by, reason, act } = claim;
  const why = { server, by, ...(reason === undefined ? {} : { reason }) };
  const follow: Command = { kind: 'follow', force: false, dryRun: false, ...why };
  const announce: Command = { kind: 'announce', ...why };
  if (act === 'announced') return give(announce);
  const answer = await give(follow);
  // Some tools call before the new source takes writes.
  return act === 'moving' && answer.results.some(isNotYet) ? give(announce) : answer;
}

const isNotYet = ({ kind, code }: CommandResult): boolean => kind === 'held' && code === 'no-candidate';

/** By what is known of the servers; only then by the resolver, which may be slow. */
async function resolved(claim: Claim, api: ClusterApi): Promise<Resolved> {
  const first = resolveClaim(claim, api.known());
  if (first.kind === 'resolved') return first;
  const looked = await lookedUp(claim);
  if (looked === undefined) return first;
  const second = resolveClaim(looked, api.known());
  return second.kind === 'resolved' ? second : first;
}

/** A hook has two seconds. A lookup that hangs keeps one of Node's few threads busy: hence the limit. */
const lookupMs = 500;
const lookupLimit = 4;
let lookups = 0;

/** The claim with the IP addresses of its host names; undefined: there is none. */
export async function lookedUp(claim: Claim): Promise<Claim | undefined> {
  const [former, successor] = await Promise.all([addressesOf(claim.former), addressesOf(claim.successor)]);
  if (former.length + successor.length === 0) return undefined;
  return { ...claim, former: [...claim.former, ...former], successor: [...claim.successor, ...successor] };
}

async function addressesOf(places: readonly Place[]): Promise<readonly Place[]> {
  const found = await Promise.all(places.filter(({ host }) => isIP(host) === 0).map(addressesAt));
  return found.flat();
}

async function addressesAt(place: Place): Promise<readonly Place[]> {
  if (lookups >= lookupLimit) return [];
  lookups += 1;
  const asked = lookup(place.host, { all: true })
    .catch(() => [])
    .finally(() => {
      lookups -= 1;
    });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly []>((resolve) => {
    timer = setTimeout(() => resolve([]), lookupMs);
  });
  const found = await Promise.race([asked, late]);
  clearTimeout(timer);
  return found.map(({ address }) => ({ ...place, host: address }));
}
