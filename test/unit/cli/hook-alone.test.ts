/** `source-dns hook` where no daemon answers: it acts by itself, and verifies what the tool says. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { follow } from '../../../src/cli/follow.ts';
import { history } from '../../../src/cli/history.ts';
import { hook } from '../../../src/cli/hook.ts';
import { commandSession } from '../../support/command-session.ts';
import { db1, db2 } from '../../support/fakes.ts';
import { smallWorld } from '../../support/small-world.ts';

const name = 'source.shop.db.example.com. A';
const start = (tool: string) => ({
  tool,
  words: ['--command=start', '--orig_master_host=db1', '--new_master_host=db2', '--new_master_port=3306'],
});

async function published() {
  const folder = await mkdtemp(join(tmpdir(), 'sd-alone-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const s = commandSession(folder, false, smallWorld());
  expect(await follow(s.context, { cluster: 'shop', server: db1, force: false, dryRun: false })).toBe(0);
  return { ...s, before: s.world.zone.get(name) };
}

test('MHA gets its read-only successor when the source is dead, and the history has the author', async () => {
  const s = await published();
  s.world.probes.delete(db1);
  const probe = s.world.probes.get(db2);
  if (probe?.kind !== 'reachable') throw new Error('db2 answers');
  // Before it calls its script, MHA stops the receivers.
  const channels = probe.facts.channels.map((channel) => ({ ...channel, receiver: 'off' as const }));
  s.world.probes.set(db2, { ...probe, facts: { ...probe.facts, channels } });
  expect(await hook(s.context, start('mha'))).toBe(0);
  expect(s.world.zone.get(name)).not.toEqual(s.before);
  s.state.out = '';
  await history(s.context, {});
  expect(s.state.out).toMatch(/read-only until the failover tool opens it\. By mha@[^:]+: failover\./);
});

test('MHA gets neither a dead successor nor the replica of a source that lives', async () => {
  const s = await published();
  expect(await hook(s.context, start('mha-online'))).toBe(10);
  s.world.probes.delete(db2);
  expect(await hook(s.context, start('mha'))).toBe(10);
  expect(s.world.zone.get(name)).toEqual(s.before);
});
