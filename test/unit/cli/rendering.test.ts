/** What the commands print, and their exit codes. */

import { describe, expect, test } from 'vitest';
import { answerText } from '../../../src/cli/answer-text.ts';
import { exitCodeOf, exitCodeOfProblem, exitCodes } from '../../../src/cli/exit-code.ts';
import { explainText } from '../../../src/cli/explain-text.ts';
import { historyText } from '../../../src/cli/history-text.ts';
import { exitCodeOfLook } from '../../../src/cli/look.ts';
import { statusText } from '../../../src/cli/snapshot-text.ts';
import { createStyle } from '../../../src/cli/style.ts';
import type { CommandResult, HistoryEntry } from '../../../src/core/model/events.ts';
import type { Fqdn, ServerAddress, ServerId } from '../../../src/core/model/units.ts';
import type { UpdatePlan } from '../../../src/core/model/zone.ts';
import { planLines } from '../../../src/dns/client/nsupdate-script.ts';
import { clusterDocument } from '../../../src/http/documents.ts';
import { problem } from '../../../src/http/problem.ts';
import { shopSnapshot } from '../../support/snapshots.ts';

const plain = createStyle(false);
const shop = clusterDocument(shopSnapshot);
const escapeCode = '\u001b';

describe('what the commands print', () => {
  test('status', async () => {
    await expect(statusText(shop, plain)).toMatchFileSnapshot('status.txt');
  });

  test('status in colours has the same words', () => {
    const painted = statusText(shop, createStyle(true));
    expect(painted).toContain(`${escapeCode}[32m`);
    const bare = painted.replace(new RegExp(`${escapeCode}\\[\\d*m`, 'g'), '');
    expect(bare).toBe(statusText(shop, plain));
  });

  test('explain', () => {
    expect(explainText(shop, plain)).toMatchInlineSnapshot(`
      "shop
        source.shop.db.example.com. -> 192.0.2.12 = db2:3306
          point to db2:3306: steady. The published source is the source.
          ledger: epoch 7, failover, by watcher-1, 2026-11-22T11:30:00.123Z
          former sources that have not rejoined: 11111111-1111-1111-1111-111111111111@db1:3306
          frozen by eve@host: maintenance
          epoch 7 is answered by 192.0.2.53, not yet by 192.0.2.54
          what would change it:
            - By hand: source-dns follow shop SERVER

        db1:3306  superseded, does not answer, 8.4.3, 11111111-1111-1111-1111-111111111111
          - It is named in the ledger as a former source.
          - db1:3306 refused the connection (connection-refused); is mysqld running?
          - not a candidate:
            - it does not answer
            - it has not rejoined, as a replica of db2:3306

        db2:3306  source, reachable, 8.4.3, 22222222-1111-1111-1111-111111111111
          - Its promotion was seen.
          - 1 of 1 other reachable servers replicates from it.
          - answered 0.2 s ago as MySQL 8.4.3

        db3.example.com:3307  replica, reachable, 11.4.2-MariaDB, mariadb:3@db3.example.com:3307
          - It says: �[2Jgone
          - takes no writes: read_only is on
          - not a candidate: it is not writable
          - do not promote it now: the source db2:3306 takes writes

        ! server-unknown db1:3306: It does not answer.
      "
    `);
  });

  test('an announced server, until its time is over', () => {
    const next = { uuid: shop.servers[2]!.uuid!, server: null, until: '2026-11-22T11:32:00.000Z' };
    const textOf = (server: typeof next.server | ServerAddress) => {
      const publications = shop.publications.map((publication) => ({
        ...publication,
        ledger: { ...publication.ledger!, next: { ...next, server } },
      }));
      return [statusText, explainText].map((text) => text({ ...shop, publications }, plain));
    };
    const line = (server: string) =>
      expect.stringContaining(
        `    announced by a failover tool: ${server}, until 2026-11-22T11:32:00.000Z\n`,
      );
    const { server } = shop.servers[2]!;
    expect(textOf(server)).toEqual([line(server), line(server)]);
    expect(textOf(null)).toEqual([line(next.uuid), expect.anything()]);
  });

  test('a former source that source-dns made read-only; while it takes writes, its alarm says what is done', () => {
    const textOf = (stage: 'fenced' | 'wanted' | 'would' | 'not') => {
      const [former, ...others] = shop.servers;
      const fence = { stage, sentence: 'what is said of the fence' };
      return statusText({ ...shop, servers: [{ ...former!, fence }, ...others] }, plain);
    };
    expect(textOf('fenced')).toMatch(/\n {2}what is said of the fence\n/);
    for (const stage of ['wanted', 'would', 'not'] as const)
      expect(textOf(stage)).not.toContain('what is said of the fence');
  });

  test('who has frozen the name is said once', () => {
    const decision = {
      kind: 'hold',
      reason: 'frozen',
      sentence: 'Frozen by eve@host: maintenance.',
    } as const;
    const publications = shop.publications.map((publication) => ({ ...publication, decision }));
    expect(statusText({ ...shop, publications }, plain).match(/frozen by/gi)).toHaveLength(1);
  });

  test('explain fits 100 columns, and loses no word', () => {
    const long = 'db2:3306 says a word and another word and '.repeat(9);
    const document = {
      ...shop,
      servers: shop.servers.map((server) => ({ ...server, observed: [long.trim()] })),
    };
    const text = explainText(document, plain);
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(text.replace(/\n {6,}/g, ' ')).toContain(`    - ${long.trim()}\n`);
    const painted = explainText(document, createStyle(true));
    expect(painted.replace(new RegExp(`${escapeCode}\\[\\d*m`, 'g'), '')).toBe(text);
  });

  test('explain with an older daemon', () => {
    const servers = shop.servers.map(
      ({ observed: _observed, missing: _missing, lacks: _lacks, way: _way, ...server }) => server,
    );
    const publications = shop.publications.map(
      ({ wouldChange: _wouldChange, ...publication }) => publication,
    );
    const earlier = { ...shop, servers, publications } as unknown as typeof shop;
    expect(explainText(earlier, plain)).toContain('point to db2:3306');
    expect(statusText(earlier, plain)).toContain('db2:3306');
  });

  test("the path of a server's data, if it is not direct or is broken", () => {
    const [first, second, third] = shop.servers;
    const hop = { server: second!.server, how: 'channel', lagSeconds: 0 } as const;
    const textOf = (
      way: (typeof shop.servers)[number]['way'],
      over: Partial<(typeof shop.servers)[number]> = {},
    ) => statusText({ ...shop, servers: [first!, second!, { ...third!, ...over, way }] }, plain);
    expect(textOf({ hops: [hop, hop], broken: null, sentence: 'the whole way' })).toMatch(
      /\n {2}the whole way\n/,
    );
    expect(textOf({ hops: [hop], broken: null, sentence: 'the whole way' })).not.toContain('the whole way');
    expect(textOf({ hops: [], broken: 'is broken', sentence: 'the broken way' })).toMatch(
      /\n {2}the broken way\n/,
    );
    const rival = { writable: true, replicatesFrom: [] };
    expect(textOf({ hops: [], broken: 'is broken', sentence: 'the broken way' }, rival)).not.toContain(
      'the broken way',
    );
  });

  test('a discovered server is marked', () => {
    const [first, second, ...others] = shop.servers;
    const found = (state: 'verified' | 'stale') => ({ by: first!.server, how: 'replicas', state }) as const;
    const servers = [
      { ...first!, discovered: found('stale') },
      { ...second!, discovered: found('verified') },
      ...others,
    ];
    for (const text of [statusText({ ...shop, servers }, plain), explainText({ ...shop, servers }, plain)]) {
      expect(text).toMatch(/db1:3306 .*superseded \(stale, discovered\)/);
      expect(text).toMatch(/db2:3306 .*source \(discovered\)/);
    }
    // An older daemon does not send it.
    const { discovered: _unsaid, ...old } = first!;
    expect(statusText({ ...shop, servers: [old as typeof first & object] }, plain)).toContain('superseded ');
  });

  test('each alarm has its hint below', () => {
    const alarms = [
      { code: 'update-refused', subject: 'ns1', sentence: 'ns1 refuses it.', hint: 'grant key name x TXT;' },
    ] as const;
    for (const text of [statusText({ ...shop, alarms }, plain), explainText({ ...shop, alarms }, plain)])
      expect(text).toContain('\n  ! update-refused ns1 refuses it.\n    grant key name x TXT;\n');
  });

  test('no text moves the cursor', () => {
    expect(explainText(shop, plain)).not.toContain(escapeCode);
    const evil = { ...shopSnapshot, servers: [], cluster: 'a\u009bb\u202ec' };
    expect(statusText(clusterDocument(evil), plain)).toMatch(/^a\ufffdb\ufffdc {2}/);
  });

  const ledger = '_source-dns.x.example.' as Fqdn;
  const plan: UpdatePlan = {
    zone: 'example.' as Fqdn,
    prerequisites: [
      {
        kind: 'rrset-is',
        rrset: { name: ledger, type: 'TXT', ttlSeconds: 5, rdata: [['v=1', 'a "quoted" \\ \u00ff']] },
      },
      { kind: 'rrset-absent', name: 'x.example.' as Fqdn, type: 'CNAME' },
    ],
    changes: [
      { kind: 'delete-rrset', name: 'x.example.' as Fqdn, type: 'A' },
      {
        kind: 'add-rrset',
        rrset: { name: 'x.example.' as Fqdn, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1', '192.0.2.2'] },
      },
      {
        kind: 'add-rrset',
        rrset: {
          name: '_mysql._tcp.x.example.' as Fqdn,
          type: 'SRV',
          ttlSeconds: 5,
          rdata: [{ priority: 0, weight: 0, port: 3307, target: 'x.example.' as Fqdn }],
        },
      },
    ],
  };

  test('an update plan as an nsupdate script', () => {
    expect(planLines(plan).join('\n')).toMatchInlineSnapshot(`
      "zone example.
      prereq yxrrset _source-dns.x.example. IN TXT "v=1" "a \\034quoted\\034 \\092 \\255"
      prereq nxrrset x.example. IN CNAME
      update delete x.example. IN A
      update add x.example. 5 IN A 192.0.2.1
      update add x.example. 5 IN A 192.0.2.2
      update add _mysql._tcp.x.example. 5 IN SRV 0 0 3307 x.example.
      send"
    `);
  });

  test('the answer to a command', () => {
    const results: CommandResult[] = [
      {
        nameserver: 'ns1',
        kind: 'done',
        code: 'dry-run',
        sentence: 'An operator named db2:3306.',
        plan: { ...plan, prerequisites: [], changes: [] },
      },
      { nameserver: 'ns2', kind: 'held', code: 'frozen', sentence: 'Frozen by eve.', hint: 'thaw it' },
    ];
    expect(answerText({ results }, plain)).toMatchInlineSnapshot(`
      "; ns1: dry run, nothing was written: An operator named db2:3306.
      zone example.
      send
      ns2: held (frozen): Frozen by eve.
        thaw it
      "
    `);
  });

  test('the history, with the times of a move', () => {
    const at = (ms: number) => `2026-11-22T11:30:00.${ms}Z`;
    const common = { cluster: 'shop', nameserver: 'ns1' };
    const server = (name: string) => ({ server: `${name}:3306` as ServerAddress, uuid: name as ServerId });
    const entries: HistoryEntry[] = [
      {
        at: at(100),
        ...common,
        kind: 'decision',
        decision: { kind: 'hold', reason: 'minority-view', sentence: 'Too few are seen.' },
      },
      {
        at: at(123),
        ...common,
        kind: 'move',
        epoch: 7,
        from: server('db1'),
        to: server('db2'),
        reason: 'failover',
        sentence: 'Gone.',
        name: 'x.test.' as Fqdn,
        seenAt: at(110),
        decidedAt: at(111),
        sentAt: at(112),
        appliedAt: at(120),
      },
      {
        at: at(200),
        ...common,
        kind: 'propagated',
        epoch: 7,
        nameservers: [
          { nameserver: 'a', at: at(130) },
          { nameserver: 'b', at: at(150) },
        ],
        complete: true,
      },
      {
        at: at(300),
        ...common,
        kind: 'moved-elsewhere',
        epoch: 8,
        source: 'db3:3306' as ServerAddress,
        uuid: 'uuid-3' as ServerId,
        by: 'watcher-2',
        why: 'switchover',
      },
      { at: at(400), ...common, kind: 'written', what: 'freeze', sentence: 'Frozen by eve: why.', epoch: 8 },
      {
        at: at(500),
        ...common,
        kind: 'update-failed',
        what: 'repair',
        outcome: 'refused',
        failure: { code: 'bad-key', message: 'BADKEY', hint: 'look at the key' },
      },
      {
        at: at(600),
        ...common,
        kind: 'alarm',
        alarm: { code: 'zone-drift', subject: 'ns1', sentence: 'It differs.' },
        raised: true,
      },
      {
        at: at(700),
        ...common,
        kind: 'alarm',
        alarm: { code: 'zone-drift', subject: 'ns1', sentence: 'It differs.' },
        raised: false,
      },
    ];
    expect(historyText(entries, plain)).toMatchInlineSnapshot(`
      "   2026-11-22T11:30:00.100Z  shop@ns1  hold (minority-view): Too few are seen.
      => 2026-11-22T11:30:00.123Z  shop@ns1  x.test. moved from db1:3306 to db2:3306, epoch 7 (failover): Gone.
           seen 2026-11-22T11:30:00.110Z, decided +1 ms, sent +2 ms, published +10 ms, propagated +40 ms
         2026-11-22T11:30:00.200Z  shop@ns1  epoch 7 is answered by a, b
      => 2026-11-22T11:30:00.300Z  shop@ns1  watcher-2 moved the name to db3:3306, epoch 8 (switchover)
         2026-11-22T11:30:00.400Z  shop@ns1  Frozen by eve: why.
         2026-11-22T11:30:00.500Z  shop@ns1  repair: the update was refused: BADKEY; look at the key
         2026-11-22T11:30:00.600Z  shop@ns1  ns1: It differs.
         2026-11-22T11:30:00.700Z  shop@ns1  ns1: the alarm zone-drift is over
      "
    `);
  });
});

describe('exit codes', () => {
  const result = (kind: CommandResult['kind']): CommandResult => ({
    nameserver: 'ns1',
    kind,
    code: 'x',
    sentence: 'x',
  });

  test('tell the worst publication', () => {
    const codes = (['done', 'failed', 'held', 'unreachable', 'lost-race'] as const).map((kind) =>
      exitCodeOf({ results: [result('done'), result(kind)] }),
    );
    expect(codes).toEqual([0, 1, 3, 4, 5]);
    expect(exitCodeOf({ results: [] })).toBe(exitCodes.failed);
  });

  test('count a mistake of the caller as a usage error', () => {
    expect(exitCodeOfProblem(problem('unknown-server', 'x'))).toBe(2);
    expect(exitCodeOfProblem(problem('bug', 'x'))).toBe(1);
    expect(exitCodeOfProblem({ ...problem('bug', 'x'), results: [result('held')] })).toBe(3);
  });

  test('tell whether a look saw anything', () => {
    expect(exitCodeOfLook([shop])).toBe(0);
    expect(
      exitCodeOfLook([
        { ...shop, servers: shop.servers.map((server) => ({ ...server, contact: 'unknown' })) },
      ]),
    ).toBe(4);
    const found = { by: shop.servers[0]!.server, how: 'channel', state: 'verified' } as const;
    expect(
      exitCodeOfLook([
        { ...shop, servers: shop.servers.map((server) => ({ ...server, discovered: found })) },
      ]),
    ).toBe(4);
    const unread = shop.publications.map((one) => ({ ...one, readFailure: { code: 'x', message: 'x' } }));
    expect(exitCodeOfLook([{ ...shop, publications: unread }])).toBe(4);
  });
});
