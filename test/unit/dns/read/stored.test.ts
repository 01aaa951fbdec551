/** Stored RRsets and a wildcard's answers: which questions are asked, and what each answer means. */
import { describe, expect, test } from 'vitest';
import type { Fqdn, MonoMs } from '../../../../src/core/model/units.ts';
import type { Prerequisite, Question, Rrset, UpdateOutcome } from '../../../../src/core/model/zone.ts';
import { maxKnownRrsets, StoredRrsets } from '../../../../src/dns/read/stored.ts';

const zone = 'example.com.' as Fqdn;
const deadline = 1000 as MonoMs;
const a = (owner: string, address = '192.0.2.1', ttlSeconds = 5): Rrset => ({
  name: owner as Fqdn,
  type: 'A',
  ttlSeconds,
  rdata: [address],
});
const source = a('source.shop.example.com.');
const failure = { code: 'no-answer', message: 'It is silent.' };
const refusedWith = (code: 'prerequisite-failed' | 'rejected' | 'not-sent'): UpdateOutcome => ({
  kind: 'refused',
  code,
  failure,
});

interface World {
  /** The answer at any name that nobody has. */
  readonly wildcard?: Rrset;
  readonly stored?: readonly Rrset[];
  /** Replaces the zone's answer to an update. */
  readonly outcome?: UpdateOutcome;
  /** How the question beside our name fails. */
  readonly beside?: 'no-answer' | 'servfail';
  /** The second answer of the name itself, if it differs. */
  readonly again?: { readonly rrset?: Rrset };
}

function begin(world: World) {
  let now = world;
  const asked: string[] = [];
  const answered = new Map<Fqdn, Rrset>();
  const read = async (question: Question) => {
    asked.push(`read ${question.name} ${question.type}`);
    const { wildcard, beside } = now;
    if (beside && question.name.startsWith('_source-dns-wildcard.'))
      return { kind: 'failed', failure: { ...failure, code: beside } } as const;
    if (!question.name.startsWith('_source-dns-wildcard.'))
      return { kind: 'rrset', ...(now.again ?? { rrset: answered.get(question.name)! }) } as const;
    return wildcard?.type === question.type
      ? ({ kind: 'rrset', rrset: { ...wildcard, name: question.name } } as const)
      : ({ kind: 'rrset' } as const);
  };
  const holds = async (_zone: Fqdn, prerequisite: Prerequisite): Promise<UpdateOutcome> => {
    asked.push(prerequisite.kind);
    if (now.outcome) return now.outcome;
    const wanted = prerequisite.kind === 'rrset-is' ? prerequisite.rrset : prerequisite;
    const there = now.stored?.find(({ name, type }) => name === wanted.name && type === wanted.type);
    const isSo =
      prerequisite.kind === 'rrset-is'
        ? JSON.stringify(there?.rdata) === JSON.stringify(prerequisite.rrset.rdata)
        : there === undefined;
    return isSo ? { kind: 'applied' } : refusedWith('prerequisite-failed');
  };
  const stored = new StoredRrsets({ read, holds });
  const sift = async (rrsets: readonly Rrset[], anew = false) => {
    asked.length = 0;
    for (const rrset of rrsets) answered.set(rrset.name, rrset);
    const sifted = await stored.sift({ zone, rrsets, anew, deadline });
    if (sifted.kind === 'failed') return { failure: sifted.failure.code, asked: [...asked] };
    return { stored: sifted.stored.length, synthesized: sifted.synthesized.length, asked: [...asked] };
  };
  const change = (next: World) => {
    now = next;
  };
  return { stored, sift, change };
}

const beside = 'read _source-dns-wildcard.shop.example.com. A';
const again = 'read source.shop.example.com. A';

describe('an RRset that is answered', () => {
  test('is stored if its sibling answers nothing or something else; the sibling is asked once', async () => {
    for (const wildcard of [undefined, a('*.', '192.0.2.9'), a('*.', '192.0.2.1', 60)]) {
      const { sift } = begin(wildcard ? { wildcard } : {});
      expect(await sift([source])).toEqual({ stored: 1, synthesized: 0, asked: [beside, again] });
      expect(await sift([source])).toEqual({ stored: 1, synthesized: 0, asked: [] });
      expect(await sift([a(source.name, '192.0.2.2')])).toMatchObject({ asked: [beside, again] });
    }
  });

  test("that equals a wildcard's is told apart by two updates that change nothing", async () => {
    const wildcard = a('*.');
    expect(await begin({ wildcard }).sift([source])).toEqual({
      stored: 0,
      synthesized: 1,
      asked: [beside, 'rrset-is', 'rrset-absent'],
    });
    expect(await begin({ wildcard, stored: [source] }).sift([source])).toEqual({
      stored: 1,
      synthesized: 0,
      asked: [beside, 'rrset-is'],
    });
  });

  test('counts as stored if neither update holds: it may have changed, or be shown late', async () => {
    const later = a(source.name, '192.0.2.7');
    expect(await begin({ stored: [later] }).sift([source], true)).toMatchObject({
      stored: 1,
      synthesized: 0,
    });
    expect(await begin({ wildcard: a('*.'), stored: [later] }).sift([source], true)).toMatchObject({
      stored: 0,
      synthesized: 1,
    });
  });

  test('is asked about by an update if the request says anew, whatever is remembered', async () => {
    const { sift, change } = begin({ stored: [source] });
    expect(await sift([source])).toMatchObject({ stored: 1 });
    change({ stored: [] });
    expect(await sift([source])).toEqual({ stored: 1, synthesized: 0, asked: [] });
    expect(await sift([source], true)).toEqual({
      stored: 0,
      synthesized: 1,
      asked: [beside, again, 'rrset-is', 'rrset-absent'],
    });
    expect(await sift([source])).toEqual({ stored: 0, synthesized: 1, asked: [] });
  });

  test('is read again if it changed while the sibling was asked for', async () => {
    const newer = a(source.name, '192.0.2.3');
    const { sift, stored, change } = begin({});
    await sift([source]);
    change({ again: { rrset: newer } });
    expect(await sift([a(source.name, '192.0.2.2')])).toEqual({
      stored: 1,
      synthesized: 0,
      asked: [beside, again],
    });
    const sifted = await stored.sift({ zone, rrsets: [a(source.name, '192.0.2.4')], anew: false, deadline });
    expect(sifted).toMatchObject({ stored: [newer] });
    change({ again: {} });
    expect(await sift([a(source.name, '192.0.2.5')])).toMatchObject({ stored: 0, synthesized: 0 });
  });

  test("is the wildcard's if a first update of another instance hid the wildcard from the sibling only", async () => {
    const written = a(source.name, '192.0.2.3');
    const wildcards = a(source.name, '192.0.2.9');
    const { stored } = begin({ stored: [written], again: { rrset: written } });
    const reading = { zone, anew: false, deadline };
    expect(await stored.sift({ ...reading, rrsets: [wildcards] })).toEqual({
      kind: 'sifted',
      stored: [written],
      synthesized: [],
    });
  });

  test("is the wildcard's if it was deleted while the sibling was asked for", async () => {
    const wildcard = a('*.', '192.0.2.9');
    const { sift } = begin({ wildcard, again: { rrset: a(source.name, '192.0.2.9') } });
    expect(await sift([source])).toEqual({
      stored: 0,
      synthesized: 1,
      asked: [beside, again, 'rrset-is', 'rrset-absent'],
    });
  });

  test('an update asks about an RRset whose name beside answers SERVFAIL, as under a wildcard CNAME that leads back to itself', async () => {
    const { sift, change, stored } = begin({ beside: 'servfail', stored: [source] });
    expect(await sift([source])).toEqual({ stored: 1, synthesized: 0, asked: [beside, again, 'rrset-is'] });
    expect(await sift([source])).toEqual({ stored: 1, synthesized: 0, asked: [] });
    // It moved while it was read: what is older is not taken.
    const newer = a(source.name, '192.0.2.3');
    change({ beside: 'servfail', stored: [newer], again: { rrset: newer } });
    expect(
      await stored.sift({ zone, rrsets: [source, a(source.name, '192.0.2.2')], anew: false, deadline }),
    ).toMatchObject({
      stored: [source, newer],
    });
    change({ beside: 'servfail', stored: [] });
    expect(await sift([a('other.shop.example.com.')])).toMatchObject({
      synthesized: 1,
      asked: [beside, 'read other.shop.example.com. A', 'rrset-is', 'rrset-absent'],
    });
  });

  test('a new CNAME is read once more, because the name beside may come from a newer zone', async () => {
    const alias: Rrset = {
      name: source.name,
      type: 'CNAME',
      ttlSeconds: 5,
      rdata: ['loop.shop.example.com.'],
    };
    const asked = [
      'read _source-dns-wildcard.shop.example.com. CNAME',
      'read source.shop.example.com. CNAME',
    ];
    expect(await begin({ again: {} }).sift([alias])).toEqual({ stored: 0, synthesized: 0, asked });
    expect(await begin({}).sift([alias])).toEqual({ stored: 1, synthesized: 0, asked });
  });

  test('at the apex is stored, because no wildcard answers there', async () => {
    expect(await begin({ wildcard: a('*.') }).sift([a(zone)])).toEqual({
      stored: 1,
      synthesized: 0,
      asked: [],
    });
  });

  test('without a possible sibling, because the parent is too long, counts as stored', async () => {
    const long = `a.${`${'x'.repeat(59)}.`.repeat(4)}example.com.`.slice(-253);
    expect(
      await begin({ wildcard: a('*.') }).sift([a(`b.${long.slice(long.indexOf('.') + 1)}`)]),
    ).toMatchObject({ asked: [] });
  });

  test('that our update wrote needs no question', async () => {
    const { sift, stored } = begin({});
    const other = a('replicas.shop.example.com.');
    stored.learn({
      zone,
      prerequisites: [{ kind: 'rrset-is', rrset: other }],
      changes: [{ kind: 'add-rrset', rrset: source }],
    });
    expect(await sift([source, other])).toEqual({ stored: 2, synthesized: 0, asked: [] });
  });
});

test('two names with one parent share one question', async () => {
  expect(await begin({}).sift([source, a('replicas.shop.example.com.')])).toMatchObject({
    asked: [beside, again, 'read replicas.shop.example.com. A'],
  });
});

test.each([
  ['silence at the name beside', { beside: 'no-answer' } as const],
  ['no answer to the update', { wildcard: a('*.'), outcome: { kind: 'unknown', failure } as const }],
  ['an update that never left', { wildcard: a('*.'), outcome: refusedWith('not-sent') }],
])('%s fails the reading', async (_, world) => {
  expect(await begin(world).sift([source])).toMatchObject({ failure: 'no-answer' });
});

test("a key that may not even ask: an RRset like the wildcard's counts as the wildcard's, and is not asked about at every reading", async () => {
  const { sift } = begin({ wildcard: a('*.'), outcome: refusedWith('rejected') });
  expect(await sift([source])).toEqual({ stored: 0, synthesized: 1, asked: [beside, 'rrset-is'] });
  expect(await sift([source])).toEqual({ stored: 0, synthesized: 1, asked: [] });
  expect(await begin({ outcome: refusedWith('rejected') }).sift([source], true)).toMatchObject({
    stored: 1,
    synthesized: 0,
  });
});

test('above the limit, the oldest RRset is asked about again', async () => {
  const { sift, stored } = begin({});
  stored.learn({ zone, prerequisites: [], changes: [{ kind: 'add-rrset', rrset: source }] });
  const others = Array.from({ length: maxKnownRrsets }, (_, index) => a(`n${index}.example.com.`));
  stored.learn({
    zone,
    prerequisites: [],
    changes: others.map((rrset) => ({ kind: 'add-rrset', rrset }) as const),
  });
  expect(await sift([source])).toMatchObject({ asked: [beside, again] });
  expect(await sift([others.at(-1)!])).toMatchObject({ asked: [] });
});
