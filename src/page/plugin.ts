/** The routes of the status page. */

import type { FastifyReply } from 'fastify';
import type { ApiPlugin } from '../http/route.ts';
import { type Assets, readAssets } from './assets.ts';
import { createStatusPage, type PageReply, type StatusPage } from './page.ts';

/** `/`, `/clusters/NAME` and `/assets/HASH/FILE`. The files are read when the first page is asked for. */
export const statusPage =
  (read: () => Promise<Assets> = readAssets): ApiPlugin =>
  (app, context) => {
    let made: Promise<StatusPage> | undefined;
    const page = (): Promise<StatusPage> => {
      made ??= read().then(
        (assets) => createStatusPage(context.api(), assets, Date.now),
        (error: unknown) => {
          // No file descriptor was left, perhaps: the next request tries again.
          made = undefined;
          throw error;
        },
      );
      return made;
    };
    app.get('/', described('The status page'), async ({ query }, reply) =>
      send(reply, await (await page()).overview(queryOf(query))),
    );
    app.get('/clusters/:c', described('The status page of one cluster'), async ({ params, query }, reply) => {
      const { c } = params as { readonly c: string };
      return send(reply, await (await page()).cluster(c, queryOf(query)));
    });
    app.get(
      '/assets/:hash/:file',
      described('A file of the status page', '*/*'),
      async ({ params }, reply) => {
        const { hash, file } = params as { readonly hash: string; readonly file: string };
        return send(reply, (await page()).asset(`${hash}/${file}`));
      },
    );
  };

const described = (summary: string, media = 'text/html') => ({
  config: { doc: { summary, answer: { media } } },
});

const queryOf = (query: unknown): URLSearchParams =>
  new URLSearchParams(query as Readonly<Record<string, string>>);

const send = (reply: FastifyReply, { status, headers, body }: PageReply): FastifyReply =>
  reply.code(status).headers(headers).send(body);
