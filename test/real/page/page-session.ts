/** A browser for the tests of the status page, and a page with what it asked for and complained of. */

import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Assets, readAssets } from '../../../src/page/assets.ts';
import { root } from '../../support/checkout.ts';
import { type PageServer, servePage } from '../../support/page-server.ts';
import type { PageState } from '../../support/page-states.ts';
import { browserOrReason } from '../../support/servers/browser.ts';

export interface Session {
  readonly page: Page;
  readonly server: PageServer;
  /** The addresses of all requests. */
  readonly requests: readonly string[];
  /** Errors of the page, and violations of its policy. */
  readonly complaints: readonly string[];
}

/** One browser for all tests of a file, which are skipped without one. Call it outside of the tests. */
export function browserOfFile(): () => Browser {
  let found: Browser | string = 'not started';
  beforeAll(async () => {
    found = await browserOrReason();
  });
  beforeEach(({ skip }) => {
    if (typeof found === 'string') skip(found);
  });
  afterAll(async () => {
    if (typeof found !== 'string') await found.close();
  });
  return () => {
    if (typeof found === 'string') throw new Error(found);
    return found;
  };
}

/** As the build made them. */
const builtAssets = (): Promise<Assets> => readAssets(join(root, 'dist', 'page', 'browser'));

/** Runs `play` on a new page, and closes everything. */
export async function onPage(
  browser: Browser,
  states: readonly PageState[],
  play: (session: Session) => Promise<void>,
  { path = '', ...options }: BrowserContextOptions & { readonly path?: string } = {},
): Promise<void> {
  const server = await servePage(states, await builtAssets());
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  try {
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(server.address + path);
    await play({ page, server, requests, complaints });
  } finally {
    await context.close();
    await server.close();
  }
}
