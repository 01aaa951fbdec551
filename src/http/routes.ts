/** Every route of the API in one table. A route returns a document or a problem, and writes nothing. */

import type { IncomingMessage } from 'node:http';
import { watchedElsewhere } from '../config/share.ts';
import type { Answer, Command } from '../core/model/events.ts';
import { type AdviceAim, adviceAims } from '../core/model/procedure.ts';
import type { ServerAddress } from '../core/model/units.ts';
import { findServer } from '../daemon/find-server.ts';
import type { Claim } from '../hook/claim.ts';
import { didYouMean } from '../suggest.ts';
import { followBody, forgetBody, freezeBody, hookBody, readBody, thawBody, withPatience } from './body.ts';
import type { ClusterApi } from './cluster-api.ts';
import { adviceDocument, clusterDocument, isReady } from './documents.ts';
import { obeyHook } from './obey-hook.ts';
import type { Once } from './once.ts';
import { answerProblem, type Problem, problem } from './problem.ts';

export type Reply =
  | { readonly kind: 'document'; readonly body: unknown }
  | { readonly kind: 'problem'; readonly problem: Problem };

interface RouteContext {
  readonly api: ClusterApi;
  readonly once: Once;
}

interface Call extends RouteContext {
  readonly request: IncomingMessage;
  /** The `{c}` of the path; empty if the route has none. */
  readonly cluster: string;
  readonly query: URLSearchParams;
}

interface Route {
  readonly method: 'GET' | 'POST';
  /** `{c}` matches one segment. */
  readonly path: string;
  answer(call: Call): Promise<Reply> | Reply;
}

const routes: readonly Route[] = [
  { method: 'GET', path: '/healthz', answer: () => document({ status: 'ok' }) },
  { method: 'GET', path: '/readyz', answer: ready },
  {
    method: 'GET',
    path: '/v1/clusters',
    answer: ({ api }) =>
      document({ ...aboutDaemon(api), clusters: api.clusters().flatMap((name) => clusterOf(api, name)) }),
  },
  {
    method: 'GET',
    path: '/v1/clusters/{c}',
    answer: ({ api, cluster }) => document({ ...clusterOf(api, cluster)[0], ...aboutDaemon(api) }),
  },
  {
    method: 'GET',
    path: '/v1/clusters/{c}/history',
    answer: ({ api, cluster }) => document({ entries: api.history(cluster) }),
  },
  { method: 'GET', path: '/v1/clusters/{c}/advice', answer: advice },
  { method: 'POST', path: '/v1/clusters/{c}/follow', answer: follow },
  { method: 'POST', path: '/v1/clusters/{c}/freeze', answer: freeze },
  { method: 'POST', path: '/v1/clusters/{c}/thaw', answer: thaw },
  { method: 'POST', path: '/v1/clusters/{c}/forget', answer: forget },
  { method: 'POST', path: '/v1/hook', answer: hook },
];

/** Who gives the command, if the request does not say. */
const unnamed = 'api';

/** Rejects only after a bug. */
export async function answerRequest(request: IncomingMessage, context: RouteContext): Promise<Reply> {
  const [path = '/', ...rest] = (request.url ?? '/').split('?');
  const query = new URLSearchParams(rest.join('?'));
  const matches = routes.flatMap((route) => {
    const cluster = match(route.path, path);
    return cluster === undefined ? [] : [{ route, cluster }];
  });
  const found = matches.find(({ route }) => route.method === request.method);
  if (found === undefined) {
    const methods = matches.map(({ route }) => route.method).join(', ');
    return failed(
      matches.length === 0
        ? problem('unknown-route', `this version has no route ${path}`)
        : problem('wrong-method', `${path} takes ${methods}, not ${request.method}`),
    );
  }
  const { api } = context;
  if (found.route.path.includes('{c}') && api.snapshot(found.cluster) === undefined)
    return failed(notWatched(api, found.cluster));
  return found.route.answer({ ...context, request, cluster: found.cluster, query });
}

function notWatched(api: ClusterApi, cluster: string): Problem {
  const watchers = api.elsewhere?.(cluster);
  return watchers === undefined
    ? problem('unknown-cluster', `there is no cluster "${cluster}"${didYouMean(cluster, api.clusters())}`)
    : problem('watched-elsewhere', watchedElsewhere(cluster, watchers));
}

/** The value of `{c}` (empty if there is none), or undefined for another path. */
function match(pattern: string, path: string): string | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  let cluster = '';
  for (const [index, segment] of wanted.entries()) {
    const actual = given[index] ?? '';
    if (segment === '{c}') cluster = decoded(actual);
    else if (segment !== actual) return undefined;
  }
  return cluster;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not a valid encoding: no cluster has this name.
    return segment;
  }
}

const document = (body: unknown): Reply => ({ kind: 'document', body });
const failed = (what: Problem): Reply => ({ kind: 'problem', problem: what });

const clusterOf = (api: ClusterApi, name: string) => {
  const snapshot = api.snapshot(name);
  return snapshot === undefined ? [] : [clusterDocument(snapshot)];
};

const aboutDaemon = (api: ClusterApi) => (api.daemon === undefined ? {} : { daemon: api.daemon() });

function ready({ api }: Call): Reply {
  const waiting = api.clusters().filter((name) => clusterOf(api, name).some((cluster) => !isReady(cluster)));
  return waiting.length === 0
    ? document({ status: 'ready' })
    : failed(problem('not-ready', `not ready: ${waiting.join(', ')}`));
}

const isAim = (text: string): text is AdviceAim => adviceAims.some((aim) => aim === text);

/** `?to=` and `?server=` may both be absent. */
function advice({ api, cluster, query }: Call): Reply {
  const [aim, text] = [query.get('to') ?? undefined, query.get('server') ?? undefined];
  if (aim !== undefined && !isAim(aim))
    return failed(problem('bad-request', `to must be one of ${adviceAims.join(', ')}, not "${aim}"`));
  const found = text === undefined ? undefined : serverOf(api, cluster, text);
  if (found?.kind === 'not-found') return failed(problem('unknown-server', found.sentence));
  const given = api.advice(cluster, { aim, server: found?.server });
  return given === undefined
    ? failed(problem('unknown-cluster', `the cluster ${cluster} was removed meanwhile`))
    : document(adviceDocument(cluster, given));
}

async function follow({ api, once, request, cluster }: Call): Promise<Reply> {
  const body = await readBody(request, followBody);
  if (body.kind === 'wrong') return failed(body.problem);
  const { server: text, force = false, althoughReadOnly = false, dryRun = false } = body.value;
  const { reason, id, by = unnamed } = body.value;
  if (althoughReadOnly && !force)
    return failed(problem('bad-request', 'althoughReadOnly needs force: alone it does nothing'));
  const found = serverOf(api, cluster, text);
  if (found.kind === 'not-found') return failed(problem('unknown-server', found.sentence));
  const command: Command = {
    kind: 'follow',
    server: found.server,
    force,
    ...(althoughReadOnly ? { althoughReadOnly } : {}),
    dryRun,
    ...(reason === undefined ? {} : { reason }),
    by,
  };
  const work = () => send(api, cluster, withPatience(command, request));
  // A dry run changes nothing, so it may be repeated.
  if (id === undefined || dryRun) return answered(await work());
  const result = once.run(`${cluster}/${id}`, JSON.stringify([found.server, force, althoughReadOnly]), work);
  if (result.kind === 'reused')
    return failed(problem('id-reused', `the id "${id}" was used before, for another request`));
  return answered(await result.promise);
}

const serverOf = (api: ClusterApi, cluster: string, text: string) =>
  findServer(text, api.snapshot(cluster)?.servers.map(({ server }) => server) ?? []);

/** A former source may have left the configuration long ago; the ledger still names it. */
function formerOf(api: ClusterApi, cluster: string, text: string) {
  const snapshot = api.snapshot(cluster);
  const former =
    snapshot?.publications
      .flatMap(({ ledger }) => ledger?.was ?? [])
      .map((entry) => entry.slice(entry.lastIndexOf('@') + 1)) ?? [];
  const known = [...(snapshot?.servers.map(({ server }) => server) ?? []), ...(former as ServerAddress[])];
  return findServer(text, [...new Set(known)]);
}

async function forget({ api, request, cluster }: Call): Promise<Reply> {
  const body = await readBody(request, forgetBody);
  if (body.kind === 'wrong') return failed(body.problem);
  const found = formerOf(api, cluster, body.value.server);
  if (found.kind === 'not-found') return failed(problem('unknown-server', found.sentence));
  return answered(
    await send(
      api,
      cluster,
      withPatience({ kind: 'forget', server: found.server, by: body.value.by ?? unnamed }, request),
    ),
  );
}

async function freeze({ api, request, cluster }: Call): Promise<Reply> {
  const body = await readBody(request, freezeBody);
  if (body.kind === 'wrong') return failed(body.problem);
  const { reason, by = unnamed } = body.value;
  return answered(await send(api, cluster, withPatience({ kind: 'freeze', reason, by }, request)));
}

async function thaw({ api, request, cluster }: Call): Promise<Reply> {
  const body = await readBody(request, thawBody);
  if (body.kind === 'wrong') return failed(body.problem);
  return answered(
    await send(api, cluster, withPatience({ kind: 'thaw', by: body.value.by ?? unnamed }, request)),
  );
}

async function hook({ api, once, request }: Call): Promise<Reply> {
  const body = await readBody(request, hookBody);
  if (body.kind === 'wrong') return failed(body.problem);
  const obeyed = await obeyHook(body.value as Claim, {
    api,
    once,
    patient: (command) => withPatience(command, request),
  });
  return obeyed.kind === 'problem' ? failed(obeyed.problem) : document(obeyed.answer);
}

/** For a cluster that a reload removed while the body was read. */
const removed: Answer = {
  results: [
    {
      nameserver: '-',
      kind: 'failed',
      code: 'unknown-cluster',
      sentence: 'the cluster was removed meanwhile',
    },
  ],
};

const send = (api: ClusterApi, cluster: string, command: Command): Promise<Answer> =>
  api.command(cluster, command) ?? Promise.resolve(removed);

function answered(answer: Answer): Reply {
  const what = answerProblem(answer);
  return what === undefined ? document(answer) : failed(what);
}
