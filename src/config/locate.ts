import { access } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import type { Variables } from './environment.ts';

/** Where the configuration file is, or what was looked for in vain. */
type Located =
  | { readonly kind: 'found'; readonly file: string }
  | { readonly kind: 'none'; readonly looked: readonly string[] }
  /** The name is relative to a working directory that was removed. */
  | { readonly kind: 'no-folder'; readonly file: string };

/** `--config`, else $SOURCE_DNS_CONFIG, else the first that exists of ./source-dns.yaml and /etc/source-dns/source-dns.yaml. */
export async function locateConfig(
  flag: string | undefined,
  env: Variables,
  cwd: string | undefined,
): Promise<Located> {
  // A file that was named is taken, whether it exists or not: falling back to another one would run the wrong clusters.
  const named = flag ?? (env['SOURCE_DNS_CONFIG'] || undefined);
  if (named !== undefined) {
    if (cwd === undefined && !isAbsolute(named)) return { kind: 'no-folder', file: named };
    return { kind: 'found', file: resolve(cwd ?? '/', named) };
  }
  const looked = [
    ...(cwd === undefined ? [] : [resolve(cwd, 'source-dns.yaml')]),
    '/etc/source-dns/source-dns.yaml',
  ];
  for (const file of looked) if (await exists(file)) return { kind: 'found', file };
  return { kind: 'none', looked };
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    // One that is there but may not be read is ours all the same: reading it says so.
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
