/**
 * The inspection of a refusal, without a nameserver: the order of the questions, their limits, and the words
 * for unusual keys.
 */
import { expect, test } from 'vitest';
import type { Failure } from '../../../../src/core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../../../src/core/model/units.ts';
import type { Question, RrType, UpdateOutcome, UpdatePlan } from '../../../../src/core/model/zone.ts';
import { systemClock } from '../../../../src/daemon/clock.ts';
import { createRefusalInspector, maxWaitingInspections } from '../../../../src/dns/client/refusal.ts';
import { grants, policyRefuses } from '../../../../src/dns/client/refusal-words.ts';
import type { MessageRequest } from '../../../../src/dns/message/update.ts';
import type { SerialsOptions } from '../../../../src/dns/read/serials.ts';

const zone = 'example.com.' as Fqdn;
const source = `source.${zone}` as Fqdn;
const ledger = `_source-dns.${source}` as Fqdn;
const failure: Failure = { code: 'update-refused', message: 'REFUSED.', hint: 'Five causes.' };
const deadline = (systemClock.mono() + 60_000) as MonoMs;
const plan: UpdatePlan = {
  zone,
  prerequisites: [],
  changes: [
    { kind: 'delete-rrset', name: source, type: 'A' },
    { kind: 'add-rrset', rrset: { name: source, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] } },
    { kind: 'add-rrset', rrset: { name: ledger, type: 'TXT', ttlSeconds: 5, rdata: [['v=1']] } },
  ],
};
const signing = { key: { name: 'k.' } };
const options = {
  primary: { nameserver: 'ns1 (192.0.2.53:53)', signing, clock: systemClock },
} as unknown as SerialsOptions;
const refused: UpdateOutcome = { kind: 'refused', code: 'rejected', failure };
const failed: UpdateOutcome = {
  kind: 'refused',
  code: 'prerequisite-failed',
  failure: { code: 'prerequisite-failed', message: 'YXDOMAIN' },
};

/** A nameserver that checks prerequisites last, and denies these names. */
function denying(...names: readonly Fqdn[]) {
  const log: string[] = [];
  let now = 0;
  let most = 0;
  const update = async ({ plan: asked }: MessageRequest): Promise<UpdateOutcome> => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    const changed = asked.changes
      .map((change) => ('rrset' in change ? change.rrset : change))
      .map(({ name }) => name);
    log.push(changed.join(' '));
    if (changed.some((name) => names.includes(name))) return refused;
    return asked.prerequisites.length > 0 ? failed : { kind: 'applied' };
  };
  return { update, log, most: () => most };
}

test('several inspections send one message after the other', async () => {
  const { update, most } = denying(ledger);
  const inspect = createRefusalInspector(options, update);
  const found = await Promise.all([1, 2, 3].map(() => inspect({ plan, failure, deadline })));
  expect(new Set(found.map(({ hint }) => hint))).toEqual(
    new Set([
      'Add to the update-policy of the zone example.com., above every deny (the first line that matches counts): grant k name _source-dns.source.example.com TXT;',
    ]),
  );
  expect(most()).toBe(1);
});

test('above the limit of waiting inspections, a refusal keeps its first failure', async () => {
  const { update } = denying(ledger);
  const inspect = createRefusalInspector(options, update);
  const found = await Promise.all(
    Array.from({ length: maxWaitingInspections + 2 }, () => inspect({ plan, failure, deadline })),
  );
  expect(found.filter((told) => told === failure)).toHaveLength(2);
  expect(await inspect({ plan, failure, deadline })).not.toBe(failure);
});

test('an inspection ends by its deadline, and the next inspection starts', async () => {
  let asked = 0;
  const { update } = denying(ledger);
  const inspect = createRefusalInspector(options, (request) => {
    asked += 1;
    return asked === 1 ? new Promise(() => {}) : update(request);
  });
  const soon = (systemClock.mono() + 20) as MonoMs;
  const first = inspect({ plan, failure, deadline: soon });
  const second = inspect({ plan, failure, deadline });
  expect(await first).toBe(failure);
  expect((await second).hint).toContain('grant k name');
});

test('uncertain answers change no word', async () => {
  const unsure: UpdateOutcome = { kind: 'unknown', failure: { code: 'no-answer', message: 'Silence.' } };
  for (const outcome of [unsure, { kind: 'applied' } as const])
    expect(await createRefusalInspector(options, async () => outcome)({ plan, failure, deadline })).toBe(
      failure,
    );
});

const asked = (name: string, ...types: readonly RrType[]): readonly Question[] =>
  types.map((type) => ({ name: `${name}.` as Fqdn, type }));
const about = (key: string | undefined) => ({ nameserver: 'ns1', zone, key: key as Fqdn | undefined });

test('each name gets a grant line, with quotes if BIND needs them', () => {
  const rrsets = [
    ...asked('x.example.com', 'A', 'AAAA'),
    ...asked('_source-dns.x.example.com', 'TXT'),
    ...asked('x.example.com', 'A'),
  ];
  expect(grants(about('k.'), rrsets).join(' ')).toBe(
    'grant k name x.example.com AAAA A; grant k name _source-dns.x.example.com TXT;',
  );
  expect(grants(about('host/db@example.'), asked('x', 'A'))).toEqual(['grant "host/db@example" name x A;']);
});

test('for updates that another program signs, the hint says KEY', () => {
  const { message, hint } = policyRefuses(about(undefined), failure, asked('x', 'A'), asked('x', 'A', 'TXT'));
  expect(message).toContain('this host (without key_file)');
  expect(hint).toMatch(/grant KEY name x A; Replace KEY by the identity that signs the updates/);
});
