/** Errors as RFC 9457 problem details, each with a stable code. Pure. */

import type { Answer, CommandResult } from '../core/model/events.ts';
import { worstResult } from '../core/model/worst-result.ts';

export interface Problem {
  readonly status: number;
  /** Stable; for machines. */
  readonly code: string;
  /** Short, and the same for every occurrence. */
  readonly title: string;
  /** What happened in this case, and to what. */
  readonly detail: string;
  /** What to do next. */
  readonly hint?: string;
  /** For a hook: the cluster that it meant. */
  readonly cluster?: string;
  /** For a command: one result per publication. */
  readonly results?: readonly CommandResult[];
}

/** The media type of every error. */
export const problemType = 'application/problem+json';

/** The problems that every request can have. */
const problems = {
  'bad-request': [400, 'The request is not valid'],
  unauthorized: [401, 'The token is missing or wrong'],
  'read-only': [403, 'Nothing can be changed over TCP'],
  'only-local': [403, 'Only the unix socket takes this'],
  'foreign-origin': [403, 'A web page of another site may not ask'],
  'unknown-route': [404, 'This route does not exist'],
  'unknown-cluster': [404, 'This cluster does not exist'],
  'unknown-server': [404, 'The cluster does not have this server'],
  'wrong-method': [405, 'The route does not take this method'],
  'too-slow': [408, 'The request did not arrive in time'],
  'too-late': [408, 'Nobody waits for the answer any more'],
  'id-reused': [409, 'The id belongs to another request'],
  /** Misdirected Request (RFC 9110 15.5.20). */
  'watched-elsewhere': [421, 'Other instances watch this cluster'],
  /** The request is for a host that is not ours: the same status. */
  'wrong-host': [421, 'The host in the request is not ours'],
  'body-too-large': [413, 'The body is too large'],
  'wrong-media-type': [415, 'The body must be application/json'],
  'too-many-tries': [429, 'Too many wrong tokens'],
  'headers-too-large': [431, 'The headers are too large'],
  'not-ready': [503, 'A cluster is not decided, or its zone cannot be read'],
  'too-many-listeners': [503, 'All streams of events are in use'],
  busy: [503, 'All connections are in use'],
  starting: [503, 'The daemon is starting'],
  bug: [500, 'source-dns has a bug'],
} as const;

export function problem(code: keyof typeof problems, detail: string, hint?: string): Problem {
  const [status, title] = problems[code];
  return { status, code, title, detail, ...(hint === undefined ? {} : { hint }) };
}

const statuses = { 'lost-race': 409, held: 409, unreachable: 502, failed: 500 } as const;
const titles = {
  'lost-race': 'Another instance was first',
  held: 'Refused as unsafe',
  unreachable: 'A server or nameserver could not be reached',
  failed: 'The command failed',
} as const;

/** The problem of an answer, or undefined if all is done. */
export function answerProblem(answer: Answer): Problem | undefined {
  const worst = worstResult(answer.results);
  if (worst === undefined || worst.kind === 'done') return undefined;
  const { kind, code, sentence, hint } = worst;
  return {
    status: statuses[kind],
    code,
    title: titles[kind],
    detail: sentence,
    ...(hint === undefined ? {} : { hint }),
    results: answer.results,
  };
}

/** RFC 9457 3.1.1: a type without a document is about:blank. */
export const problemText = (what: Problem): string => `${JSON.stringify({ type: 'about:blank', ...what })}\n`;
