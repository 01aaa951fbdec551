/** The answers of the status page: their headers, their parts, and what is not there. */

import { expect, test } from 'vitest';
import type { Failure } from '../../../src/core/model/observation.ts';
import type { ClusterApi } from '../../../src/http/cluster-api.ts';
import { eventNames } from '../../../src/http/event-route.ts';
import { assetsOf } from '../../../src/page/assets.ts';
import { assetReply, createStatusPage } from '../../../src/page/page.ts';
import { textOfFile } from '../../support/checkout.ts';
import { pageState } from '../../support/page-states.ts';

const assets = assetsOf([
  ['page.css', 'body {}'],
  ['page.js', 'export {};'],
]);

function pageOf(names: readonly string[], warnings: readonly Failure[] = []) {
  let looks = 0;
  const api = {
    clusters: () => names,
    snapshot(cluster: string) {
      looks += 1;
      return names.includes(cluster) ? { ...pageState('healthy').snapshot, cluster } : undefined;
    },
    history: () => pageState('healthy').history,
    elsewhere: (cluster: string) => (cluster === 'far' ? ['watcher-2'] : undefined),
    daemon: () => ({ instance: 'watcher-1', version: '1', warnings }),
  } as unknown as ClusterApi;
  return {
    page: createStatusPage(api, assets, () => pageState('healthy').now),
    looks: () => looks,
  };
}
const query = (text = '') => new URLSearchParams(text);

test('nothing inline and no other host: by the policy, and by the markup', async () => {
  const { headers, body, status } = await pageOf(['shop']).page.overview(query());
  expect(status).toBe(200);
  expect(headers['content-security-policy']).toMatch(
    /^default-src 'none'; style-src 'self'; script-src 'self'/,
  );
  expect(headers['content-security-policy']).not.toContain('unsafe');
  expect(body).not.toMatch(
    /<script(?! type="module" src="\.\/assets\/)|<style| style="| on\w+="|https?:\/\//,
  );
});

test('one cluster is the page itself; of several the overview leads to each', async () => {
  expect((await pageOf(['shop']).page.overview(query())).body).toContain('data-cluster="shop"');
  const several = await pageOf(['shop', 'a/b']).page.overview(query());
  expect(several.body).toContain('href="./clusters/a%2Fb"');
  expect((await pageOf(['shop', 'a/b']).page.cluster('a/b', query())).body).toContain('href="../assets/');
});

test('what is to mend at this instance is on every page, escaped and bounded', async () => {
  const overloaded = { code: 'overloaded', message: 'it asks after `watch.interval`', hint: 'share <them>' };
  const many = [overloaded, ...Array.from({ length: 99 }, () => ({ code: 'config-warning', message: 'x' }))];
  for (const names of [['shop'], ['shop', 'orders']]) {
    const { body } = await pageOf(names, many).page.overview(query());
    expect(body).toContain('100 warnings of this instance');
    expect(body).toContain('<code>watch.interval</code>');
    expect(body).toContain('share &lt;them&gt;');
    expect(body).toContain('And 95 more');
    expect((await pageOf(names).page.overview(query())).body).not.toContain('h-notes');
  }
});

test('a part is the replaceable element alone', async () => {
  const { body } = await pageOf(['shop']).page.overview(query('part='));
  expect(body).toMatch(/^<main .*<\/main>$/s);
});

test('a cluster that does not exist, or is watched elsewhere, is said so', async () => {
  const { page } = pageOf(['shop']);
  const [missing, elsewhere] = [await page.cluster('<b>', query()), await page.cluster('far', query())];
  expect([missing.status, elsewhere.status]).toEqual([404, 421]);
  expect(missing.body).toContain('no cluster “&lt;b&gt;”');
  expect(elsewhere.body).toContain('watcher-2');
});

test('viewers who ask together share one look at all clusters; the next viewer sees the present', async () => {
  const { page, looks } = pageOf(['a', 'b', 'c']);
  await Promise.all([page.overview(query()), page.overview(query('q=a')), page.overview(query('part'))]);
  expect(looks()).toBe(3);
  await page.overview(query());
  expect(looks()).toBe(6);
});

test('a page of many viewers is made once, and other pages each in a turn of the event loop', async () => {
  const { page } = pageOf(['a', 'b', 'c']);
  const [one, same, other] = await Promise.all(['part', 'part', 'q=a'].map((q) => page.overview(query(q))));
  expect(same).toBe(one);
  expect(other).not.toBe(one);
  let turns = 0;
  let isCounting = true;
  const count = (): void => {
    turns += 1;
    if (isCounting) setImmediate(count);
  };
  count();
  await Promise.all(Array.from({ length: 20 }, () => page.cluster('a', query())));
  isCounting = false;
  expect(turns).toBeGreaterThanOrEqual(20);
});

test('a file may be kept for ever, under an address that changes with any file', () => {
  const { status, headers } = assetReply(assets, `${assets.hash}/page.css`);
  expect([status, headers['content-type']]).toEqual([200, 'text/css; charset=utf-8']);
  expect(headers['cache-control']).toContain('immutable');
  expect(assetsOf([['page.css', 'body { }']]).hash).not.toBe(assets.hash);
  expect(assetReply(assets, '0/page.css').status).toBe(404);
  expect(assetReply(assets, `${assets.hash}/../page.css`).status).toBe(404);
});

test('each event of the history makes an open page look again', () => {
  const [, heard = ''] = /^const kinds = \[(.*?)\]/ms.exec(textOfFile('src/page/browser/live.ts')) ?? [];
  const kinds = [...heard.matchAll(/'([a-z]+)'/g)].map(([, kind]) => kind);
  expect(kinds).toEqual(expect.arrayContaining(Object.values(eventNames)));
});
