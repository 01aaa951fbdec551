/** A real browser for a test or a picture. */

import { type Browser, chromium } from 'playwright-core';
import { provideChromium } from './chromium-programs.ts';

/** Ends with the process. Rejects with a LabError if there is none, and none can be fetched. */
export async function startBrowser(progress: (line: string) => void): Promise<Browser> {
  const { executable, environment } = await provideChromium(progress);
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return chromium.launch({
    executablePath: executable,
    env: { ...Object.fromEntries(inherited), ...environment },
    // Chromium refuses to run as root with its sandbox; it opens only our own page.
    chromiumSandbox: process.getuid?.() !== 0,
  });
}

/** Fetches the browser, so that no test's deadline pays for it. In CI it must be there. */
export async function tryBrowser(progress: (line: string) => void): Promise<void> {
  try {
    await provideChromium(progress);
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    progress(`NO BROWSER: every test of the status page in a browser is skipped: ${String(error)}`);
  }
}

/** A browser, or why there is none. In CI it must be there. */
export async function browserOrReason(): Promise<Browser | string> {
  try {
    return await startBrowser(() => {});
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    return `no browser: ${String(error)}`;
  }
}
