/** `GET /metrics`: what Prometheus asks for. */

import type { ApiPlugin } from '../http/route.ts';

const doc = {
  summary: 'The metrics, for Prometheus',
  answer: { media: 'text/plain; version=0.0.4; charset=utf-8' },
} as const;

/** Without a token: it tells numbers, codes and host names, and changes nothing. */
export const metricsRoute: ApiPlugin = (app, { api }) => {
  app.get('/metrics', { config: { doc } }, async (_request, reply) => {
    const scrape = await api().metrics?.();
    return scrape === undefined ? reply.callNotFound() : reply.type(scrape.contentType).send(scrape.text);
  });
};
