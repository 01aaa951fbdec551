/** What the configuration depends on, other than its files, and the state directory that follows from it. */

import { homedir, hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Variables } from './environment.ts';

export interface Surroundings {
  readonly env: Variables;
  /** Undefined: it was removed. */
  readonly cwd: string | undefined;
  /** Undefined: this user has none. */
  readonly home: string | undefined;
  /** The configuration of the whole machine. */
  readonly systemFile: string;
  readonly hostName: string;
}

/** Those of this process. */
export const surroundings = (): Surroundings => ({
  env: process.env,
  cwd: orUndefined(process.cwd),
  // It throws for a user without an entry in passwd, as in many containers.
  home: orUndefined(homedir),
  systemFile: '/etc/source-dns/source-dns.yaml',
  hostName: hostname(),
});

function orUndefined(ask: () => string): string | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/**
 * `configured`: `state_dir`, relative to the file. A relative XDG_STATE_HOME is ignored (XDG base directory
 * specification). Undefined: no place for it.
 */
export function stateFolder(
  configured: string | undefined,
  file: string,
  around: Pick<Surroundings, 'env' | 'home'>,
): string | undefined {
  if (configured !== undefined) return resolve(dirname(file), configured);
  const xdg = around.env['XDG_STATE_HOME'];
  if (xdg?.startsWith('/')) return join(xdg, 'source-dns');
  return around.home?.startsWith('/') ? join(around.home, '.local', 'state', 'source-dns') : undefined;
}
