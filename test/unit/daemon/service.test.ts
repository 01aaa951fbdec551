/** The service of all clusters, servers as people name them, and the log. */

import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { systemClock, systemRandom } from '../../../src/daemon/clock.ts';
import { findServer } from '../../../src/daemon/find-server.ts';
import { createLog } from '../../../src/daemon/log.ts';
import { type Service, startService } from '../../../src/daemon/service.ts';
import {
  cluster,
  config,
  nameserver,
  type SmallWorld,
  smallWorld,
  until,
} from '../../support/small-world.ts';

const services: Service[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
});

async function start(world: SmallWorld, loaded = config('/nowhere')) {
  const records: HistoryEntry[] = [];
  const started = await startService({
    config: loaded,
    maker: world.maker,
    clock: systemClock,
    random: systemRandom,
    remembered: () => [],
    onRecord: (entry) => records.push(entry),
    onWarning: () => {},
    onBug(error) {
      throw error;
    },
  });
  if (started.kind === 'failed') return { failures: started.failures, records };
  services.push(started.service);
  return { service: started.service, records };
}

describe('the service', () => {
  test('publishes the source of each cluster, and closes everything when it stops', async () => {
    const world = smallWorld();
    const { service, records } = await start(world);
    await until(() => records.some((entry) => entry.kind === 'move'));
    expect(world.zone.get('source.shop.db.example.com. A')).toMatchObject({ rdata: ['192.0.2.11'] });
    expect(service?.snapshot('shop')).toMatchObject({ cluster: 'shop', mode: 'active' });
    expect(service?.snapshot('other')).toBeUndefined();
    expect(service?.command('other', { kind: 'thaw', by: 'me' })).toBeUndefined();
    await service?.stop();
    expect(world.log).toEqual(['open ns1', 'open prober shop', 'close prober shop', 'close ns1']);
  });

  test('does not start with an unusable key', async () => {
    const world = smallWorld();
    world.keyFailure = true;
    expect(await start(world)).toMatchObject({
      failures: [{ code: 'key-invalid', message: 'nameserver ns1: the key is no key' }],
    });
    expect(world.log).toEqual([]);
  });

  test('keeps unchanged clusters and adapters', async () => {
    const world = smallWorld();
    const { service } = await start(world);
    expect(await service?.reconfigure(config('/nowhere'))).toEqual({
      kind: 'done',
      added: [],
      changed: [],
      removed: [],
    });
    expect(world.log).toEqual(['open ns1', 'open prober shop']);
  });

  test('adds, removes and changes clusters', async () => {
    const world = smallWorld();
    const { service } = await start(
      world,
      config('/nowhere', { clusters: [cluster('shop'), cluster('old')] }),
    );
    const next = config('/nowhere', {
      clusters: [cluster('shop', 'secret', { gtidGuard: 'hold' }), cluster('new')],
    });
    expect(await service?.reconfigure(next)).toEqual({
      kind: 'done',
      added: ['new'],
      changed: ['shop'],
      removed: ['old'],
    });
    expect(service?.clusters()).toEqual(['shop', 'new']);
    expect(world.log).toEqual([
      'open ns1',
      'open prober shop',
      'open prober old',
      'open prober new',
      'close prober old',
    ]);
  });

  test('builds a new prober for another password or server, and a new zone client for another key', async () => {
    const world = smallWorld();
    const { service } = await start(world);
    const change = async (next: Parameters<typeof config>[1]) => {
      world.log.length = 0;
      expect(await service?.reconfigure(config('/nowhere', next))).toMatchObject({ changed: ['shop'] });
      return world.log;
    };
    expect(await change({ clusters: [cluster('shop', 'other')] })).toEqual([
      'open prober shop',
      'close prober shop',
    ]);
    const servers = [{ address: 'db9:3306' as ServerAddress, candidate: 'auto' as const }];
    expect(await change({ clusters: [cluster('shop', 'other', { servers })] })).toEqual([
      'open prober shop',
      'close prober shop',
    ]);
    const discoverWithin = [{ kind: 'suffix', suffix: '.lan' }] as const;
    expect(await change({ clusters: [cluster('shop', 'other', { servers, discoverWithin })] })).toEqual([
      'open prober shop',
      'close prober shop',
    ]);
    expect(await change({ clusters: [cluster('shop', 'other', { servers })] })).toEqual([
      'open prober shop',
      'close prober shop',
    ]);
    const rekeyed = new Map([
      ['ns1', nameserver({ key: { file: '/etc/key', text: new Secret('another') } })],
    ]);
    expect(await change({ clusters: [cluster('shop', 'other', { servers })], nameservers: rekeyed })).toEqual(
      ['open ns1', 'close ns1'],
    );
    expect(service?.snapshot('shop')?.servers.map(({ server }) => server)).toEqual(['db9:3306']);
  });

  test('refuses a configuration with an unusable key, and continues as before', async () => {
    const world = smallWorld();
    const { service } = await start(world);
    world.keyFailure = true;
    const next = config('/nowhere', {
      clusters: [cluster('new')],
      nameservers: new Map([['ns1', nameserver({ port: 54 })]]),
    });
    expect(await service?.reconfigure(next)).toMatchObject({
      kind: 'refused',
      failures: [{ code: 'key-invalid' }],
    });
    expect(service?.clusters()).toEqual(['shop']);
    expect(world.log).toEqual(['open ns1', 'open prober shop']);
  });
});

describe('the name that a person gives a server', () => {
  const known = [
    'db1:3306',
    'db2:3307',
    'db3:3306',
    'db3:3307',
    'db4:3308',
    'db4:3309',
    '[2001:db8::1]:3306',
  ] as ServerAddress[];
  test.each([
    ['db1', 'db1:3306'],
    ['DB1:3306', 'db1:3306'],
    ['db2', 'db2:3307'],
    ['db3', 'db3:3306'],
    ['db3:3307', 'db3:3307'],
    ['2001:db8:0::1', '[2001:db8::1]:3306'],
  ])('%s means %s', (text, server) => {
    expect(findServer(text, known)).toEqual({ kind: 'found', server });
  });

  test.each([
    ['db4', 'say which one: db4:3308, db4:3309'],
    ['db2:3306', 'did you mean'],
    ['nothing-like-it', 'its servers are db1:3306'],
    ['db1:99999', 'port'],
    ['a b', 'neither'],
  ])('%s means none', (text, hint) => {
    expect(findServer(text, known)).toMatchObject({
      kind: 'not-found',
      sentence: expect.stringContaining(hint),
    });
  });
});

describe('the log', () => {
  test('has one JSON line per record, with a stable code', () => {
    const lines: Record<string, unknown>[] = [];
    const log = createLog('info', {
      write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    });
    log.say('debug', 'quiet', 'not at this level');
    log.record({
      at: 'now',
      cluster: 'shop',
      nameserver: 'ns1',
      kind: 'written',
      what: 'thaw',
      sentence: 'Thawed by me.',
      epoch: 3,
    });
    log.fail('error', { code: 'key-invalid', message: 'no key', hint: 'make one' });
    log.setLevel('fatal');
    log.say('error', 'quiet', 'not at this level');
    log.fatal(new Error('impossible'));
    expect(lines).toMatchObject([
      { level: 30, code: 'written-thaw', cluster: 'shop', epoch: 3, msg: 'shop@ns1: Thawed by me.' },
      { level: 50, code: 'key-invalid', hint: 'make one', msg: 'no key' },
      { level: 60, code: 'bug', err: { message: 'impossible' } },
    ]);
  });
});
