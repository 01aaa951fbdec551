/** The routes of the API behind every listener: fastify finds the route and reads the body. */

import type { IncomingMessage } from 'node:http';
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { bodyLimit } from './body.ts';
import type { ClusterApi } from './cluster-api.ts';
import { commandRoutes } from './command-routes.ts';
import { doorOf } from './doors.ts';
import { createEventFeed, type EventFeed } from './event-feed.ts';
import { addEventRoute } from './event-route.ts';
import type { KnownRoute, OpenApi } from './openapi.ts';
import { type Problem, problem } from './problem.ts';
import { type ApiPlugin, addRoute, defaultHeaders, document, route, sendProblem } from './route.ts';
import { readRoutes } from './routes.ts';
import { foreignRequest, hostProblem, tokenProblem } from './tcp-guard.ts';
import { TokenTries, triesWindowMs } from './token-tries.ts';

interface AppOptions {
  /** Undefined: the clusters are not there yet. */
  api(): ClusterApi | undefined;
  readonly feed: EventFeed;
  readonly plugins: readonly ApiPlugin[];
  /** A route has thrown. Its client gets the problem `bug`. */
  onBug(error: unknown): void;
  readonly tries: TokenTries;
}

/** It listens nowhere. */
export interface App {
  /** Answers a request of `node:http`. */
  readonly routing: FastifyInstance['routing'];
  close(): Promise<void>;
  /** What `GET /v1/openapi.json` answers. */
  description(): Promise<OpenApi>;
}

/** The routes alone, for their description. */
export const routesAlone = (plugins: readonly ApiPlugin[]): Promise<App> =>
  createApp({
    api: () => undefined,
    feed: createEventFeed('none'),
    plugins,
    onBug: () => {},
    tries: new TokenTries({ say: () => {} }),
  });

export async function createApp({ api, feed, plugins, onBug, tries }: AppOptions): Promise<App> {
  const app = fastify({
    logger: false,
    bodyLimit,
    // After `close` it answers what is in progress.
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, ofFastify(error) ?? badPath),
    routerOptions: {
      maxParamLength: 300,
      querystringParser: (text) => Object.fromEntries(new URLSearchParams(text)),
    },
  });
  const known: KnownRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat()) known.push({ method: one, url, ...config });
  });
  app.addHook('onRequest', async (request, reply) => {
    const { onlyLocal, whileStarting } = request.routeOptions.config;
    const refusal = refused(request.raw, tries, onlyLocal);
    if (refusal?.status === 401) reply.header('www-authenticate', 'Bearer realm="source-dns"');
    if (refusal?.status === 429) reply.header('retry-after', triesWindowMs / 1000);
    if (refusal !== undefined) return sendProblem(reply, refusal);
    if (api() !== undefined) return undefined;
    return whileStarting === undefined ? sendProblem(reply, starting) : whileStarting(request, reply);
  });
  app.addHook('onSend', async (request, reply) => {
    for (const [name, value] of Object.entries(defaultHeaders))
      if (!reply.hasHeader(name)) reply.header(name, value);
    // The next request would begin in a body that nobody has read to its end.
    if (!request.raw.complete) reply.header('connection', 'close');
  });
  app.setNotFoundHandler((request, reply) => notFound(request.raw, reply, known));
  app.setErrorHandler((error, _request, reply) => {
    const what = ofFastify(error as FastifyError);
    if (what === undefined) onBug(error);
    return sendProblem(reply, what ?? bug);
  });
  readJsonBodies(app);
  const context = { api: () => api() ?? neverAsked(), position: feed.position };
  // Loaded when somebody asks: it needs the shape of every document.
  const description = async () => (await import('./openapi.ts')).openApi(known);
  const itself = route({
    method: 'GET',
    url: '/v1/openapi.json',
    doc: { summary: 'This document', answer: 'OpenApi' },
    answer: async () => document(await description()),
  });
  for (const one of [...readRoutes(), ...commandRoutes(), itself]) addRoute(app, one, context);
  addEventRoute(app, { ...context, feed });
  for (const plugin of plugins) plugin(app, context);
  await app.ready();
  return { routing: app.routing, close: () => app.close(), description };
}

/** Over TCP, everything but reading needs the token, so a new route cannot forget to ask for it. */
function refused(
  request: IncomingMessage,
  tries: TokenTries,
  onlyLocal: true | undefined,
): Problem | undefined {
  // The absolute form names a host of its own, beside the Host header.
  if (!request.url?.startsWith('/')) return badPath;
  const rules = doorOf(request).rules();
  const wrongHost = hostProblem(request);
  if (rules === undefined || wrongHost !== undefined) return wrongHost;
  const foreign = foreignRequest(request, rules);
  if (foreign !== undefined) return foreign;
  if (onlyLocal) return problem('only-local', 'this route is refused over TCP', 'use the unix socket');
  return reading.has(request.method ?? '') ? undefined : tokenProblem(request, rules, tries);
}

/** RFC 9110 9.2.1. */
const reading: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** An absent body is an empty object, whatever its type. */
function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? {} : JSON.parse(body.toString()));
    } catch {
      done(Object.assign(new Error('the body is not JSON'), { statusCode: 400 }));
    }
  });
}

/** Another method of a path that exists, or no such path. OPTIONS is answered for each (RFC 9110 9.3.7). */
function notFound(
  { method, url = '/' }: IncomingMessage,
  reply: FastifyReply,
  known: readonly KnownRoute[],
): FastifyReply {
  const [path = '/'] = url.split('?');
  const methods = known.filter((one) => matches(one.url, path)).map((one) => one.method);
  if (methods.length === 0)
    return sendProblem(reply, problem('unknown-route', `this version has no route ${path}`));
  const allowed = [...new Set(methods)].join(', ');
  if (method === 'OPTIONS') return reply.header('allow', allowed).code(204).send();
  return sendProblem(
    reply.header('allow', allowed),
    problem('wrong-method', `${path} takes ${allowed}, not ${method}`),
  );
}

function matches(pattern: string, path: string): boolean {
  const given = path.split('/');
  const wanted = pattern.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((segment, index) => segment.startsWith(':') || segment === given[index])
  );
}

/** What fastify refuses by itself; undefined: a bug of ours. */
function ofFastify({ code, statusCode = 500, message }: FastifyError): Problem | undefined {
  if (statusCode === 413) return problem('body-too-large', `the body is longer than ${bodyLimit} bytes`);
  if (statusCode === 415)
    return problem('wrong-media-type', 'the body does not have the type application/json');
  if (code === 'FST_ERR_BAD_URL') return badPath;
  return statusCode < 500 ? problem('bad-request', message) : undefined;
}

const badPath = problem('bad-request', 'the path is not a valid URL path');
const starting = problem('starting', 'the clusters are not started yet', 'try again in a moment');
const bug = problem('bug', 'the request could not be answered', 'the log has the details; please report it');

function neverAsked(): never {
  throw new Error('a route was asked before the clusters were there');
}
