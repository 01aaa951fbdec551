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
