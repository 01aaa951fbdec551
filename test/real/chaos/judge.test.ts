/** Shows that the judge of a chaos round finds every violation that it knows: each is made up here. */
import { describe, expect, test } from 'vitest';
import type { Evidence, OldSource, Violation } from './evidence.ts';
import { GeneralLogParser } from './general-log.ts';
import { applied, parseIxfr, type Rr, stringsOf } from './journal.ts';
import { judge } from './judge.ts';
import type { Commit } from './referee.ts';
import { spread } from './report.ts';

const source = 'source.shop.lab.test';
const replicas = 'replicas.shop.lab.test';
const servers = [1, 2, 3].map((n) => ({
  uuid: `uuid${n}`,
  server: `10.99.${n}.2:3306`,
  address: `10.99.${n}.2`,
}));
const server = (n: number) => servers[n - 1]!;

interface Said {
  readonly epoch: number;
  readonly on: number;
  readonly was?: readonly number[];
  readonly try: string;
  readonly form?: number;
  readonly by?: string;
}

const ledger = (said: Said): Rr => {
  const { uuid, server: address } = server(said.on);
  const former = (said.was ?? []).map((n) => `was=${server(n).uuid}@${server(n).server}`);
  const form = `form=address/1/${server(said.form ?? said.on).address}`;
  const fields = [
    'v=1',
    'cluster=shop',
    `epoch=${said.epoch}`,
    `source=${address}`,
    `uuid=${uuid}`,
    `by=${said.by ?? 'w1'}`,
    'at=now',
    'why=failover',
    `try=${said.try}`,
    form,
    ...former,
  ];
  return {
    name: `_source-dns.${source}`,
    ttl: 1,
    type: 'TXT',
    rdata: fields.map((field) => `"${field}"`).join(' '),
  };
};
const a = (address: string): Rr => ({ name: source, ttl: 1, type: 'A', rdata: address });
const srv = (port = 3306): Rr => ({
  name: `_mysql._tcp.${source}`,
  ttl: 1,
  type: 'SRV',
  rdata: `0 0 ${port} ${source}.`,
});
const zoneOf = (said: Said): readonly Rr[] => [ledger(said), a(server(said.on).address), srv()];

let serial = 0;
/** The change from one zone to another, in one transaction. */
function commit(before: readonly Rr[], zone: readonly Rr[], at = 1000): Commit {
  const lacks = (rrs: readonly Rr[], rr: Rr) =>
    !rrs.some((other) => JSON.stringify(other) === JSON.stringify(rr));
  return {
    serial: ++serial,
    deleted: before.filter((rr) => lacks(zone, rr)),
    added: zone.filter((rr) => lacks(before, rr)),
    zone,
    after: at - 20,
    seenAt: at,
  };
}

const first = zoneOf({ epoch: 4, on: 1, try: 't4' });
const moved = zoneOf({ epoch: 5, on: 2, was: [1], try: 't5' });
const rejoined = zoneOf({ epoch: 5, on: 2, try: 't6' });

/** A statement of the account that fences. */
const fence = (on: number, at: number) => ({
  server: server(on).server,
  uuid: server(on).uuid,
  at,
  command: 'Query',
  text: 'SET GLOBAL super_read_only = IF(...)',
});
/** The move of this round was followed by a fence, as it should be. */
const fences: Evidence['fences'] = {
  wanted: true,
  acts: [fence(1, 1500)],
  meant: [
    { uuid: 'uuid1', from: Number.NEGATIVE_INFINITY },
    { uuid: 'uuid2', from: 950 },
  ],
  old: undefined,
};
/** An old source that was closed. */
const old: OldSource = {
  server: server(1).server,
  since: 1000,
  boundMs: 30_000,
  until: 2000,
  closedAt: 1510,
  waitsSince: undefined,
  lastWriteAt: 1490,
};

/** A round in which the name moves from the first server to the second, and nothing is wrong. */
function evidence(changes: Partial<Evidence> = {}): Evidence {
  const answers = [server(1), server(2)].map(({ address }, index) => ({
    at: index * 1000,
    addresses: address,
  }));
  return {
    names: { source, replicas },
    servers,
    zoneBefore: first,
    known: { tries: new Set(['t4']), shown: new Set(), highestEpoch: 4 },
    commits: [commit(first, moved, 1000), commit(moved, rejoined, 3000)],
    gaps: 0,
    handEdits: [],
    stale: [{ uuid: 'uuid1', from: 900, until: 2000 }],
    errant: [{ uuid: 'uuid1', at: 1900, gtids: 'uuid1:7' }],
    answers: { ns1: answers, ns2: answers },
    crashes: [],
    end: {
      source: server(2),
      boundMs: 60_000,
      answeredMs: { ns1: 0, ns2: 0 },
      settledMs: 10,
      quiet: { ms: 1500, before: 9, after: 9 },
    },
    fences: { wanted: false, acts: [], meant: [], old: undefined },
    rows: { acknowledged: new Set([1, 2]), present: new Set([1, 2, 3]), promised: true },
    ...changes,
  };
}

const promises = (violations: readonly Violation[]) =>
  [...new Set(violations.map(({ promise }) => promise))].sort();
const found = (changes: Partial<Evidence>) => judge(evidence(changes));
const changedTo = (zone: readonly Rr[], before = first): Partial<Evidence> => ({
  commits: [commit(before, zone)],
  zoneBefore: before,
});

test('the judge finds nothing in a round without a violation', () => expect(found({})).toEqual([]));

test('the judge accepts the first publication, and a ledger that is restored after somebody deleted it', () => {
  const none: readonly Rr[] = [];
  const begun = zoneOf({ epoch: 1, on: 1, try: 't1' });
  const fresh = { known: { tries: new Set<string>(), shown: new Set(['']), highestEpoch: 0 }, handEdits: [] };
  const answers = { ns1: [{ at: 0, addresses: '' }], ns2: [] };
  expect(found({ ...fresh, zoneBefore: none, commits: [commit(none, begun)], answers })).toEqual([]);
  const without = first.slice(1);
  const restored = zoneOf({ epoch: 5, on: 1, try: 't5' });
  const commits = [commit(first, without), commit(without, restored, 2000)];
  expect(
    found({ commits, handEdits: [{ edit: 'no-ledger', at: 900 }], answers: { ns1: [], ns2: [] } }),
  ).toEqual([]);
  expect(promises(found({ commits, answers: { ns1: [], ns2: [] } }))).toEqual(['S2', 'S3']);
});

describe('the judge finds a violation of S2:', () => {
  test.each([
    ['a gap', zoneOf({ epoch: 6, on: 2, was: [1], try: 't5' })],
    ['a move without an epoch', zoneOf({ epoch: 4, on: 2, was: [1], try: 't5' })],
    ['an epoch without a move', zoneOf({ epoch: 5, on: 1, try: 't5' })],
    ['an epoch that goes back', zoneOf({ epoch: 3, on: 1, try: 't5' })],
    ['an attempt that is applied twice', zoneOf({ epoch: 5, on: 2, was: [1], try: 't4' })],
    ['two winners of one epoch', zoneOf({ epoch: 4, on: 1, try: 't5', by: 'w2' })],
    ['no ledger any more', first.slice(1)],
    [
      'an unreadable ledger',
      [{ ...ledger({ epoch: 5, on: 1, try: 't5' }), rdata: '"v=1" "cluster=shop"' }, ...first.slice(1)],
    ],
  ])('%s', (_, zone) => expect(promises(found(changedTo(zone)))).toContain('S2'));

  test('an address that changes without the ledger', () => {
    const alone = [first[0]!, a(server(2).address), srv()];
    expect(promises(found(changedTo(alone)))).toEqual(['S2', 'S3']);
  });

  test('an instance that ends by itself', () =>
    expect(promises(found({ crashes: ['w1 ended'] }))).toEqual(['crash']));

  test('a part of the journal that could not be read', () =>
    expect(promises(found({ gaps: 1 }))).toEqual(['referee']));
});

describe('the judge finds a violation of S3:', () => {
  const said = { epoch: 5, on: 2, was: [1], try: 't5' };
  test.each([
    ['two servers', [...zoneOf(said), a(server(3).address)]],
    ['no server', [ledger(said), srv()]],
    ["another server's address", [ledger(said), a(server(3).address), srv()]],
    ['another form', [ledger({ ...said, form: 3 }), a(server(2).address), srv()]],
    ['no SRV', zoneOf(said).slice(0, 2)],
    ['an SRV with another port', [ledger(said), a(server(2).address), srv(3307)]],
  ])('%s in the zone', (_, zone) =>
    expect(promises(found({ ...changedTo(zone), answers: { ns1: [], ns2: [] } }))).toEqual(['S3']),
  );

  test.each([['10.99.1.2 10.99.2.2'], [''], ['10.99.3.2']])('the answer "%s"', (addresses) => {
    expect(promises(found({ answers: { ns1: [], ns2: [{ at: 5, addresses }] } }))).toEqual(['S3']);
  });

  test('an edit by hand counts only when source-dns has written the name after it', () => {
    const other = [first[0]!, a('10.99.200.7'), srv()];
    const repaired = zoneOf({ epoch: 4, on: 1, try: 't5' });
    const wrong = [ledger({ epoch: 4, on: 1, try: 't5' }), a('10.99.200.8'), srv()];
    const handEdits = [{ edit: 'other-address', at: 900 } as const];
    const answers = { ns1: [{ at: 1000, addresses: '10.99.200.7' }], ns2: [] };
    expect(
      found({ commits: [commit(first, other), commit(other, repaired, 2000)], handEdits, answers }),
    ).toEqual([]);
    expect(
      promises(found({ commits: [commit(first, other), commit(other, wrong, 2000)], handEdits, answers })),
    ).toEqual(['S3']);
    // One edit explains one transaction.
    const twice = [
      commit(first, other),
      commit(other, repaired, 2000),
      commit(repaired, [repaired[0]!, a('10.99.200.7'), srv()], 3000),
    ];
    expect(promises(found({ commits: twice, handEdits, answers }))).toEqual(['S2', 'S3']);
  });
});

describe('the judge finds a violation of S5:', () => {
  test('a former source gets the name back', () => {
    const back = zoneOf({ epoch: 6, on: 1, was: [2], try: 't6' });
    expect(promises(found({ commits: [commit(first, moved), commit(moved, back, 1500)] }))).toEqual(['S5']);
  });

  test('a server that stopped being the source gets the name, although no ledger says so', () => {
    const stale = [{ uuid: 'uuid2', from: 500 }];
    expect(promises(found({ ...changedTo(moved), stale }))).toEqual(['S5']);
    // The server became a replica at a moment that may have been before the commit.
    expect(found({ ...changedTo(moved), stale: [{ uuid: 'uuid2', from: 500, until: 999 }] })).toEqual([]);
  });

  test('a move does not record the former source', () =>
    expect(promises(found(changedTo(zoneOf({ epoch: 5, on: 2, try: 't5' }))))).toEqual(['S5']));

  test('a former source counts as rejoined before anybody made it a replica', () => {
    expect(promises(found({ stale: [{ uuid: 'uuid1', from: 900, until: 4000 }], errant: [] }))).toEqual([
      'S5',
    ]);
  });

  test('a server counts as rejoined with transactions that only it has', () => {
    expect(promises(found({ errant: [{ uuid: 'uuid1', at: 4000, gtids: 'uuid1:7' }] }))).toEqual(['S5']);
  });
});

describe('the judge finds a violation of L1 or L2, or a lost row:', () => {
  const { end } = evidence();
  test('a nameserver does not answer with the source', () => {
    expect(
      promises(found({ end: { ...end, answeredMs: { ns1: 5, ns2: undefined }, settledMs: undefined } })),
    ).toEqual(['L1']);
  });
  test('a former source never rejoins', () =>
    expect(promises(found({ end: { ...end, settledMs: undefined } }))).toEqual(['L1']));
  test('a write in the quiet time', () => {
    expect(promises(found({ end: { ...end, quiet: { ms: 1500, before: 9, after: 10 } } }))).toEqual(['L2']);
  });
  test('an acknowledged row is gone, unless nothing had promised to keep it', () => {
    const rows = { acknowledged: new Set([1, 4]), present: new Set([1]), promised: true };
    expect(promises(found({ rows }))).toEqual(['rows']);
    expect(found({ rows: { ...rows, promised: false } })).toEqual([]);
  });
});

describe('the judge finds a fence that breaks S8:', () => {
  const seen = (changes: Partial<Evidence['fences']>) =>
    promises(found({ fences: { ...fences, ...changes } }));
  test('but none that follows a move', () => expect(seen({ old })).toEqual([]));
  test('nobody has asked for fences', () => expect(seen({ wanted: false })).toEqual(['S8']));
  test('at the source', () => expect(seen({ acts: [fence(2, 1500)] })).toEqual(['S8']));
  test('at a server that is no former source', () =>
    expect(seen({ acts: [fence(3, 1500)] })).toEqual(['S8']));
  test('before the move', () => {
    expect(seen({ acts: [fence(1, 970)] })).toEqual(['S8']);
    // The move was committed between 980 and 1000.
    expect(seen({ acts: [fence(1, 985)] })).toEqual([]);
  });
  test('at a server that is meant to be the source again', () => {
    const meant = [...fences.meant, { uuid: 'uuid1', from: 1400 }];
    expect(seen({ meant })).toEqual(['S8']);
  });
  test('long after the server has rejoined; but a server that hung logs late', () => {
    expect(seen({ acts: [fence(1, 4000)] })).toEqual([]);
    expect(seen({ acts: [fence(1, 60_000)] })).toEqual(['S8']);
  });
});

describe('the judge finds an old source that takes writes:', () => {
  const seen = (changes: Partial<OldSource>) =>
    promises(found({ fences: { ...fences, old: { ...old, ...changes } } }));
  test('for too long', () => expect(seen({ closedAt: undefined })).toEqual(['fence']));
  test('and was closed by somebody else', () =>
    expect(promises(found({ fences: { ...fences, acts: [], old } }))).toEqual(['fence']));
  test('after it was closed', () => expect(seen({ lastWriteAt: 1600 })).toEqual(['fence']));
  test('but not one whose commits wait for replicas', () => {
    expect(seen({ closedAt: undefined, waitsSince: 1500 })).toEqual([]);
    expect(seen({ closedAt: undefined, waitsSince: 1500, lastWriteAt: 1600 })).toEqual(['fence']);
  });
});

test('the general log tells who sent each statement, also after a restart', () => {
  const parser = new GeneralLogParser();
  const time = '2026-01-02T03:04:05.600000Z';
  const read = [
    '/usr/sbin/mysqld, Version: 9.7.4 (Debian). started with:',
    'Time                 Id Command    Argument',
    `${time}\t    8 Connect\tsource_dns_fence@10.99.7.2 on  using SSL/TLS`,
    `${time}\t    9 Connect\tweb@10.99.10.2 on shop using TCP/IP`,
    `${time}\t    8 Query\tSET GLOBAL read_only = 1`,
    'and its second line',
    `${time}\t    9 Init DB\tshop`,
    `${time}\t    8 Quit\t`,
    `${time}\t    8 Query\tSELECT 1`,
    '/usr/sbin/mysqld, Version: 9.7.4 (Debian). started with:',
    `${time}\t    9 Query\tSELECT 1`,
  ].flatMap((line) => parser.take(line) ?? []);
  expect(read.map(({ user, command, text }) => [user, command, text])).toEqual([
    ['source_dns_fence', 'Connect', 'source_dns_fence@10.99.7.2 on  using SSL/TLS'],
    ['web', 'Connect', 'web@10.99.10.2 on shop using TCP/IP'],
    ['source_dns_fence', 'Query', 'SET GLOBAL read_only = 1'],
    ['web', 'Init DB', 'shop'],
    ['source_dns_fence', 'Quit', ''],
  ]);
  expect(read[0]?.at).toBeCloseTo(Date.parse(time) - performance.timeOrigin, 3);
});

test('the journal is read as dig prints it', () => {
  const soa = (n: number) =>
    `lab.test.\t\t60\tIN\tSOA\tns1.lab.test. hostmaster.lab.test. ${n} 10 2 604800 1`;
  const text = [
    '; comment',
    soa(3),
    soa(1),
    `${source}.\t1\tIN\tA\t10.99.1.2`,
    soa(2),
    `${source}.\t1\tIN\tA\t10.99.2.2`,
    soa(2),
    soa(3),
    `x.lab.test.\t1\tIN\tTXT\t"a \\"b\\"" "c\\009d"`,
    soa(3),
    'key.\t0\tANY\tTSIG\thmac-sha256. 1 300 32 x 1 NOERROR 0',
  ].join('\n');
  const read = parseIxfr(text);
  expect(read).toMatchObject([
    {
      serial: 2,
      deleted: [{ rdata: '10.99.1.2' }],
      added: [{ name: source, ttl: 1, type: 'A', rdata: '10.99.2.2' }],
    },
    { serial: 3, deleted: [], added: [{ type: 'TXT' }] },
  ]);
  expect(stringsOf('"a \\"b\\"" "c\\009d"')).toEqual(['a "b"', 'c\td']);
  expect(parseIxfr(soa(3))).toEqual([]);
  expect(parseIxfr('')).toBeUndefined();
  expect(parseIxfr([soa(3), 'lab.test.\t60\tIN\tNS\tns1.lab.test.', soa(3)].join('\n'))).toMatchObject({
    whole: [{ type: 'NS' }],
    serial: 3,
  });
  const [transaction] = read as readonly Commit[];
  expect(applied([a('10.99.1.2'), srv()], transaction!)).toEqual([srv(), a('10.99.2.2')]);
});

test('percentiles are by nearest rank', () => {
  expect(spread([])).toBe('none');
  expect(spread(Array.from({ length: 200 }, (_, index) => index + 1))).toBe(
    'n 200, median 100 ms, p99 198 ms, max 200 ms',
  );
});
