/** What a page must bear: many servers, long and foreign names, rings, words of a newer version. */

import { expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { ServerSnapshot, Snapshot } from '../../../src/core/report/snapshot-types.ts';
import { clusterDocument } from '../../../src/http/documents.ts';
import { clusterView } from '../../../src/page/cluster-view.ts';
import { textOf } from '../../../src/page/html.ts';
import { digestOf, overviewView } from '../../../src/page/overview.ts';
import { sharedStart } from '../../../src/page/short-name.ts';
import { pageState } from '../../support/page-states.ts';

const { snapshot: healthy, history, now } = pageState('healthy');
const [, source, replica] = healthy.servers as readonly [unknown, ServerSnapshot, ServerSnapshot];

const viewOf = (snapshot: Snapshot) =>
  clusterView({
    cluster: clusterDocument(snapshot),
    history,
    warnings: [],
    now,
    root: './',
    oneOfMany: true,
  });
const markupOf = (snapshot: Snapshot): string => textOf(viewOf(snapshot).main);
const named = (server: string, from = source.server as string): ServerSnapshot => ({
  ...replica,
  server: server as ServerAddress,
  way: {
    hops: [{ server: from as ServerAddress, how: 'channel', lagSeconds: 0 }],
    broken: null,
    sentence: '',
  },
  replicatesFrom: [],
});
const withServers = (...servers: readonly ServerSnapshot[]): Snapshot => ({
  ...healthy,
  servers: [source, ...servers],
});
/** Of the drawing in columns. */
const drawnIn = (markup: string): readonly string[] =>
  [...(markup.split('class="drawing list"')[0] ?? '').matchAll(/class="id"[^>]*>([^<]*)</g)].map(
    ([, name = '']) => name,
  );

test('five hundred replicas are one box, and those that need a look are drawn', () => {
  const many = Array.from({ length: 500 }, (_, index) => named(`db${index}.internal:3306`));
  const ill = { ...named('ill.internal:3306'), alarms: ['not-replicating'] };
  const markup = markupOf(withServers(...many, ill));
  expect(drawnIn(markup)).toEqual([
    'source.shop.db.example.com',
    source.server,
    'ill.internal:3306',
    '500 more servers',
  ]);
  expect(markup.match(/<details class="server-row/g)).toHaveLength(500);
  expect(markup).toContain('And 2 more.');
});

test('a long name is shortened in the drawing, whole in its title and in the list', () => {
  const long = `${'very-'.repeat(40)}long.internal:3306`;
  const markup = markupOf(withServers(named(long)));
  expect(drawnIn(markup).at(-1)).toMatch(/^very-very-.*…rnal:3306$/);
  expect(markup).toContain(`<title>${long}</title>`);
  expect(markup).toContain(`<span class="server">${long}</span>`);
});

test('long names that begin alike are told apart in the drawing', () => {
  const [left, right] = ['0', '1'].map((digit) => {
    const long = `payments-production-eu-central-1-blue-db-${digit}.mysql-headless.svc.example.com:3306`;
    return named(long);
  });
  const shown = sharedStart([left!.server, right!.server]);
  expect(left!.server.slice(shown)).toMatch(/^0\.mysql/);
  const drawn = drawnIn(markupOf({ ...withServers(left!, right!), servers: [left!, right!] }));
  expect(drawn.slice(1).map((name) => name.slice(0, 8))).toEqual(['…0.mysql', '…1.mysql']);
  expect(sharedStart(['db1:3306'])).toBe(0);
  expect(sharedStart(['db1:3306', 'other:3306'])).toBe(0);
});

test('an IPv6 address keeps its brackets and its port', () => {
  expect(drawnIn(markupOf(withServers(named('[2001:db8::11]:3306')))).at(-1)).toBe('[2001:db8::11]:3306');
});

test('servers that replicate from each other in a ring are drawn once each', () => {
  const drawn = drawnIn(markupOf(withServers(named('a:1', 'c:1'), named('b:1', 'a:1'), named('c:1', 'b:1'))));
  expect(drawn.filter((name) => /^[abc]:1$/.test(name)).toSorted()).toEqual(['a:1', 'b:1', 'c:1']);
});

test('a deep chain is drawn as a list on every page', () => {
  const chain = Array.from({ length: 6 }, (_, index) =>
    named(`s${index}:1`, index === 0 ? source.server : `s${index - 1}:1`),
  );
  expect(markupOf(withServers(...chain))).toContain('class="topology only-list"');
});

test('a decision of a newer version is shown as it is', () => {
  const decision = { kind: 'wait', reason: 'moon-phase', sentence: 'It is full moon.' };
  const publications = healthy.publications.map((each) => ({ ...each, decision }));
  const newer = { ...healthy, decision, publications } as unknown as Snapshot;
  const { tone, title, main } = viewOf(newer);
  expect([tone, title]).toEqual(['held', 'Not understood: shop · source-dns']);
  expect(textOf(main)).toContain('It is full moon.');
});

const overview = (search: string, more: { readonly all?: boolean } = {}) => {
  const names = ['shop', 'a/b%c #é', 'zeta'];
  const digests = names.map((cluster) =>
    digestOf({ ...clusterDocument(pageState(cluster === 'zeta' ? 'frozen' : 'healthy').snapshot), cluster }),
  );
  const view = overviewView({
    digests,
    elsewhere: 2,
    warnings: [],
    search,
    tone: undefined,
    all: false,
    root: './',
    ...more,
  });
  return textOf(view.main);
};

test('the cluster that needs a look is the first of the overview, and its name is part of an address', () => {
  const markup = overview('');
  const links = [...markup.matchAll(/<a href="([^"]*)"><svg/g)].map(([, address]) => address);
  expect(links).toEqual(['./clusters/zeta', './clusters/a%2Fb%25c%20%23%C3%A9', './clusters/shop']);
  expect(markup).toContain('2 clusters only on other instances');
});

test('what a person looks for is text, and is found by every word', () => {
  expect(overview('"><script>alert(1)</script>')).not.toContain('<script');
  expect(overview('FROZEN zeta')).toContain('1 cluster like “FROZEN zeta”');
  expect(overview('no such')).toContain('No cluster fits.');
});
