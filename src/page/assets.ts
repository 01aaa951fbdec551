/** The files that the page needs. Their hash is in their addresses, so a browser may keep them for ever. */

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { iconFile } from './icons.ts';
import { tones } from './verdict.ts';

interface Asset {
  readonly type: string;
  readonly body: string;
}

export interface Assets {
  /** Of all files. */
  readonly hash: string;
  /** By the part of the address after `assets/`: `HASH/page.css`. */
  readonly files: ReadonlyMap<string, Asset>;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Where a build puts them. */
const builtFolder = join(import.meta.dirname, 'browser');

export async function readAssets(folder: string = builtFolder): Promise<Assets> {
  const names = (await readdir(folder)).filter((name) => ['.css', '.js'].includes(extname(name)));
  const texts = names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const);
  return assetsOf(await Promise.all(texts));
}

/** The files by their names, and an icon for each tone. Pure. */
export function assetsOf(texts: readonly (readonly [name: string, body: string])[]): Assets {
  const icons = tones.map((tone) => [`${tone}.svg`, iconFile(tone)] as const);
  const all = [...texts, ...icons].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 12);
  const files = all.map(
    ([name, body]) => [`${hash}/${name}`, { type: types[extname(name)] ?? '', body }] as const,
  );
  return { hash, files: new Map(files) };
}
