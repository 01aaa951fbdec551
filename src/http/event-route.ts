/** `GET /v1/events`: what happens, as server-sent events. */

import type { FastifyInstance } from 'fastify';
import type { HistoryEntry } from '../core/model/events.ts';
import { doorOf } from './doors.ts';
import type { EventFeed } from './event-feed.ts';
import { notWatched } from './not-watched.ts';
import { problem } from './problem.ts';
import { type ApiContext, defaultHeaders, sendProblem } from './route.ts';

/** The name of the event for each kind of entry of the history. Its data is the entry. */
export const eventNames = {
  decision: 'decision',
  move: 'move',
  'moved-elsewhere': 'move',
  propagated: 'propagation',
  written: 'write',
  'update-failed': 'write',
  alarm: 'alarm',
  fenced: 'fence',
  hook: 'hook',
} as const satisfies Record<HistoryEntry['kind'], string>;

export function addEventRoute(
  app: FastifyInstance,
  { api, feed }: ApiContext & { readonly feed: EventFeed },
): void {
  app.route({
    method: 'GET',
    url: '/v1/events',
    // HEAD would be a stream without end and without contents.
    exposeHeadRoute: false,
    config: {
      doc: {
        summary: 'What happens, as server-sent events',
        answer: { media: 'text/event-stream' },
        query: {
          cluster: 'the events of this cluster only',
          after: 'the id of the last event that was seen',
        },
      },
    },
    async handler({ raw, query }, reply) {
      const { cluster, after } = query as { readonly cluster?: string; readonly after?: string };
      const missing = cluster === undefined ? undefined : notWatched(api(), cluster);
      if (missing !== undefined) return sendProblem(reply, missing);
      if (!doorOf(raw).keepOpen(raw.socket)) {
        const tooMany = problem('too-many-listeners', 'all streams are in use', 'try again in a moment');
        return sendProblem(reply.header('retry-after', '10'), tooMany);
      }
      reply.hijack();
      const response = reply.raw;
      // An answer to the client's network error is no bug.
      response.on('error', () => {});
      response.writeHead(200, {
        ...defaultHeaders,
        // A proxy that compresses would keep the events until its buffer is full; nginx does so in any case.
        'cache-control': 'no-store, no-transform',
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
        connection: 'close',
      });
      // A browser that comes again knows better than the address that the page gave it.
      const last = raw.headers['last-event-id'];
      const seen = typeof last === 'string' && last !== '' ? last : after;
      feed.listen(response, {
        ...(seen === undefined ? {} : { after: seen }),
        ...(cluster === undefined ? {} : { cluster }),
      });
    },
  });
}
