/** The library as somebody else uses it: the packed package in a project of its own, with a real BIND. */

import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../support/checkout.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';

let project: string;
let bind: BindFixture;

/** The package's files as npm would install them; its dependencies are those of the checkout. */
async function install(): Promise<void> {
  const installed = join(project, 'node_modules', 'source-dns');
  await mkdir(installed, { recursive: true });
  const packed = await execa('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
    cwd: root,
  });
  const [{ filename = '' } = {}] = JSON.parse(packed.stdout) as readonly { readonly filename?: string }[];
  await execa('tar', ['-xzf', join(project, filename), '--strip-components=1', '-C', installed]);
  const libraries = (await readdir(join(root, 'node_modules'))).filter((name) => !name.startsWith('.'));
  await Promise.all(
    libraries.map((name) =>
      symlink(join(root, 'node_modules', name), join(project, 'node_modules', name)).catch((error) => {
        throw new Error(`cannot link ${name}`, { cause: error });
      }),
    ),
  );
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'source-dns-consumer-'));
  await Promise.all([
    install(),
    startBind().then((started) => {
      bind = started;
    }),
    writeFile(join(project, 'package.json'), '{ "type": "module" }\n'),
    writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...{ target: 'es2022', module: 'nodenext', types: ['node'], outDir: 'out', rootDir: '.' },
          // Also our declarations are checked.
          ...{ strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true },
        },
        files: ['move-name.ts'],
      }),
    ),
    execa('cp', [join(root, 'test', 'consumer', 'move-name.ts'), project]),
  ]);
  await execa(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project]);
});

afterAll(async () => {
  await bind?.stop();
  await rm(project, { recursive: true, force: true });
});

async function run(keyFile: string): Promise<readonly unknown[]> {
  const { address, port } = bind.primary;
  const zone = bind.zone;
  const args = [address, `${port}`, keyFile, zone, `source.shop.${zone}`, '192.0.2.1', '192.0.2.2'];
  const { stdout } = await execa(process.execPath, [join(project, 'out', 'move-name.js'), ...args], {
    timeout: 60_000,
  });
  return stdout.split('\n').map((line) => {
    const { step, what } = JSON.parse(line) as { readonly step: string; readonly what: unknown };
    return [step, what];
  });
}

test('it moves a name once, reads it, and waits for the nameserver; then the process ends', async () => {
  expect(await run(bind.keyFile)).toEqual([
    ['set', 'applied'],
    ['moved', 'applied'],
    ['again', 'prerequisite-failed'],
    ['read', [['192.0.2.2']]],
    ['answered', [true]],
  ]);
});

test('a key file that is not there is an error with a code', async () => {
  expect(await run(join(project, 'no.key'))).toEqual([['key', 'key-unreadable']]);
});

test.each(['source-dns/dist/core/step.js', 'source-dns/dist/main.js'])(
  'nobody can import %s',
  async (path) => {
    const result = await execa(
      process.execPath,
      ['--eval', `await import('${path}')`, '--input-type=module'],
      {
        cwd: project,
        reject: false,
      },
    );
    expect(result.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  },
);
