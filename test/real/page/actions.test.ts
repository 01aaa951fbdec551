/** Freeze, thaw and follow on the page: what a hasty or a slow hand must not do, and the keyboard alone. */

import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { PageServer, Post, PostAnswer } from '../../support/page-server.ts';
import { pageState } from '../../support/page-states.ts';
import { browserOfFile, onPage } from './page-session.ts';

const browser = browserOfFile();

const planOf = (text: string) => ({
  zone: 'db.example.com.',
  prerequisites: [],
  changes: [
    {
      kind: 'add-rrset',
      rrset: { name: '_source-dns.shop.', type: 'TXT', ttlSeconds: 5, rdata: [['v=1', text]] },
    },
  ],
});

/** What a daemon answers: the plan has what was asked for. */
function answerTo({ path, body }: Post): PostAnswer {
  const text = `${path.split('/').at(-1)} ${body['server'] ?? body['reason'] ?? ''}`;
  const result = { nameserver: 'ns1', kind: 'done', code: 'done', sentence: text };
  return {
    status: 200,
    body: { results: [body['dryRun'] === true ? { ...result, plan: planOf(text) } : result] },
  };
}

const acts = ({ posts }: PageServer) => posts.filter(({ body }) => body['dryRun'] !== true);
const go = (page: Page) => page.locator('dialog .go');
const openFreeze = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'Freeze the name…' }).click();
  await page.getByLabel('Reason').fill('night work');
  await page.getByLabel('Token of the API').fill('secret');
};

test('with the keyboard alone the name is let follow: the focus is never lost, and comes back to the button', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    server.onPost(answerTo);
    const press = async (...keys: readonly string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const focused = () => page.evaluate('document.activeElement.textContent.trim()');
    await page.locator('.fresh.live').waitFor();
    await page.getByRole('button', { name: 'Let the name follow…' }).focus();
    await press('Enter', 'ArrowDown', 'Tab', 'Tab');
    await page.keyboard.type('secret');
    await press('Tab', 'Tab');
    expect(await focused()).toBe('Show what would change');
    await press('Space');
    await page.locator('dialog pre').waitFor();
    const chosen = await page.locator('dialog select').inputValue();
    expect(await page.locator('dialog pre').textContent()).toContain(`follow ${chosen}`);
    expect(await focused()).toBe('Let the name follow a server');
    await press('Space');
    await page.getByText('Done.').waitFor();
    expect(await focused()).toBe('Close');
    await press('Space');
    await expect.poll(() => page.locator('dialog').count()).toBe(0);
    expect(await focused()).toBe('Let the name follow…');
    expect(acts(server).map(({ body }) => body)).toEqual([
      { server: chosen, by: 'status-page', id: expect.stringMatching(/^[0-9a-f]{24}$/) },
    ]);
  });
});

test('a double click and Enter that is held down show the plan, and do not act', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    server.onPost(answerTo);
    await openFreeze(page);
    await go(page).click();
    await page.locator('dialog pre').waitFor();
    // The second click of a double click, after the plan has come.
    await go(page).dispatchEvent('click', { detail: 2 });
    await page.getByLabel('Token of the API').focus();
    await page.keyboard.down('Enter');
    await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    await page.getByText('Done.').waitFor();
    expect(acts(server)).toHaveLength(1);
  });
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    server.onPost(answerTo);
    await openFreeze(page);
    await page.keyboard.down('Enter');
    await page.locator('dialog pre').waitFor();
    await page.keyboard.down('Enter');
    await go(page).dispatchEvent('click', { detail: 2 });
    await page.keyboard.up('Enter');
    await page.getByLabel('Token of the API').fill('another');
    await go(page).click();
    await page.locator('dialog pre').waitFor();
    expect(acts(server)).toEqual([]);
  });
});

test('a plan that comes after a person has changed the form is not shown, and its act is not offered', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    let answer: () => void = () => {};
    server.onPost(async (post) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return answerTo(post);
    });
    await openFreeze(page);
    await go(page).click();
    await expect.poll(() => server.posts.length).toBe(1);
    await page.getByLabel('Reason').fill('another reason');
    answer();
    await page.locator('dialog .go:not([aria-disabled])').waitFor();
    expect(await page.locator('dialog pre').count()).toBe(0);
    expect(await go(page).textContent()).toBe('Show what would change');
    await go(page).click();
    await expect.poll(() => server.posts.length).toBe(2);
    answer();
    await page.locator('dialog pre', { hasText: 'freeze another reason' }).waitFor();
    expect(acts(server)).toEqual([]);
  });
});

test('what a proxy answers is no success, and a token with foreign signs is not sent', async () => {
  await onPage(browser(), [pageState('healthy')], async ({ page, server }) => {
    server.onPost(() => ({ status: 200, body: '<!doctype html><title>Log in</title>' }));
    await openFreeze(page);
    await go(page).click();
    await page.getByText('What answered with status 200 is not source-dns: a proxy, perhaps.').waitFor();
    expect(await go(page).textContent()).toBe('Show what would change');
    await page.getByLabel('Token of the API').fill('geheim…');
    await go(page).click();
    await page.getByText('This is no token:').waitFor();
    expect(server.posts).toHaveLength(1);
  });
});
