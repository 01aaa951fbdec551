/** The lab's story, with real servers and the real daemon, watched on its status page in a real browser. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { entry, type LabLine, verdictsOf } from '../lab/lab-run.ts';
import { browserOfFile } from './page-session.ts';

const browser = browserOfFile();

/** Writes down each verdict and target when it changes, whatever else happens. */
const watcher = `
  globalThis.seen = [];
  const look = () => {
    const text = (selector) => document.querySelector(selector)?.textContent.trim() ?? '';
    const line = text('.verdict') + ' | ' + text('.target');
    if (seen.at(-1) !== line) seen.push(line);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  look();
`;

test('the failover of the lab and the return of its source are seen on the page as they happen', async () => {
  const lab = spawn(process.execPath, [entry, 'lab', '--once', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(lab, 'exit');
  const page = await browser().newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const lines: LabLine[] = [];
  let seen: readonly string[] = [];
  const addresses = new Map<string, string>();
  for await (const text of createInterface({ input: lab.stdout })) {
    const line = JSON.parse(text) as LabLine & { readonly address?: string };
    lines.push(line);
    const [, name, address] = /^(Source|Replica \d) +(\S+:\d+) /.exec(line.text ?? '') ?? [];
    if (name !== undefined && address !== undefined) addresses.set(name, address);
    if (line.event === 'page') {
      await page.goto(line.address ?? '');
      await page.locator('.fresh.live').waitFor();
      await page.evaluate(watcher);
    }
    // Before the daemon ends: then the page is the past.
    if (line.event === 'held' && line.step === 'h') seen = (await page.evaluate('seen')) as readonly string[];
  }
  const [code] = await exited;
  await page.close();
  expect(code).toBe(0);
  expect(verdictsOf(lines).every(([, held]) => held === true)).toBe(true);
  const targets = seen.map((line) => line.split(' | ')[1] ?? '');
  const source = addresses.get('Source') ?? 'no source';
  const replica = addresses.get('Replica 1') ?? 'no replica';
  const order = targets.filter((target, index) => target !== targets[index - 1] && target !== 'no server');
  expect(order).toEqual([source, replica, source]);
  expect(seen).toContain(`No writable source | ${source}`);
  expect(seen.some((line) => line.startsWith('Steady') && line.endsWith(replica))).toBe(true);
  expect(complaints.filter((text) => !/ERR_/.test(text))).toEqual([]);
});
