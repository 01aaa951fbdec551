/** What the page says in each state: the real core has played the story. */

import { expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { PublicationSnapshot } from '../../../src/core/report/snapshot-types.ts';
import { clusterDocument } from '../../../src/http/documents.ts';
import { clusterView } from '../../../src/page/cluster-view.ts';
import { textOf } from '../../../src/page/html.ts';
import { serversHtml } from '../../../src/page/servers.ts';
import { forestOf } from '../../../src/page/topology.ts';
import { verdictOf } from '../../../src/page/verdict.ts';
import { pageState, type StateName, stateNames } from '../../support/page-states.ts';

/** The sentences of the page, without its markup. */
function shown(name: StateName) {
  const { snapshot, history, now } = pageState(name);
  const view = clusterView({
    cluster: clusterDocument(snapshot),
    history,
    warnings: [],
    now,
    root: './',
    oneOfMany: false,
  });
  const markup = textOf(view.main);
  return { ...view, markup, text: markup.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ') };
}

test.each([
  ['healthy', 'good', 'Steady'],
  ['failing-over', 'down', 'No writable source'],
  ['moving', 'moving', 'Moved, not everywhere yet'],
  ['two-sources', 'held', 'Held'],
  ['stale-source', 'note', 'Steady, but a former source takes writes'],
  ['fenced', 'good', 'Steady'],
  ['frozen', 'frozen', 'Frozen'],
  ['lagging', 'note', 'Steady, with 1 alarm'],
  ['nameserver-down', 'down', 'The nameserver cannot be read'],
  ['starting', 'asking', 'Asking the servers'],
  ['nothing', 'held', 'Held, nothing is published'],
] as const)('%s is %s: %s', (name, tone, word) => {
  const { tone: actual, title } = shown(name);
  expect([actual, title]).toEqual([tone, `${word}: shop · source-dns`]);
});

test('an instance that only observes does not say that the name moves', () => {
  const cluster = clusterDocument(pageState('moving').snapshot);
  const publications = cluster.publications.map(
    (publication): PublicationSnapshot => ({
      ...publication,
      decision: {
        kind: 'point-to',
        reason: 'first-source',
        source: 'db1:3306' as ServerAddress,
        sentence: '',
      },
    }),
  );
  const word = (mode: typeof cluster.mode) => verdictOf({ ...cluster, mode, publications }).word;
  expect([word('active'), word('observe')]).toEqual(['Moving', 'Would move']);
});

test('every state is looked at', () => expect(stateNames).toHaveLength(11));

test.each(stateNames)('%s: the list says of each server in words what the drawing says', (name) => {
  const { markup } = shown(name);
  const drawn = [...markup.matchAll(/href="#(server-\d+)".*?class="what"[^>]*>([^<]*)</g)];
  const listed = new Map(
    [...markup.matchAll(/id="(server-\d+)">.*?class="state">([^<]*)</g)].map(([, id, words]) => [id, words]),
  );
  expect(drawn.length).toBeGreaterThan(0);
  for (const [, id, words] of drawn) expect([id, listed.get(id)]).toEqual([id, words]);
});

test('a healthy cluster: where the name leads, and that everybody follows', () => {
  const { text, announcement } = shown('healthy');
  expect(text).toContain('source.shop.db.example.com → leads to shop-db2.internal:3306 192.0.2.2');
  expect(text).toContain('3 of 3 servers follow');
  expect(text).toContain('2 of 2 nameservers answered the move');
  expect(text).toContain('No alarms');
  expect(announcement).toBe('Steady. source.shop.db.example.com leads to shop-db2.internal:3306. steady');
});

test('the last move has its four times', () => {
  const { text } = shown('healthy');
  expect(text).toMatch(
    /switchover 49 min ago .* seen 11:30:05\.\d{3} decided \+0 ms applied \+2 ms propagated \+8 ms Epoch 2, 10 ms in all/,
  );
});

test('a former source that takes writes stands apart, and is marked as a danger', () => {
  const { markup, text } = shown('stale-source');
  expect(text).toContain('Gets nothing from the source');
  expect(markup).toContain('class="box danger"');
  expect(text).toContain('former source, takes writes');
});

test('a former source that was fenced says so at a glance, and when that was', () => {
  const { markup, text } = shown('fenced');
  expect(markup).toContain('<text class="what" x="16" y="45">former source, fenced</text>');
  expect(text).toMatch(
    / shop-db1\.internal:3306 former source, fenced .*shop-db1\.internal:3306 was made read-only by source-dns at 2026-/,
  );
});

test.each(['wanted', 'would', 'not'] as const)(
  'a former source with the fence "%s" still takes writes',
  (stage) => {
    const { snapshot } = pageState('stale-source');
    const [former] = snapshot.servers;
    const fence = { stage, sentence: 'db1 is `what is said`.' };
    const cluster = clusterDocument({ ...snapshot, servers: [{ ...former!, fence }] });
    const markup = textOf(serversHtml(cluster, forestOf(cluster.servers, cluster.ledger?.source)));
    expect(markup).toContain(`<span class="fence ${stage}">db1 is <code>what is said</code>.</span>`);
    expect(markup).toContain('<span class="state">former source, takes writes</span>');
  },
);

test('a nameserver that does not answer the move is named', () => {
  expect(shown('moving').text).toMatch(/1 of 2 nameservers answered the move.*ns2 .*not yet/);
});

test('a name that nobody has published leads nowhere, and no server lacks anything', () => {
  const { text } = shown('nothing');
  expect(text).toContain('leads to no server Nothing is published yet');
  expect(text).toContain('No server is published');
  expect(text).not.toMatch(/Gets nothing from the source|servers? follow/);
});

test('a frozen name says who froze it and why, and offers to thaw it', () => {
  const { text, markup } = shown('frozen');
  const [first] = text.split('Who follows');
  expect(first?.match(/by operator: rack-7-is-being-moved/g)).toHaveLength(1);
  expect(markup).toContain('data-act="thaw"');
  expect(markup).not.toContain('data-act="freeze"');
});
