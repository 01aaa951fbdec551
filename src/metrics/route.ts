/** `GET /metrics`: what Prometheus asks for. */

import type { ApiPlugin } from '../http/route.ts';

/** Without a token: it tells numbers, codes and host names, and changes nothing. */
export const metricsRoute: ApiPlugin = (app, { api }) => {
  app.get('/metrics', async (_request, reply) => {
    const scrape = await api().metrics?.();
    return scrape === undefined ? reply.callNotFound() : reply.type(scrape.contentType).send(scrape.text);
  });
};
