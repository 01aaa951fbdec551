/** What `source-dns init` takes from the process, and how it looks at the network. */

import { hostname } from 'node:os';
import { systemClock } from '../../daemon/clock.ts';
import { lookAtZone } from '../../setup/found-zone.ts';
import { greetingOf } from '../../setup/greeting.ts';
import { packagedUnit } from '../../setup/unit-text.ts';
import type { InitTools } from './init-context.ts';
import { openPrompter } from './prompter.ts';

/** A server greets at once, or something is in between. */
const greetingTimeoutMs = 3000;

/** Opens the prompter only on a terminal, and nothing else. */
export const initTools = (process: NodeJS.Process): InitTools => ({
  openPrompter: (onInterrupt) =>
    process.stdin.isTTY && process.stderr.isTTY
      ? openPrompter({ input: process.stdin, output: process.stderr, onInterrupt })
      : undefined,
  look: (nameserver, name, how) => lookAtZone(systemClock, nameserver, name, how),
  greet: (host, port) => greetingOf(host, port, greetingTimeoutMs),
  unit: packagedUnit,
  env: process.env,
  cwd: workingFolder(process),
  isRoot: process.geteuid?.() === 0,
  host: hostname().split('.')[0] ?? '',
  started: process.argv[1] ?? '',
});

function workingFolder(process: NodeJS.Process): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
