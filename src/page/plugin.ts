/** The routes of the status page. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiPlugin } from '../http/route.ts';
import { type Assets, readAssets } from './assets.ts';
import { assetReply, createStatusPage, type PageReply, type StatusPage, startingReply } from './page.ts';

/** `/`, `/clusters/NAME` and `/assets/HASH/FILE`. The files are read when the first page is asked for. */
export const statusPage =
  (read: () => Promise<Assets> = readAssets): ApiPlugin =>
  (app, context) => {
    const assets = onceThatWorks(read);
    let page: StatusPage | undefined;
    const made = async (): Promise<StatusPage> => {
      const found = await assets();
      page ??= createStatusPage(context.api(), found, Date.now);
      return page;
    };
    const starting = (root: string) => ({
      whileStarting: async (_request: FastifyRequest, reply: FastifyReply) =>
        send(reply, startingReply(await assets(), root)),
    });
    const file = async ({ params }: FastifyRequest, reply: FastifyReply) => {
      const { hash, file: name } = params as { readonly hash: string; readonly file: string };
      return send(reply, assetReply(await assets(), `${hash}/${name}`));
    };
    app.get('/', described('The status page', starting('./')), async ({ query }, reply) =>
      send(reply, await (await made()).overview(queryOf(query))),
    );
    app.get(
      '/clusters/:c',
      described('The status page of one cluster', starting('../')),
      async ({ params, query }, reply) => {
        const { c } = params as { readonly c: string };
        return send(reply, await (await made()).cluster(c, queryOf(query)));
      },
    );
    app.get(
      '/assets/:hash/:file',
      described('A file of the status page', { whileStarting: file }, '*/*'),
      file,
    );
  };

/** No file descriptor was left, perhaps: after a failure the next call tries again. */
function onceThatWorks<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  return () => {
    running ??= work().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}

const described = <Early>(summary: string, early: Early, media = 'text/html') => ({
  config: { doc: { summary, answer: { media } }, ...early },
});

const queryOf = (query: unknown): URLSearchParams =>
  new URLSearchParams(query as Readonly<Record<string, string>>);

const send = (reply: FastifyReply, { status, headers, body }: PageReply): FastifyReply =>
  reply.code(status).headers(headers).send(body);
