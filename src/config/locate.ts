/** Finds the configuration file. */

import { access } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import type { Variables } from './environment.ts';

type Located =
  | { readonly kind: 'found'; readonly file: string }
  | { readonly kind: 'none'; readonly looked: readonly string[] }
  /** The name is relative to a removed working directory. */
  | { readonly kind: 'no-folder'; readonly file: string };

/**
 * `--config`, else $SOURCE_DNS_CONFIG, else the first existing file: in the working directory, or of the
 * machine.
 */
export async function locateConfig(
  flag: string | undefined,
  {
    env,
    cwd,
    systemFile,
  }: { readonly env: Variables; readonly cwd: string | undefined; readonly systemFile: string },
): Promise<Located> {
  // A named file is taken even where it does not exist: another file would run the wrong clusters.
  const named = flag ?? (env['SOURCE_DNS_CONFIG'] || undefined);
  if (named !== undefined) {
    if (cwd === undefined && !isAbsolute(named)) return { kind: 'no-folder', file: named };
    return { kind: 'found', file: resolve(cwd ?? '/', named) };
  }
  const looked = [...(cwd === undefined ? [] : [resolve(cwd, 'source-dns.yaml')]), systemFile];
  for (const file of looked) if (await exists(file)) return { kind: 'found', file };
  return { kind: 'none', looked };
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    // A file that exists but cannot be read still counts: reading it gives the error.
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
