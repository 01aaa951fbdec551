/**
 * Makes variants of this build: copies of the compiled source with patched files, which are compiled
 * together. Each variant is loaded when its turn comes.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Build, thisBuild } from './build.ts';

export interface Patch {
  /** A path below src. */
  readonly file: string;
  /** Must occur exactly once; each space stands for any run of spaces and line breaks. */
  readonly find: string;
  readonly replace: string;
}

/** A build that differs from this one. */
export interface Variant {
  readonly name: string;
  readonly patches: readonly Patch[];
}

const isOfCore = ({ patches }: Variant): boolean => patches.every(({ file }) => file.startsWith('core/'));

/** The shell is copied only where a patch changes it. */
const copiedOf = (variant: Variant): string => (isOfCore(variant) ? 'core' : '.');

const folderOf = ({ name }: Variant): string => name.replaceAll(/[^a-z0-9]+/gi, '-');

/** The checkout, found from the place of this compiled file. */
function checkout(from: string): string {
  return existsSync(join(from, 'src', 'core')) && existsSync(join(from, 'package-lock.json'))
    ? from
    : checkout(dirname(from));
}

/** The compiled source of this build: this file is compiled beside it. */
const compiled = join(import.meta.dirname, '..', '..', '..', 'src');

/**
 * Builds the variants. The returned function loads one. The folder is removed when the process ends. Throws
 * where a patch does not fit exactly once: the variant is stale.
 */
export function buildVariants(variants: readonly Variant[]): (variant: Variant) => Promise<Build> {
  const root = checkout(import.meta.dirname);
  const cache = join(root, 'node_modules', '.cache', 'source-dns');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'builds-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const variant of variants)
    writePatched(variant, join(root, 'src'), join(folder, 'from', folderOf(variant)));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  // Only what a patch changes is compiled, file by file.
  const tsconfig = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noEmit: false, noCheck: true, noResolve: true, rootDir: 'from', outDir: 'patched' },
    include: ['from'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  execFileSync(
    process.execPath,
    [join(typescript, 'bin', 'tsc'), '--project', join(folder, 'tsconfig.json')],
    { stdio: 'inherit' },
  );
  return (variant) => {
    const to = join(folder, 'to', folderOf(variant));
    cpSync(join(compiled, copiedOf(variant)), join(to, copiedOf(variant)), { recursive: true });
    cpSync(join(folder, 'patched', folderOf(variant)), to, { recursive: true });
    return load(variant, to);
  };
}

/** Writes the files that the patches change, with these changes. */
function writePatched(variant: Variant, from: string, to: string): void {
  const texts = new Map<string, string>();
  for (const { file, find, replace } of variant.patches) {
    const text = texts.get(file) ?? readFileSync(join(from, file), 'utf8');
    const place = placeOf(find);
    const fits = text.match(place)?.length ?? 0;
    if (fits !== 1)
      throw new Error(
        `stale patch of "${variant.name}": its text is ${fits} times in src/${file}, not once:\n${find}`,
      );
    texts.set(
      file,
      text.replace(place, () => replace),
    );
  }
  for (const [file, text] of texts) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    writeFileSync(join(to, file), text);
  }
}

/** Finds the text of a patch, however the formatter broke its lines. */
const placeOf = (find: string): RegExp =>
  new RegExp(
    find
      .split(/\s+/)
      .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('\\s+'),
    'g',
  );

async function load(variant: Variant, folder: string): Promise<Build> {
  const part = (file: string) => import(join(folder, file));
  const [{ initialState }, { snapshot }, { step }] = await Promise.all(
    ['core/model/state.js', 'core/report/snapshot.js', 'core/step.js'].map(part),
  );
  const core = { initialState, snapshot, step };
  if (isOfCore(variant)) return { ...thisBuild, core };
  const [lines, runtime, transport, client, flavour, act, fenceSet] = await Promise.all(
    [
      'daemon/history-lines.js',
      'daemon/runtime.js',
      'dns/transport/open.js',
      'dns/client/rfc2136.js',
      'mysql/flavour/flavour.js',
      'mysql/fence/act.js',
      'mysql/flavour/fence-set.js',
    ].map(part),
  );
  return {
    core,
    createMemory: lines.createMemory,
    readLines: lines.readLines,
    createClusterRuntime: runtime.createClusterRuntime,
    transportsOn: transport.transportsOn,
    createRfc2136Client: client.createRfc2136Client,
    readTraits: flavour.readTraits,
    querySetOf: flavour.querySetOf,
    FenceAct: act.FenceAct,
    fenceSetOf: fenceSet.fenceSetOf,
  };
}
