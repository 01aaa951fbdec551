/** What the status page answers. It reads the API, and changes nothing. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { inSlices, shared } from '../http/all-clusters.ts';
import type { ClusterApi } from '../http/cluster-api.ts';
import { clusterDocument } from '../http/documents.ts';
import type { Assets } from './assets.ts';
import { clusterView } from './cluster-view.ts';
import { textOf } from './html.ts';
import { notFoundView } from './not-found-view.ts';
import { type Digest, digestOf, overviewView } from './overview.ts';
import { type Frame, pageHtml, partHtml, type View } from './shell.ts';
import { refreshSeconds, startingHtml } from './starting-page.ts';
import { isTone } from './verdict.ts';

export interface PageReply {
  readonly status: 200 | 404 | 421 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface StatusPage {
  overview(query: URLSearchParams): Promise<PageReply>;
  cluster(name: string, query: URLSearchParams): Promise<PageReply>;
}

/** Nothing of another host, nothing inline; no other page may show this one. */
const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** `now`: milliseconds since 1970. */
export function createStatusPage(api: ClusterApi, assets: Assets, now: () => number): StatusPage {
  const digests = shared(lookAtAll);
  /** What those who ask together get, by their query. */
  const overviews = new WeakMap<readonly Digest[], Map<string, Promise<PageReply>>>();
  const inTurn = turns();
  const reply = (view: View, root: string, query: URLSearchParams, status: PageReply['status'] = 200) => {
    const daemon = api.daemon?.();
    const frame: Frame = {
      assets: assets.hash,
      instance: daemon?.instance ?? '',
      version: daemon?.version ?? '',
      now: now(),
      root,
    };
    const body = textOf(query.has('part') ? partHtml(view, frame) : pageHtml(view, frame));
    return { status, headers: pageHeaders, body };
  };
  const show = (name: string, root: string, query: URLSearchParams): PageReply => {
    const snapshot = api.snapshot(name);
    if (snapshot === undefined) {
      const watchers = api.elsewhere?.(name);
      return reply(notFoundView(name, watchers, root), root, query, watchers === undefined ? 404 : 421);
    }
    const view = clusterView({
      cluster: clusterDocument(snapshot),
      history: api.history(name),
      warnings: api.daemon?.().warnings ?? [],
      now: now(),
      root,
      oneOfMany: api.clusters().length > 1,
    });
    return reply(view, root, query);
  };
  const overview = (all: readonly Digest[], query: URLSearchParams): PageReply => {
    const is = query.get('is');
    const daemon = api.daemon?.();
    const view = overviewView({
      digests: all,
      elsewhere: daemon?.share?.elsewhere ?? 0,
      warnings: daemon?.warnings ?? [],
      search: (query.get('q') ?? '').trim().slice(0, 200),
      tone: is !== null && isTone(is) ? is : undefined,
      all: query.has('all'),
      root: './',
    });
    return reply(view, './', query);
  };
  return {
    async overview(query) {
      const names = api.clusters();
      const [only] = names;
      // One cluster is all that there is to see.
      if (names.length === 1 && only !== undefined && query.size === Number(query.has('part')))
        return inTurn(() => show(only, './', query));
      const all = await digests(api);
      const known = overviews.get(all) ?? new Map<string, Promise<PageReply>>();
      overviews.set(all, known);
      const made = known.get(`${query}`) ?? inTurn(() => overview(all, query));
      known.set(`${query}`, made);
      return made;
    },
    cluster: (name, query) => inTurn(() => show(name, '../', query)),
  };
}

/** The answer for every page before there is an API. `root`: from the page to the root. */
export const startingReply = (assets: Assets, root: string): PageReply => ({
  status: 503,
  headers: { ...pageHeaders, refresh: `${refreshSeconds}`, 'retry-after': `${refreshSeconds}` },
  body: textOf(startingHtml(assets.hash, root)),
});

/** A file by its name with the hash. */
export function assetReply(assets: Assets, name: string): PageReply {
  const file = assets.files.get(name);
  if (file === undefined)
    return {
      status: 404,
      headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' },
      body: 'no such file\n',
    };
  return {
    status: 200,
    headers: {
      'content-type': file.type,
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    },
    body: file.body,
  };
}

/** Does what is asked for one after the other, and lets others have their turn before each. */
function turns(): <Result>(work: () => Result) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const made = last.then(() => nextTurn()).then(work);
    last = made.catch(() => undefined);
    return made;
  };
}

async function lookAtAll(api: ClusterApi): Promise<readonly Digest[]> {
  const digests = await inSlices(api.clusters(), (name) => {
    const snapshot = api.snapshot(name);
    return snapshot === undefined ? [] : [digestOf(clusterDocument(snapshot))];
  });
  return digests.flat();
}
