/** Makes a picture of each state of the status page: `npm run pictures [-- FOLDER [NAME...]]`. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { readAssets } from '../../src/page/assets.ts';
import { servePage } from '../support/page-server.ts';
import { type PageState, pageState, type StateName } from '../support/page-states.ts';
import { startBrowser } from '../support/servers/browser.ts';

interface Picture {
  readonly states: () => readonly PageState[];
  readonly width?: number;
  readonly height?: number;
  readonly dark?: true;
  readonly path?: string;
  /** The whole page, not only the window. */
  readonly whole?: true;
  readonly lost?: true;
  /** The daemon starts. */
  readonly starts?: true;
}

const one = (name: StateName) => () => [pageState(name)];

/** So many clusters, most of them well. */
function many(count: number): readonly PageState[] {
  const rare: readonly StateName[] = [
    'stale-source',
    'frozen',
    'lagging',
    'two-sources',
    'failing-over',
    'moving',
    'starting',
  ];
  const kinds = new Map<StateName, PageState>();
  const stateOf = (name: StateName): PageState => {
    const kept = kinds.get(name) ?? pageState(name, 'CLUSTER');
    kinds.set(name, kept);
    return kept;
  };
  return Array.from({ length: count }, (_, index) => {
    const name = index % 83 === 7 ? (rare[Math.floor(index / 83) % rare.length] ?? 'healthy') : 'healthy';
    const cluster = `${['shop', 'billing', 'search', 'users', 'orders'][index % 5]}-${String(index + 1).padStart(4, '0')}`;
    return JSON.parse(JSON.stringify(stateOf(name)).replaceAll('CLUSTER', cluster)) as PageState;
  });
}

const narrow = { width: 360, height: 740 } as const;
const low = { height: 720 } as const;

const pictures: Readonly<Record<string, Picture>> = {
  healthy: { states: one('healthy') },
  'healthy-dark': { states: one('healthy'), dark: true },
  'failing-over': { states: one('failing-over') },
  moving: { states: one('moving') },
  'two-sources': { states: one('two-sources') },
  'stale-source': { states: one('stale-source') },
  'stale-source-dark': { states: one('stale-source'), dark: true },
  fenced: { states: one('fenced') },
  frozen: { states: one('frozen') },
  lagging: { states: one('lagging') },
  'nameserver-down': { states: one('nameserver-down') },
  nothing: { states: one('nothing') },
  starting: { states: one('starting') },
  'daemon-starts': { states: one('healthy'), starts: true },
  'stream-lost': { states: one('healthy'), lost: true },
  narrow: { states: one('stale-source'), ...narrow },
  'narrow-dark': { states: one('healthy'), ...narrow, dark: true },
  'narrow-whole': { states: one('stale-source'), ...narrow, whole: true },
  wall: { states: one('healthy'), width: 2560, height: 1440 },
  ten: { states: () => many(10) },
  thousand: { states: () => many(1000), ...low },
  'thousand-dark': { states: () => many(1000), ...low, dark: true },
  'thousand-narrow': { states: () => many(1000), ...narrow },
};

async function take(browser: Browser, name: string, picture: Picture, folder: string): Promise<void> {
  const { states, width = 1280, height = 860, dark, path = '', whole, lost, starts = false } = picture;
  const server = await servePage(states(), await readAssets());
  const options: BrowserContextOptions = {
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    deviceScaleFactor: width < 500 ? 1.5 : 1,
  };
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    page.on('console', (message) => process.stdout.write(`${name}: ${message.text()}\n`));
    page.on('pageerror', (error) => process.stdout.write(`${name}: ${error}\n`));
    server.starts(starts);
    await page.goto(server.address + path);
    await page.locator(starts ? '.verdict' : '.fresh.live').waitFor();
    if (lost) {
      server.breakOff();
      await page.locator('body.old').waitFor({ timeout: 30_000 });
    }
    await save(page, folder, name, whole);
  } finally {
    await context.close();
    await server.close();
  }
}

async function save(page: Page, folder: string, name: string, fullPage = false): Promise<void> {
  const file = join(folder, `${name}.png`);
  await page.screenshot({ path: file, fullPage });
  process.stdout.write(`${file} ${Math.round(statSync(file).size / 1024)} KB\n`);
}

/** The page of a real daemon with real servers: in the lab's story, when the old source has come back. */
async function takeLab(browser: Browser, folder: string): Promise<void> {
  const program = join(import.meta.dirname, '..', '..', 'src', 'main.js');
  const lab = spawn(process.execPath, [program, 'lab', '--once', '--step', '--json'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(lab, 'exit');
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' });
  for await (const text of createInterface({ input: lab.stdout })) {
    const { event, step, address } = JSON.parse(text) as Readonly<Record<string, string>>;
    if (event === 'page') await page.goto(address ?? '');
    if (event !== 'pause') continue;
    if (step === 'f') {
      await page.locator('.alarm', { hasText: 'stale-source' }).waitFor();
      await save(page, folder, 'lab');
    }
    lab.stdin.write('\n');
  }
  await exited;
  await page.close();
}

const [folder = 'pictures', ...chosen] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await startBrowser((line) => process.stdout.write(`${line}\n`));
const isChosen = (name: string): boolean => chosen.length === 0 || chosen.includes(name);
try {
  for (const [name, picture] of Object.entries(pictures))
    if (isChosen(name)) await take(browser, name, picture, folder);
  if (isChosen('lab')) await takeLab(browser, folder);
} finally {
  await browser.close();
}
