/** The status page in a real browser, with clusters of the simulated world. */

import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { type PageState, pageState, stateNames } from '../../support/page-states.ts';
import { browserOfFile, onPage } from './page-session.ts';

const browser = browserOfFile();

/** What axe-core complains of. It describes no element but those. */
async function barriers(page: Page): Promise<readonly string[]> {
  if (await page.evaluate('typeof axe === "undefined"')) await page.evaluate(axe.source);
  const found = await page.evaluate(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  );
  const violations = found as axe.AxeResults['violations'];
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}

const isLive = (page: Page) => page.locator('.fresh.live').waitFor();
const hasNoScrollbarBelow = (page: Page) =>
  page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth');

const looks = [
  ['light', 1280],
  ['dark', 1280],
  ['light', 360],
] as const;

// One page for all looks of a state: to open a page and to compile axe-core takes as long as to run it.
test.each(stateNames)('%s: has no barrier and fits, light and dark, wide and narrow', async (name) => {
  await onPage(browser(), [pageState(name)], async ({ page, server, requests, complaints }) => {
    await isLive(page);
    await page.locator('details').evaluateAll((all) => {
      for (const each of all) each.setAttribute('open', '');
    });
    for (const [colorScheme, width] of looks) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      const look = `${colorScheme}, ${width} wide`;
      expect(await barriers(page), look).toEqual([]);
      expect(await hasNoScrollbarBelow(page), look).toBe(true);
    }
    expect(requests.filter((address) => !address.startsWith(server.address))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

/** The contrasts of the drawing: of each text with its box, and of each line and frame with the page. */
const contrasts = `(() => {
  const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const all = (selector) => [...document.querySelectorAll('.drawing.columns ' + selector)];
  const page = getComputedStyle(document.body).backgroundColor;
  return {
    texts: all('.box :is(.id, .what)').map((text) => {
      const card = text.closest('.box').querySelector('.card');
      return contrast(getComputedStyle(text).fill, getComputedStyle(card).fill);
    }),
    lines: all(':is(.card, .line)').map((line) => contrast(getComputedStyle(line).stroke, page)),
  };
})()`;

test('the drawing is readable, and in forced colours it has no other ones', async () => {
  await onPage(browser(), [pageState('stale-source')], async ({ page }) => {
    for (const colorScheme of ['light', 'dark'] as const)
      for (const forcedColors of ['none', 'active'] as const) {
        await page.emulateMedia({ colorScheme, forcedColors });
        const found = (await page.evaluate(contrasts)) as Readonly<Record<'texts' | 'lines', number[]>>;
        expect(found.texts.length).toBeGreaterThan(6);
        expect(Math.min(...found.texts), `${colorScheme}, ${forcedColors}`).toBeGreaterThan(4.5);
        if (forcedColors === 'active') expect(Math.min(...found.lines), colorScheme).toBeGreaterThan(15);
      }
  });
});

test('paper is light: what is printed from a dark page is dark on it, and keeps its sign', async () => {
  await onPage(browser(), [pageState('two-sources')], async ({ page }) => {
    const look = () =>
      page.evaluate(`[
        getComputedStyle(document.body).color,
        getComputedStyle(document.querySelector('.drawing .name .card')).fill,
        getComputedStyle(document.querySelector('.sign')).printColorAdjust,
      ]`);
    await page.emulateMedia({ media: 'print', colorScheme: 'light' });
    const light = await look();
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await look()).toEqual(light);
    expect(light).toEqual(['rgb(26, 28, 32)', 'rgb(26, 28, 32)', 'exact']);
  });
});

test('a person who has chosen larger letters in the browser gets larger ones', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page }) => {
    const size = () => page.evaluate('parseFloat(getComputedStyle(document.body).fontSize)');
    const before = Number(await size());
    const session = await page.context().newCDPSession(page);
    await session.send('Page.setFontSizes', { fontSizes: { standard: 32, fixed: 26 } });
    expect(Number(await size())).toBeGreaterThan(1.5 * before);
  });
});

test('a machine that slept listens anew: its stream may be dead, and nobody told it', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    await isLive(page);
    const streams: string[] = [];
    page.on('request', (request) => request.url().includes('/v1/events') && streams.push(request.url()));
    await page.evaluate('Date.now = ((now) => () => now() + 3_600_000)(Date.now.bind(Date))');
    await expect.poll(() => streams.length).toBe(1);
    await isLive(page);
    await expect.poll(() => server.streams).toBe(1);
  });
});

test('words typed on a page that is not there lead nowhere, and Enter leads to the overview', async () => {
  await onPage(
    browser(),
    ['shop', 'orders'].map((cluster) => {
      const { snapshot, ...rest } = pageState('healthy');
      return { ...rest, snapshot: { ...snapshot, cluster } };
    }),
    async ({ page }) => {
      await page.clock.install();
      await page.reload();
      await page.getByText('There is no such cluster').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('orders');
      await page.clock.runFor(1000);
      expect(new URL(page.url()).search).toBe('');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: '1 cluster like “orders”' }).waitFor();
    },
    { path: 'clusters/missing' },
  );
});

const thousand = (): readonly PageState[] => {
  const healthy = JSON.stringify(pageState('healthy', 'CLUSTER'));
  const held = JSON.stringify(pageState('two-sources', 'CLUSTER'));
  return Array.from({ length: 1000 }, (_, index) =>
    JSON.parse((index === 700 ? held : healthy).replaceAll('CLUSTER', `c${String(index).padStart(4, '0')}`)),
  );
};

test('of a thousand clusters the held one comes first, the search finds one as it is typed, and a row leads to its page', async () => {
  await onPage(browser(), thousand(), async ({ page, complaints }) => {
    await isLive(page);
    expect(await page.locator('h1').textContent()).toBe('1 of 1,000 clusters needs a look');
    expect(await page.locator('.row-cluster').first().textContent()).toBe('c0700');
    expect(await page.locator('.row').count()).toBe(100);
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press('/');
    await page.keyboard.type('c0333');
    await page.getByRole('heading', { name: '1 cluster like “c0333”' }).waitFor();
    expect(await page.locator('.row').count()).toBe(1);
    expect(new URL(page.url()).searchParams.get('q')).toBe('c0333');
    await page.locator('.row a').click();
    await page.getByText('source.c0333.db.example.com').first().waitFor();
    await page.getByRole('link', { name: 'All clusters' }).click();
    await page.getByRole('heading', { name: '1,000 clusters, the worst first' }).waitFor();
    expect(complaints).toEqual([]);
  });
});

test('an event replaces what has changed: focus, selection, scroll and what was opened stay, and the change is announced once', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    await isLive(page);
    await page.locator('#server-3 summary').click();
    await page.locator('#server-4 summary').focus();
    await page.evaluate('scrollTo(0, 300)');
    await page.evaluate('globalThis.kept = document.querySelector("#server-4")');
    server.show([pageState('stale-source')]);
    server.tell('move', { cluster: 'shop' });
    await page.locator('.verdict', { hasText: 'Steady, but a former source' }).waitFor();
    expect(await page.evaluate('kept === document.querySelector("#server-4")')).toBe(true);
    expect(await page.evaluate('kept.contains(document.activeElement)')).toBe(true);
    expect(await page.locator('#server-3').getAttribute('open')).toBe('');
    expect(await page.evaluate('scrollY')).toBeGreaterThan(200);
    expect(await page.title()).toBe('Steady, but a former source takes writes: shop · source-dns');
    expect(await page.locator('#announcer').textContent()).toContain(
      'Steady, but a former source takes writes.',
    );
    // Ten minutes later nothing is new: the ages change, and nothing is announced.
    await page.evaluate('document.querySelector("#announcer").textContent = ""');
    const state = pageState('stale-source');
    server.show([{ ...state, now: state.now + 600_000 }]);
    server.tell('hello', {});
    await page.getByText('12 min ago').first().waitFor();
    expect(await page.locator('#announcer').textContent()).toBe('');
  });
});

test('without an answer the page says that it shows the past; when the daemon is back, it shows the present', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    await page.clock.install();
    await page.reload();
    await isLive(page);
    server.breakOff();
    await page.clock.fastForward('00:20');
    await page.locator('body.old').waitFor({ timeout: 60_000 });
    expect(await page.getByRole('alert').textContent()).toMatch(/shows the past.*It is \d+ s old/);
    expect(await page.locator('.fresh .said').textContent()).toMatch(/^\d+ s old$/);
    expect(await barriers(page)).toEqual([]);
    const asked = page.waitForRequest((request) => request.url().includes('part'));
    await page.getByRole('button', { name: 'Try now' }).click();
    await asked;
    server.show([pageState('frozen')]);
    server.mend();
    await page.clock.fastForward('00:30');
    await page.getByText('Frozen by operator').first().waitFor();
    await page.locator('.fresh:not(.dead)').waitFor();
    expect(await page.getByRole('alert').isHidden()).toBe(true);
    await isLive(page);
  });
});

test('a page that nobody sees holds no stream and asks nothing; seen again, it asks at once', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page, server, requests }) => {
    await page.clock.install();
    await page.reload();
    await isLive(page);
    const see = (hidden: boolean) =>
      page.evaluate(`
        Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await see(true);
    await expect.poll(() => server.streams).toBe(0);
    const before = requests.length;
    await page.clock.fastForward('10:00');
    expect(requests.length).toBe(before);
    server.show([pageState('frozen')]);
    await see(false);
    await page.getByText('Frozen by operator').first().waitFor();
    await expect.poll(() => server.streams).toBe(1);
  });
});

test('without scripts the page says the same, of which moment it is, and how to reload it', async () => {
  await onPage(
    browser(),
    [pageState('frozen')],
    async ({ page }) => {
      expect(await page.locator('h1').textContent()).toContain('Frozen');
      // Chromium's parser does not know that a test has turned scripts off: `noscript` stays unseen there.
      expect(await page.locator('noscript').textContent()).toMatch(/Scripts are off.* 2026-11-22 11:\d\d/);
      expect(await page.locator('.fresh .said').textContent()).toMatch(/^As of 11:\d\d:\d\d UTC/);
      expect(await page.getByRole('link', { name: 'Reload', exact: true }).getAttribute('href')).toBe('');
      expect(await page.locator('.buttons').isHidden()).toBe(true);
      expect(await page.getByText('source-dns thaw shop', { exact: true }).isVisible()).toBe(true);
    },
    { javaScriptEnabled: false },
  );
});

test('while the daemon starts the page says so; then the cluster is there by itself, without scripts', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    await isLive(page);
    server.starts(true);
    // A page that is open keeps what it shows.
    const refused = page.waitForResponse((response) => response.status() === 503);
    server.tell('move', { cluster: 'shop' });
    await refused;
    expect(await page.locator('.verdict').textContent()).toContain('Steady');
    // A look at barriers takes longer than the page stays.
    await page.route(server.address, async (route) => {
      const response = await route.fetch();
      const { refresh: _, ...headers } = response.headers();
      await route.fulfill({ response, headers });
    });
    await page.reload();
    await page.getByRole('heading', { name: 'Starting' }).waitFor();
    expect(await barriers(page)).toEqual([]);
    const plain = await browser().newPage({ javaScriptEnabled: false });
    await plain.goto(server.address);
    await plain.getByRole('heading', { name: 'Starting' }).waitFor();
    server.starts(false);
    await plain.locator('.verdict', { hasText: 'Steady' }).waitFor();
    await plain.close();
  });
});

test('what a server, a zone or a person says is text, also where it is markup for others', async () => {
  const attack = `"><img src=x onerror=hacked=1></script><script>hacked=1</script>'&`;
  const evil = `${attack}\u202e:3306` as ServerAddress;
  const { snapshot, ...rest } = pageState('frozen');
  const text = JSON.stringify(snapshot)
    .replaceAll('shop-db3.internal:3306', JSON.stringify(evil).slice(1, -1))
    .replaceAll('rack-7-is-being-moved', JSON.stringify(attack).slice(1, -1))
    .replaceAll('9.7.4', JSON.stringify(attack).slice(1, -1));
  await onPage(
    browser(),
    [{ ...rest, snapshot: JSON.parse(text) }],
    async ({ page, server, complaints, requests }) => {
      await isLive(page);
      server.tell('decision', { cluster: 'shop' });
      await page.waitForRequest((request) => request.url().includes('part'));
      expect(await page.evaluate('typeof hacked')).toBe('undefined');
      expect(await page.locator('#server-3 .server').textContent()).toBe(`${attack}\ufffd:3306`);
      expect(await page.locator('main img').count()).toBe(0);
      expect(requests.filter((address) => address.endsWith('/x'))).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );
});

test('a freeze shows its plan first, and is given after a second word, with the token', async () => {
  const rrset = {
    name: '_source-dns.source.shop.db.example.com.',
    type: 'TXT',
    ttlSeconds: 5,
    rdata: [['v=1', 'frozen=status-page: night work']],
  };
  const plan = { zone: 'db.example.com.', prerequisites: [], changes: [{ kind: 'add-rrset', rrset }] };
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    await isLive(page);
    server.onPost(({ authorization, body }) => {
      if (authorization !== 'Bearer secret')
        return {
          status: 401,
          body: { code: 'unauthorized', detail: 'the token is not the right one', hint: 'send the header' },
        };
      const result = {
        nameserver: 'ns1',
        kind: 'done',
        code: 'freeze',
        sentence: 'Frozen by status-page: night work',
      };
      return { status: 200, body: { results: [body['dryRun'] === true ? { ...result, plan } : result] } };
    });
    await page.getByRole('button', { name: 'Freeze the name…' }).click();
    await page.getByLabel('Reason').fill('night work');
    await page.getByLabel('Token of the API').fill('wrong');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    await page
      .getByText('The token is not the right one. It is the text of http.token_file in the configuration')
      .waitFor();
    await page.getByLabel('Token of the API').fill('secret');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    await page.getByText('frozen=status-page: night work').waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(await page.locator('.plan p').first().textContent()).toMatch(/^Nothing is changed yet/);
    await page.getByRole('button', { name: 'Freeze the name', exact: true }).click();
    await page.getByText('Done.').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    expect(server.posts.slice(1).map(({ path, body }) => [path, body])).toEqual([
      ['/v1/clusters/shop/freeze', { reason: 'night work', by: 'status-page', dryRun: true }],
      ['/v1/clusters/shop/freeze', { reason: 'night work', by: 'status-page' }],
    ]);
    await expect.poll(() => page.locator('dialog').count()).toBe(0);
  });
});

test('below the path of a proxy, and with a cluster name of signs, everything is found', async () => {
  const states = ['a/b%c #é', 'shop'].map((cluster) => {
    const { snapshot, ...rest } = pageState('frozen');
    return { ...rest, snapshot: { ...snapshot, cluster } };
  });
  await onPage(
    browser(),
    states,
    async ({ page, server, complaints }) => {
      await isLive(page);
      await page.locator('.row a').first().click();
      await page.locator('.cluster-name', { hasText: 'a/b%c #é' }).waitFor();
      await isLive(page);
      expect(new URL(page.url()).pathname).toBe('/tool/clusters/a%2Fb%25c%20%23%C3%A9');
      server.onPost(() => ({ status: 200, body: { results: [] } }));
      await page.getByRole('button', { name: 'Thaw the name…' }).click();
      await page.getByLabel('Token of the API').fill('secret');
      await page.getByRole('button', { name: 'Show what would change' }).click();
      await page.getByText('Nothing in the zone would change.').waitFor();
      expect(server.posts.map(({ path }) => decodeURIComponent(path))).toEqual([
        '/v1/clusters/a/b%c #é/thaw',
      ]);
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: 'All clusters' }).click();
      await page.locator('.rows').waitFor();
      expect(new URL(page.url()).pathname).toBe('/tool/');
      expect(complaints).toEqual([]);
    },
    { path: 'tool/' },
  );
});

test('seven windows that are all looked at leave connections of the browser for each other', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    for (let count = 2; count <= 7; count += 1) await (await page.context().newPage()).goto(server.address);
    await expect.poll(() => server.streams, { timeout: 20_000 }).toBe(4);
    server.show([pageState('frozen')]);
    server.tell('write', { cluster: 'shop' });
    for (const each of page.context().pages()) await each.getByText('Frozen by operator').first().waitFor();
  });
});
