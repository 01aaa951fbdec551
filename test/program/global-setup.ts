/** What the tests of the program need first: the program, built once for all of them. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { root } from '../support/checkout.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder with main.js. No test changes what is there. */
    program: string;
  }
}

/** What Vitest calls; it calls what this returns at the end. Not into dist/, which other tests build. */
export function setup({ provide }: TestProject): () => void {
  const cache = join(root, 'node_modules', '.cache', 'source-dns');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'local-'));
  // For tests that run it as another user.
  chmodSync(folder, 0o755);
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "version": "0.0.0-test" }\n');
  const out = join(folder, 'dist');
  execFileSync(process.execPath, [
    join(typescript, 'bin', 'tsc'),
    ...['--project', join(root, 'tsconfig.build.json'), '--outDir', out, '--noCheck', '--declaration'],
  ]);
  provide('program', out);
  return () => rmSync(folder, { recursive: true, force: true });
}
