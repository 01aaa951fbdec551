/**
 * The package source-dns-mysql2 as an application uses it: packed, in a project of its own, with mysql2
 * beside it.
 */

import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../support/checkout.ts';
import { program } from './built-program.ts';

let project: string;
const node = (...given: readonly string[]) =>
  execa(process.execPath, given, { cwd: project, reject: false, timeout: 30_000 });

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'source-dns-pool-'));
  const [laidOut, modules] = [join(project, 'laid-out'), join(project, 'node_modules')];
  const installed = join(modules, 'source-dns-mysql2');
  await mkdir(installed, { recursive: true });
  const layOut = join(root, 'packaging', 'source-dns-mysql2', 'lay-out.mjs');
  await execa(process.execPath, [layOut, dirname(program), laidOut]);
  const packed = await execa('npm', ['pack', laidOut, '--json', '--pack-destination', project]);
  const [{ filename = '' } = {}] = JSON.parse(packed.stdout) as readonly { readonly filename?: string }[];
  await execa('tar', ['-xzf', join(project, filename), '--strip-components=1', '-C', installed]);
  for (const name of (await readdir(join(root, 'node_modules'))).filter((each) => !each.startsWith('.')))
    await symlink(join(root, 'node_modules', name), join(modules, name));
  await writeFile(join(project, 'package.json'), '{ "type": "module" }\n');
  await cp(join(root, 'test', 'consumer', 'follow-source.ts'), join(project, 'follow-source.ts'));
  const compilerOptions = {
    ...{ target: 'es2022', module: 'nodenext', types: ['node'], outDir: 'out', rootDir: '.' },
    // Also our declarations are checked.
    ...{ strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true },
  };
  const settings = { compilerOptions, files: ['follow-source.ts'] };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(settings));
  await execa(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project]);
}, 120_000);

afterAll(() => rm(project, { recursive: true, force: true }));

test('an application that imports it is told that the source is unknown, and ends by itself', async () => {
  const { stdout, stderr, exitCode } = await node('out/follow-source.js', '127.0.0.1:1');
  expect({ stdout: JSON.parse(stdout || 'null'), stderr, exitCode }).toEqual({
    stdout: { codes: ['SOURCE_UNKNOWN', 'SOURCE_UNKNOWN', 'SOURCE_UNKNOWN'], moves: [], current: null },
    stderr: '',
    exitCode: 0,
  });
});

test('require works, and nobody can import what is inside', async () => {
  const names = await node('--print', "Object.keys(require('source-dns-mysql2')).sort().join()");
  expect(names.stdout).toBe(
    'SourceBusyError,SourceMovedError,SourceNotWritableError,SourceUnknownError,follow,followSource',
  );
  const inside = await node('--eval', "require('source-dns-mysql2/client/pool.js')");
  expect(inside.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

test('the package has the license, what its entry imports, and no more', async () => {
  const files = await readdir(join(project, 'node_modules', 'source-dns-mysql2'), { recursive: true });
  expect(files.filter((file) => /\.\w+$|LICENSE/.test(file)).toSorted()).toMatchInlineSnapshot(`
    [
      "LICENSE",
      "README.md",
      "client/asker.js",
      "client/contract.d.ts",
      "client/driver.js",
      "client/errors.d.ts",
      "client/errors.js",
      "client/follow.js",
      "client/follower.js",
      "client/gate.js",
      "client/options.d.ts",
      "client/options.js",
      "client/pool.js",
      "client/source-dns-mysql2.d.ts",
      "client/source-dns-mysql2.js",
      "client/source.js",
      "client/target.js",
      "client/verify.js",
      "core/model/ip-address.js",
      "core/model/ledger-text.js",
      "core/model/ledger.js",
      "package.json",
    ]
  `);
});
