/** Commands, hooks and reloads of an instance that shares the clusters with others. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explain } from '../../../src/cli/explain.ts';
import { follow } from '../../../src/cli/follow.ts';
import { freeze } from '../../../src/cli/freeze.ts';
import { history } from '../../../src/cli/history.ts';
import { hook } from '../../../src/cli/hook.ts';
import { createReloader } from '../../../src/cli/reload.ts';
import { run } from '../../../src/cli/run.ts';
import { status } from '../../../src/cli/status.ts';
import { thaw } from '../../../src/cli/thaw.ts';
import type { LoadedCluster, LoadedConfig } from '../../../src/config/loaded.ts';
import type { Failure } from '../../../src/core/model/observation.ts';
import type { Claim } from '../../../src/hook/claim.ts';
import { askDaemon } from '../../../src/http/client.ts';
import { askForHook } from '../../../src/http/give-hook.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';
import { commandSession } from '../../support/command-session.ts';
import { db1, db2 } from '../../support/fakes.ts';
import { cluster, config, until } from '../../support/small-world.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-shared-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const share = { instances: ['watcher-1', 'watcher-2', 'watcher-3'], watchers: 2 };
const shop = (watchers: readonly string[]): LoadedCluster => cluster('shop', 'secret', { watchers });

/** This instance is watcher-1. */
const shared = (watchers: readonly string[]): LoadedConfig =>
  config(folder, {
    share,
    ...(watchers.includes('watcher-1')
      ? { clusters: [shop(watchers)], elsewhere: [] }
      : { clusters: [], elsewhere: [shop(watchers)] }),
  });
const others = ['watcher-2', 'watcher-3'];

const session = (watchers = others, json = false) => {
  const s = commandSession(folder, json);
  s.load(shared(watchers));
  return s;
};

type Session = ReturnType<typeof session>;

async function withDaemon(s: Session, work: () => Promise<void>): Promise<void> {
  const running = run(s.context);
  const isUp = async () =>
    (await askDaemon(apiSocketPath(folder), { method: 'GET', path: '/v1/clusters', timeoutMs: 1000 }))
      .kind === 'document';
  while (!(await isUp())) await new Promise((resolve) => setImmediate(resolve));
  try {
    await work();
  } finally {
    s.send('SIGTERM');
    expect(await running).toBe(0);
  }
}

const get = (path: string) => askDaemon(apiSocketPath(folder), { method: 'GET', path, timeoutMs: 5000 });

const answer = 'shop is watched by watcher-2 and watcher-3; ask there';

describe('a cluster of other instances', () => {
  const commands: Readonly<Record<string, (s: Session) => Promise<number>>> = {
    status: ({ context }) => status(context, { cluster: 'shop', watch: false }),
    explain: ({ context }) => explain(context, { cluster: 'shop' }),
    history: ({ context }) => history(context, { cluster: 'shop' }),
    follow: ({ context }) => follow(context, { cluster: 'shop', server: db2, force: false, dryRun: false }),
    freeze: ({ context }) => freeze(context, { cluster: 'shop' }),
    thaw: ({ context }) => thaw(context, { cluster: 'shop' }),
  };

  test.each(Object.entries(commands))('%s names the instances that watch it', async (_, command) => {
    const s = session();
    expect(await command(s)).toBe(2);
    expect(s.state.err).toBe(`${answer} (watched-elsewhere)\n`);
    expect(s.world.log).toEqual([]);
    const json = session(others, true);
    expect(await command(json)).toBe(2);
    expect(JSON.parse(json.state.out)).toEqual({ code: 'watched-elsewhere', detail: answer });
  });

  test('the API answers 421 with their names, also for a command', async () => {
    const s = session();
    await withDaemon(s, async () => {
      const problem = { status: 421, code: 'watched-elsewhere', detail: answer };
      expect(await get('/v1/clusters/shop')).toMatchObject({ kind: 'problem', problem });
      const path = '/v1/clusters/shop/freeze';
      const body = { reason: 'why' };
      expect(
        await askDaemon(apiSocketPath(folder), { method: 'POST', path, body, timeoutMs: 5000 }),
      ).toMatchObject({ kind: 'problem', problem });
      expect(await get('/v1/clusters')).toMatchObject({
        body: { clusters: [], daemon: { share: { ...share, watched: 0, elsewhere: 1 } } },
      });
      expect(await get('/readyz')).toMatchObject({ kind: 'document' });
      expect(await status(s.context, { watch: false })).toBe(0);
      expect(s.state.out).toContain('it watches 0 of 1 clusters: each is watched by 2 of 3 instances');
    });
    expect(s.world.log).toEqual(['open ns1', 'close ns1']);
  });

  const claim: Claim = {
    tool: 'orchestrator',
    act: 'moved',
    names: [],
    former: [],
    successor: [{ host: 'db1', port: 3306 }],
    by: 'orchestrator@orc1',
  };

  test('a hook at its daemon is obeyed all the same, and nothing is watched after that', async () => {
    const s = session();
    await withDaemon(s, async () => {
      const socket = apiSocketPath(folder);
      expect(await askForHook(socket, claim)).toMatchObject({
        kind: 'document',
        body: { cluster: 'shop', server: db1, results: [{ kind: 'done', code: 'commanded' }] },
      });
      expect(s.world.zone.get('source.shop.db.example.com. A')).toMatchObject({ rdata: ['192.0.2.11'] });
      // Twice is once, also from two machines.
      expect(await askForHook(socket, claim)).toMatchObject({
        body: { results: [{ kind: 'done' }] },
      });
      expect(await get('/v1/clusters/shop')).toMatchObject({ problem: { code: 'watched-elsewhere' } });
      const ledger = s.world.zone.get('_source-dns.source.shop.db.example.com. TXT');
      expect(JSON.stringify(ledger)).toContain('epoch=1');
    });
    expect(s.world.log).toEqual([
      'open ns1',
      ...['open prober shop', 'close prober shop', 'open prober shop', 'close prober shop'],
      'close ns1',
    ]);
  });

  test('a hook where no daemon runs acts as it does for every cluster', async () => {
    const s = session();
    process.env['ORC_SUCCESSOR_HOST'] = 'db1';
    process.env['ORC_SUCCESSOR_PORT'] = '3306';
    try {
      expect(await hook(s.context, { tool: 'orchestrator', words: [] })).toBe(0);
    } finally {
      delete process.env['ORC_SUCCESSOR_HOST'];
      delete process.env['ORC_SUCCESSOR_PORT'];
    }
    expect(s.world.zone.get('source.shop.db.example.com. A')).toMatchObject({ rdata: ['192.0.2.11'] });
  });
});

describe('a reload with another list', () => {
  /** What the log says: the hand-over, if any. */
  async function handedOver(before: readonly string[], after: readonly string[]) {
    const said: string[] = [];
    const reload = createReloader({
      config: shared(before),
      log: {
        say: () => {},
        fail: (_: string, { code, message }: Failure) => void said.push(`${code}: ${message}`),
        setLevel: () => {},
      } as never,
      api: {
        prepareTcp: async () => ({ kind: 'prepared', use: async () => {}, drop: async () => {} }),
        tcpAddress: () => undefined,
      },
      service: { reconfigure: async () => ({ kind: 'done', added: [], changed: [], removed: [] }) },
      notifier: { reloading: () => {}, reloaded: () => done() },
      load: async () => ({ kind: 'loaded', config: shared(after) }),
      onTaken: () => {},
      onRefused: () => said.push('refused'),
      onBug: (error) => said.push(String(error)),
    });
    let done = () => {};
    const reloaded = new Promise<void>((resolve) => {
      done = resolve;
    });
    reload();
    await reloaded;
    return said;
  }

  test('warns of a cluster whose watchers are all new, and only then', async () => {
    expect(await handedOver(['watcher-1', 'watcher-2'], ['watcher-3', 'watcher-4'])).toEqual([
      'share-moved: all watchers of shop are new: watcher-3, watcher-4',
    ]);
    expect(await handedOver(['watcher-1', 'watcher-2'], ['watcher-2', 'watcher-3'])).toEqual([]);
    expect(await handedOver(['watcher-1', 'watcher-2'], ['watcher-1', 'watcher-4'])).toEqual([]);
    expect(await handedOver(['watcher-2', 'watcher-3'], ['watcher-4', 'watcher-5'])).toEqual([]);
  });

  test('takes and leaves clusters, and each moment somebody answers for them', async () => {
    const s = session();
    await withDaemon(s, async () => {
      s.load(shared(['watcher-1', 'watcher-2']));
      s.send('SIGHUP');
      await until(() => s.world.log.includes('open prober shop'));
      const seen = async () => (await get('/v1/clusters/shop')).kind;
      while ((await seen()) !== 'document') await new Promise((resolve) => setImmediate(resolve));
      s.load(shared(others));
      s.send('SIGHUP');
      await until(() => s.world.log.includes('close prober shop'));
      expect(await get('/v1/clusters/shop')).toMatchObject({ problem: { detail: answer } });
    });
  });
});
