/** One route of the API: what it answers, and what the OpenAPI document says of it. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ClusterApi } from './cluster-api.ts';
import { notWatched } from './not-watched.ts';
import { tooLate } from './patience.ts';
import { type Problem, problem, problemText, problemType } from './problem.ts';
import type { ShapeName } from './shapes/api-shapes.ts';

/** What every room that adds routes gets. */
export interface ApiContext {
  /** Never called before the clusters are there: until then each request gets `whileStarting`. */
  api(): ClusterApi;
  /** Of the events: `GET /v1/events?after=` this one has what is newer than what `api` says now. */
  position(): string;
}

/** A room that adds routes of its own: the status page, the metrics. */
export type ApiPlugin = (app: FastifyInstance, context: ApiContext) => void;

/** Everything but GET changes something. Over TCP such a route needs the token, in every room. */
declare module 'fastify' {
  interface FastifyContextConfig {
    /** Only through the unix socket. */
    onlyLocal?: true;
    /** The answer before the clusters are there. Absent: the problem `starting`. */
    whileStarting?: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | FastifyReply;
    /** For the OpenAPI document: every route has it. */
    doc?: RouteDoc;
  }
}

export interface RouteDoc {
  readonly summary: string;
  /** The shape of the JSON, or the media type of something else. */
  readonly answer: ShapeName | { readonly media: string };
  /** What each parameter after the `?` means; all may be absent. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
}

export type Reply =
  /** A document that is text already. */
  | { readonly kind: 'json'; readonly bytes: Buffer }
  | { readonly kind: 'document'; readonly body: unknown }
  | { readonly kind: 'problem'; readonly problem: Problem };

export const document = (body: unknown): Reply => ({ kind: 'document', body });
export const failed = (what: Problem): Reply => ({ kind: 'problem', problem: what });

export interface Call<Body = unknown> {
  readonly api: ClusterApi;
  readonly request: FastifyRequest;
  /** The `{c}` of the path; empty if the route has none. */
  readonly cluster: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: Body;
}

interface RouteOf<Body> {
  readonly method: 'GET' | 'POST';
  /** As fastify writes it: `:c` is one segment. */
  readonly url: string;
  readonly doc: Omit<RouteDoc, 'body'>;
  readonly body?: z.ZodType<Body>;
  readonly onlyLocal?: true;
  /** A load balancer asks. HAProxy asks with OPTIONS, unless its configuration names a method. */
  readonly isHealthCheck?: true;
  /** The answer before the clusters are there. Absent: the problem `starting`. */
  readonly whileStarting?: Reply;
  /** Rejects only after a bug. */
  answer(call: Call<Body>): Promise<Reply> | Reply;
}

/** With the type of the body checked, and forgotten: a table has routes with many. */
export type Route = RouteOf<never>;
export const route = <Body>(given: RouteOf<Body>): Route => given as unknown as Route;

export function addRoute(app: FastifyInstance, given: Route, context: ApiContext): void {
  const { whileStarting: early } = given;
  app.route({
    method: given.isHealthCheck ? [given.method, 'OPTIONS'] : given.method,
    url: given.url,
    config: {
      ...(given.onlyLocal && { onlyLocal: true }),
      ...(early && { whileStarting: (_request, reply) => send(reply, early) }),
      doc: { ...given.doc, ...(given.body && { body: given.body }) },
    },
    async handler(request, reply) {
      return send(reply, await answerOf(given, request, context.api()));
    },
  });
}

async function answerOf(given: Route, request: FastifyRequest, api: ClusterApi): Promise<Reply> {
  const { c } = request.params as { readonly c?: string };
  const missing = c === undefined ? undefined : notWatched(api, c);
  if (missing !== undefined) return failed(missing);
  const parsed = given.body?.safeParse(request.body ?? {});
  if (parsed?.success === false)
    return failed(
      problem(
        'bad-request',
        parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '),
      ),
    );
  const late = given.method === 'GET' ? undefined : await tooLate(request.raw);
  if (late !== undefined) return failed(late);
  return given.answer({
    api,
    request,
    cluster: c ?? '',
    query: request.query as Call['query'],
    body: parsed?.data as never,
  });
}

export function send(reply: FastifyReply, what: Reply): FastifyReply {
  if (what.kind === 'problem') return sendProblem(reply, what.problem);
  const bytes = what.kind === 'json' ? what.bytes : Buffer.from(`${JSON.stringify(what.body)}\n`);
  return reply.type('application/json').send(bytes);
}

export const sendProblem = (reply: FastifyReply, what: Problem): FastifyReply =>
  reply
    .code(what.status)
    .type(problemType)
    .send(Buffer.from(problemText(what)));

/** No other site may frame, embed or guess. A route may set others. */
export const defaultHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
