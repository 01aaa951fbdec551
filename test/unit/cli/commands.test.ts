/** The commands, with a daemon and without one. */

import { statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { advise } from '../../../src/cli/advise.ts';
import type { CommandContext } from '../../../src/cli/context.ts';
import { explain } from '../../../src/cli/explain.ts';
import { follow } from '../../../src/cli/follow.ts';
import { forget } from '../../../src/cli/forget.ts';
import { freeze } from '../../../src/cli/freeze.ts';
import { history } from '../../../src/cli/history.ts';
import { run } from '../../../src/cli/run.ts';
import { schema } from '../../../src/cli/schema.ts';
import { documentShapes } from '../../../src/cli/shapes/document-shapes.ts';
import { status } from '../../../src/cli/status.ts';
import { thaw } from '../../../src/cli/thaw.ts';
import type { Command } from '../../../src/core/model/events.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import { readHistory } from '../../../src/daemon/history.ts';
import { askDaemon } from '../../../src/http/client.ts';
import { startApi } from '../../../src/http/server.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';
import { commandSession } from '../../support/command-session.ts';
import { db1, db2 } from '../../support/fakes.ts';
import { script } from '../../support/hook-world.ts';
import { cluster, config, smallWorld, until } from '../../support/small-world.ts';
import { shopSnapshot } from '../../support/snapshots.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-cli-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const session = (json = false, world = smallWorld()) => commandSession(folder, json, world);

const toDb2 = { cluster: 'shop', server: db2, force: false, dryRun: false } as const;

describe('without a daemon', () => {
  test('status asks the servers itself, writes nothing, and shows the configured mode', async () => {
    const s = session();
    expect(await status(s.context, { watch: false })).toBe(0);
    expect(s.state.out).toContain('db2:3306');
    expect(s.state.out).toContain('point to db1:3306: first-source');
    expect(s.state.out).not.toContain('observe');
    expect(s.world.zone.size).toBe(0);
    expect(await readdir(folder)).toEqual([]);
    expect(s.world.log).toEqual(['open ns1', 'open prober shop', 'close prober shop', 'close ns1']);
    expect(s.state.out).toMatch(/^no daemon runs: nobody watches, and no name moves by itself\n/);
  });

  test('status and explain print the promised JSON', async () => {
    const s = session(true);
    await status(s.context, { cluster: 'shop', watch: false });
    const one = JSON.parse(s.state.out) as Record<string, unknown>;
    expect(one).toMatchObject({
      cluster: 'shop',
      mode: 'active',
      name: 'source.shop.db.example.com.',
      decision: { kind: 'point-to', source: 'db1:3306' },
      ledger: null,
      daemon: { running: false },
    });
    s.state.out = '';
    await status(s.context, { watch: false });
    expect(JSON.parse(s.state.out)).toMatchObject({
      daemon: { running: false, socket: apiSocketPath(folder), warnings: [] },
      clusters: [{ cluster: 'shop' }],
    });
    s.state.out = '';
    expect(await explain(s.context, { cluster: 'shop' })).toBe(0);
    expect(JSON.parse(s.state.out)).toMatchObject({
      cluster: 'shop',
      servers: [{ server: 'db1:3306' }, { server: 'db2:3306' }],
    });
  });

  test('status reports that the nameserver or every server is away', async () => {
    const down = session();
    down.world.zoneDown = true;
    expect(await status(down.context, { watch: false })).toBe(4);
    expect(down.state.out).toContain('ns1 does not answer (unreachable)');
    const gone = session();
    gone.world.probes.clear();
    expect(await explain(gone.context, { cluster: 'shop' })).toBe(4);
  });

  test('advise prints a procedure, or why there is none, and changes nothing', async () => {
    const s = session();
    expect(await advise(s.context, { cluster: 'shop' })).toBe(0);
    expect(s.state.out).toContain('db1:3306 is the source, and every server that answers gets its data.');
    s.state.out = '';
    expect(await advise(s.context, { cluster: 'shop', server: 'db2' })).toBe(0);
    expect(s.state.out).toContain('\n-- on db1:3306\nSET GLOBAL super_read_only = ON;\n');
    expect(await advise(s.context, { cluster: 'shop', aim: 'promote' })).toBe(3);
    expect(s.state.err).toMatch(/^No procedure now \(source-alive\): The source db1:3306 answers/);
    expect(await advise(s.context, { cluster: 'shop', server: 'db9' })).toBe(2);
    expect([s.world.zone.size, await readdir(folder)]).toEqual([0, []]);
    s.world.zoneDown = true;
    expect(await advise(s.context, { cluster: 'shop' })).toBe(4);
    const gone = session();
    gone.world.probes.clear();
    expect(await advise(gone.context, { cluster: 'shop' })).toBe(4);
    expect(gone.state.err).toContain('(no-answer): No server of this cluster answers us');
    const json = session(true);
    await advise(json.context, { cluster: 'shop', aim: 'promote' });
    expect(JSON.parse(json.state.out)).toMatchObject({
      cluster: 'shop',
      kind: 'refused',
      reason: 'source-alive',
    });
  });

  test('follow acts itself: dry, held, done', async () => {
    const s = session();
    expect(await follow(s.context, { ...toDb2, server: db1, dryRun: true })).toBe(0);
    expect(s.state.out).toContain('prereq nxrrset _source-dns.source.shop.db.example.com. IN TXT');
    expect(s.state.out).toContain('update add source.shop.db.example.com. 5 IN A 192.0.2.11\n');
    expect(s.world.zone.size).toBe(0);
    // Read-only: it must not be published.
    expect(await follow(s.context, toDb2)).toBe(3);
    expect(await follow(s.context, { ...toDb2, server: db1 })).toBe(0);
    expect(s.world.zone.get('source.shop.db.example.com. A')).toMatchObject({ rdata: ['192.0.2.11'] });
    s.state.out = '';
    expect(await history(s.context, {})).toBe(0);
    expect(s.state.out).toContain('source.shop.db.example.com. moved to db1:3306, epoch 1');
  });

  test('follow calls the hooks of the move, waits for them, and reports a failure; a dry run calls none', async () => {
    const s = session();
    const afterMove = [script('echo "$SOURCE_DNS_EPOCH $SOURCE_DNS_NEW_SOURCE"'), script('exit 3')];
    s.load(config(folder, { hooks: { afterMove, onAlarm: [script('echo alarm')] } }));
    expect(await follow(s.context, { ...toDb2, server: db1, dryRun: true })).toBe(0);
    expect(s.state.err).toBe('');
    expect(await follow(s.context, { ...toDb2, server: db1 })).toBe(0);
    expect(s.state.err).toBe('after_move[1] /bin/sh for epoch 1: exit code 3\n');
    s.state.out = '';
    await history(s.context, {});
    expect(s.state.out).toMatch(/after_move\[0\] \/bin\/sh for epoch 1: exit code 0; output: 1 db1:3306\n/);
    expect(s.state.out).not.toContain('on_alarm');
  });

  test('a caller in a hurry does not wait for the hooks of the move: they are killed', async () => {
    const s = session();
    s.load(config(folder, { hooks: { afterMove: [script('exec sleep 1000')], onAlarm: [] } }));
    const context: CommandContext = { ...s.context, hooksBy: systemClock.mono() };
    expect(await follow(context, { ...toDb2, server: db1 })).toBe(0);
    expect(s.state.err).toMatch(
      /^after_move\[0\] \/bin\/sh for epoch 1: (?:was killed because|1 call was dropped, .*) ?source-dns stops\n$/,
    );
  });

  test('freeze and thaw act themselves', async () => {
    const s = session(true);
    expect(await freeze(s.context, { cluster: 'shop' })).not.toBe(0);
    expect(await follow(s.context, { ...toDb2, server: db1 })).toBe(0);
    s.state.out = '';
    expect(await freeze(s.context, { cluster: 'shop', reason: 'upgrade' })).toBe(0);
    expect(JSON.parse(s.state.out)).toMatchObject({ results: [{ nameserver: 'ns1', kind: 'done' }] });
    s.state.out = '';
    await status(s.context, { cluster: 'shop', watch: false });
    expect(JSON.parse(s.state.out)).toMatchObject({
      ledger: { frozen: { by: 'eve@host', reason: 'upgrade' } },
      decision: { reason: 'frozen', source: null },
    });
    expect(await thaw(s.context, { cluster: 'shop' })).toBe(0);
  });

  test('a freeze says which reason others will read, if the zone cannot keep all of it', async () => {
    const s = session();
    expect(await follow(s.context, { ...toDb2, server: db1 })).toBe(0);
    for (const [reason, kept] of [
      ['ночь 🔧', '???? ??'],
      ['x'.repeat(400), 'x'.repeat(238)],
    ] as const) {
      s.state.out = '';
      expect(await freeze(s.context, { cluster: 'shop', reason })).toBe(0);
      expect(s.state.out).toContain(`Frozen by eve@host: ${reason}. The zone keeps only printable ASCII`);
      expect(s.state.out).toMatch(new RegExp(`others read: ${kept.replaceAll('?', '[?]')}\\n`));
      s.state.out = '';
      await status(s.context, { cluster: 'shop', watch: false });
      expect(s.state.out.replace(/\s+/g, ' ')).toContain(`Frozen by eve@host: ${kept}. Thaw`);
      expect(await thaw(s.context, { cluster: 'shop' })).toBe(0);
    }
  });

  test('the nameserver away is exit code 4, its key unusable 2', async () => {
    const s = session();
    s.world.zoneDown = true;
    expect(await follow(s.context, { ...toDb2, server: db1 })).toBe(4);
    s.world.keyFailure = true;
    expect(await follow(s.context, toDb2)).toBe(2);
    expect(await status(s.context, { watch: false })).toBe(2);
    expect(s.state.err).toContain('nameserver ns1: the key is no key (key-invalid)');
  });

  test('unknown names are a usage error with a suggestion', async () => {
    const s = session();
    expect(await status(s.context, { cluster: 'shpo', watch: false })).toBe(2);
    expect(await explain(s.context, { cluster: 'shpo' })).toBe(2);
    expect(await thaw(s.context, { cluster: 'shpo' })).toBe(2);
    expect(await history(s.context, { cluster: 'shpo' })).toBe(2);
    expect(s.state.err.match(/did you mean "shop"\?/g)).toHaveLength(4);
    expect(await follow(s.context, { ...toDb2, server: 'db22:3306' as typeof db2 })).toBe(2);
    expect(s.state.err).toContain('did you mean db2:3306?');
  });

  test('a command prints every error of the configuration, with its place', async () => {
    const s = session();
    const errors = [
      { file: '/c.yaml', line: 3, column: 5, path: 'clusters.shop', message: 'is wrong' },
      { file: '/c.yaml', message: 'is wrong, too' },
    ];
    s.load({ kind: 'invalid', file: '/c.yaml', errors });
    const codes = [
      await run(s.context),
      await status(s.context, { watch: false }),
      await thaw(s.context, { cluster: 'shop' }),
      await history(s.context, {}),
    ];
    expect(codes).toEqual([2, 2, 2, 2]);
    expect(s.state.err).toContain('/c.yaml:3:5: clusters.shop: is wrong\n/c.yaml: is wrong, too\n');
  });

  test('schema needs no configuration', async () => {
    const s = session();
    expect(await schema(s.context, {})).toBe(0);
    expect(JSON.parse(s.state.out)).toHaveProperty('$schema');
  });

  test('an unreadable history is a failure', async () => {
    const s = session();
    // A folder: not even root can read it as a file.
    await mkdir(join(folder, 'history.jsonl'));
    expect(await history(s.context, {})).toBe(1);
  });

  test('status --watch ends with Ctrl-C, and when its reader goes away', async () => {
    const s = session(true);
    const watching = status(s.context, { watch: true });
    await until(() => s.state.out !== '');
    s.send('SIGINT');
    expect(await watching).toBe(0);
    expect(s.listeners()).toBe(0);
    s.state.closed = true;
    expect(await status(s.context, { watch: true })).toBe(0);
  });
});

describe('the daemon', () => {
  test('serves the commands, reloads, refuses a second one, and stops', async () => {
    const s = session();
    const daemon = run(s.context);
    await until(() => s.world.zone.size > 0);
    const other = session(false, s.world);
    expect(await run(other.context)).toBe(1);
    expect(other.state.err).toContain('another source-dns runs with this state directory');
    expect(other.world.log).toEqual(['open ns1', 'open prober shop']);

    expect(await freeze(other.context, { cluster: 'shop', reason: 'upgrade' })).toBe(0);
    expect(await follow(other.context, toDb2)).toBe(3);
    expect(await follow(other.context, { ...toDb2, server: 'db22:3306' as typeof db2 })).toBe(2);
    expect(await thaw(other.context, { cluster: 'shop' })).toBe(0);
    expect(await status(other.context, { cluster: 'shop', watch: false })).toBe(0);
    expect(other.state.out).toContain('point to db1:3306: steady');
    // The daemon did all of it.
    expect(s.world.log).toEqual(['open ns1', 'open prober shop']);

    s.load({ kind: 'invalid', file: '/c.yaml', errors: [{ file: '/c.yaml', message: 'is wrong' }] });
    s.send('SIGHUP');
    s.load(config(folder, { clusters: [cluster('shop'), cluster('new')] }));
    s.send('SIGHUP');
    await until(() => s.world.log.includes('open prober new'));
    s.send('SIGTERM');
    expect(await daemon).toBe(0);
    expect(await readdir(folder)).toEqual(['history.jsonl']);
    expect(s.world.log.filter((line) => line.startsWith('close')).sort()).toEqual([
      'close ns1',
      'close prober new',
      'close prober shop',
    ]);
    expect(s.exits).toEqual([]);
    expect(
      await askDaemon(apiSocketPath(folder), { method: 'GET', path: '/healthz', timeoutMs: 1000 }),
    ).toEqual({ kind: 'no-daemon' });
  });

  test('calls hooks, takes new ones by SIGHUP, and writes into the history what they answered', async () => {
    const s = session(true);
    const file = join(folder, 'called');
    const onAlarm = script(`echo "$SOURCE_DNS_RAISED $SOURCE_DNS_SUBJECT" >> ${file}; kill -TERM $$`);
    s.load(config(folder, { hooks: { afterMove: [script(`echo moved >> ${file}`)], onAlarm: [] } }));
    const daemon = run(s.context);
    const called = async (wanted: string): Promise<void> => {
      const deadline = performance.now() + 5000;
      while ((await readFile(file, 'utf8').catch(() => '')) !== wanted)
        if (performance.now() > deadline) throw new Error(`it never said ${wanted}`);
    };
    await called('moved\n');
    // Another password is another prober: the old one is closed when the new configuration is in force.
    s.load(
      config(folder, {
        hooks: { afterMove: [], onAlarm: [onAlarm] },
        clusters: [cluster('shop', 'changed')],
      }),
    );
    s.send('SIGHUP');
    await until(() => s.world.log.includes('close prober shop'));
    s.world.probes.delete(db2);
    await called('moved\ntrue db2:3306\n');
    s.send('SIGTERM');
    expect(await daemon).toBe(0);
    const { entries } = await readHistory(folder);
    expect(entries.filter(({ kind }) => kind === 'hook')).toMatchObject([
      { place: 'after_move[0]', outcome: 'done', about: { kind: 'move', epoch: 1 } },
      { place: 'on_alarm[0]', outcome: 'failed', signal: 'SIGTERM', about: { code: 'server-unknown' } },
    ]);
    expect(documentShapes.history.parse({ entries })).toEqual({ entries });
  });

  test('spares its clients the secrets: no command reads them', async () => {
    const s = session();
    const daemon = run(s.context);
    await until(() => s.world.zone.size > 0);
    await until(() => (statSync(join(folder, 'history.jsonl'), { throwIfNoEntry: false })?.size ?? 0) > 0);
    const operator = session();
    const refused = { file: '/c.yaml', message: 'password cannot be read' };
    operator.load({ kind: 'invalid', file: '/c.yaml', errors: [refused] });
    const context: CommandContext = { ...operator.context, outline: s.context.outline };
    const codes = [
      await status(context, { watch: false }),
      await status(context, { watch: false, check: true }),
      await explain(context, { cluster: 'shop' }),
      await history(context, {}),
      await follow(context, { ...toDb2, server: db1 }),
      await freeze(context, { cluster: 'shop' }),
      await forget(context, { cluster: 'shop', server: db2 }),
      await thaw(context, { cluster: 'shop' }),
    ];
    // A server that is alive is not forgotten.
    expect(codes).toEqual([0, 1, 0, 0, 0, 0, 3, 0]);
    expect(operator.state.err).toBe('');
    expect(operator.state.out).toMatch(
      /^daemon watcher-1 watches since 20\S+Z, \d+ s \(source-dns 1\.2\.3, pid 4711\)\n/,
    );
    expect(operator.state.out).toContain('\nALARM: shop: secondary-behind: ns1 did not answer');
    s.send('SIGTERM');
    await daemon;
    expect(await status(context, { watch: false })).toBe(2);
    expect(operator.state.err).toBe(
      `no daemon listens on ${apiSocketPath(folder)}, so this command needs the secrets itself:\n/c.yaml: password cannot be read\n`,
    );
    expect(await status(context, { watch: false, check: true })).toBe(4);
  });

  test('ends at once at the second signal', async () => {
    const s = session();
    const daemon = run(s.context);
    await until(() => s.world.zone.size > 0);
    s.send('SIGINT');
    s.send('SIGINT');
    expect(s.exits).toEqual([1]);
    expect(await daemon).toBe(0);
  });

  test('remembers across restarts what it published: a lost ledger is not a first publication', async () => {
    const s = session();
    const first = run(s.context);
    await until(() => s.world.zone.size > 0);
    s.send('SIGTERM');
    await first;
    s.world.zone.clear();
    s.world.probes.clear();
    const again = session(true, s.world);
    await status(again.context, { cluster: 'shop', watch: false });
    expect(JSON.parse(again.state.out)).toMatchObject({ decision: { kind: 'hold', reason: 'ledger-lost' } });
  });

  test('does not start if its socket is impossible', async () => {
    const s = session();
    s.load(config(join(folder, 'x'.repeat(120))));
    expect(await run(s.context)).toBe(2);
    await mkdir(apiSocketPath(folder));
    const blocked = session();
    expect(await run(blocked.context)).toBe(1);
    const unkeyed = session();
    unkeyed.load(config(join(folder, 'other')));
    unkeyed.world.keyFailure = true;
    expect(await run(unkeyed.context)).toBe(2);
    expect(await readdir(join(folder, 'other'))).toEqual([]);
  });

  test('gets the operator and the reason from the commands', async () => {
    const commands: Command[] = [];
    const started = await startApi({ socketPath: apiSocketPath(folder), onBug: () => {} });
    if (started.kind === 'failed') throw new Error(started.failure.message);
    started.server.serve({
      clusters: () => ['shop'],
      snapshot: () => shopSnapshot,
      advice: () => undefined,
      history: () => [],
      known: () => [],
      note: () => {},
      async command(_cluster, command) {
        commands.push(command);
        return {
          results: [
            { nameserver: 'ns1', kind: 'lost-race', code: 'lost-race', sentence: 'Another was first.' },
          ],
        };
      },
    });
    const s = session();
    expect(await follow(s.context, { ...toDb2, force: true, reason: 'why' })).toBe(5);
    expect(s.state.out).toBe('ns1: lost-race (lost-race): Another was first.\n');
    await follow(s.context, { ...toDb2, force: true, althoughReadOnly: true });
    await freeze(s.context, { cluster: 'shop' });
    const notAfter = expect.any(Number);
    expect(commands).toEqual([
      { kind: 'follow', server: db2, force: true, dryRun: false, reason: 'why', by: 'eve@host', notAfter },
      {
        kind: 'follow',
        server: db2,
        force: true,
        althoughReadOnly: true,
        dryRun: false,
        by: 'eve@host',
        notAfter,
      },
      { kind: 'freeze', reason: 'no reason given', by: 'eve@host', notAfter },
    ]);
    await started.server.close();
  });
});
