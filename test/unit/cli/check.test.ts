/** `source-dns check`: what it prints, and its exit codes. */

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { check } from '../../../src/cli/check.ts';
import type { InspectorMaker } from '../../../src/doctor/open-world.ts';
import { commandSession } from '../../support/command-session.ts';
import { blindInspectors, one, seen, shop, two } from '../../support/doctor-world.ts';
import { config } from '../../support/small-world.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-check-'));
  await mkdir(join(folder, 'state'), { mode: 0o750 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const host = { env: {}, nodeVersion: '20.19.0', resolvers: [], unixSockets: async () => '' };
const well = blindInspectors([seen(one), seen(two)]);

function session(json = false) {
  const s = commandSession(join(folder, 'state'), json);
  // Without a publication no nameserver is needed.
  const clusters = [shop({ publications: [], allowLoopback: true })];
  s.load({ ...config(join(folder, 'state')), clusters });
  return s;
}

const run = (s: ReturnType<typeof session>, given = {}, inspectors: InspectorMaker = well) =>
  check(s.context, { quiet: false, ...given }, inspectors, host);

test('a cluster that is well: exit code 0, the fine lines are short, and nothing is written', async () => {
  const s = session();
  expect(await run(s)).toBe(0);
  expect(s.state.out).toContain('  ok grants: db1:3306, db2:3306\n');
  expect(s.state.out).toMatch(/\n0 faults, 1 warning, \d+ checks\n$/);
  expect(s.state.err).toBe('');
  expect(await readdir(join(folder, 'state'))).toEqual([]);
  expect(s.world.log).toEqual(['open prober shop', 'close prober shop']);
});

test('a fault weighs more than a server that does not answer', async () => {
  expect(await run(session(), {}, blindInspectors([seen(one)]))).toBe(4);
  const denied = [{ purpose: 'probe', privilege: 'SELECT ON a.b', spellings: ['x'] }] as const;
  expect(await run(session(), {}, blindInspectors([seen(one, { report: { denied } })]))).toBe(3);
});

test('a server that is silent at a busy moment is asked once more', async () => {
  let asked = 0;
  const inspectors: InspectorMaker = {
    ...well,
    servers: (cluster) => ({
      inspect(address, deadline) {
        asked += 1;
        const answers = address === one && asked > 1 ? well : blindInspectors([seen(two)]);
        return answers.servers(cluster).inspect(address, deadline);
      },
    }),
  };
  expect(await run(session(), {}, inspectors)).toBe(0);
  expect(asked).toBe(3);
});

test('--quiet says only what is wrong', async () => {
  const s = session();
  expect(await run(s, { quiet: true })).toBe(0);
  expect(s.state.out).toMatch(/^host\n {2}warning daemon-absent: /);
  expect(s.state.out).not.toContain(' ok ');
});

test('JSON has every finding, and with --quiet those that are wrong', async () => {
  const s = session(true);
  await run(s);
  const all = JSON.parse(s.state.out) as { findings: { verdict: string }[] };
  expect(all).toMatchObject({ counts: { fault: 0, warning: 1, unreachable: 0 } });
  s.state.out = '';
  await run(s, { quiet: true });
  const { findings } = JSON.parse(s.state.out) as typeof all;
  expect(findings).toHaveLength(1);
  expect(all.findings.length).toBeGreaterThan(10);
});

test('an unknown cluster and a bad configuration are exit code 2', async () => {
  const s = session();
  expect(await run(s, { cluster: 'shpo' })).toBe(2);
  expect(s.state.err).toContain('did you mean "shop"');
  s.load({ kind: 'invalid', file: 'a.yaml', errors: [{ file: 'a.yaml', message: 'is wrong' }] });
  expect(await run(s)).toBe(2);
});
