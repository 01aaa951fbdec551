/** The nsupdate client: its script, the outcomes that it reads, and when it starts no process. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Fqdn, MonoMs } from '../../../../src/core/model/units.ts';
import type { Rrset, UpdatePlan } from '../../../../src/core/model/zone.ts';
import { systemClock as clock } from '../../../../src/daemon/clock.ts';
import { createNsupdateClient } from '../../../../src/dns/client/nsupdate.ts';
import { nsupdateOutcome } from '../../../../src/dns/client/nsupdate-outcome.ts';
import { nsupdateScript, planLines } from '../../../../src/dns/client/nsupdate-script.ts';
import { tsigKey } from '../../../../src/dns/message/tsig.ts';
import type { UpdateMessage } from '../../../../src/dns/message/update.ts';

const name = 'source.example.com.' as Fqdn;
const zone = 'example.com.' as Fqdn;
const key = tsigKey('k.' as Fqdn, 'hmac-sha256', Buffer.from('a secret'));

test('a plan becomes a script', () => {
  const plan: UpdatePlan = {
    zone,
    prerequisites: [
      {
        kind: 'rrset-is',
        rrset: { name, type: 'TXT', ttlSeconds: 300, rdata: [['v=1', 'why=first-source'], ['']] },
      },
      { kind: 'rrset-absent', name, type: 'A' },
    ],
    changes: [
      { kind: 'delete-rrset', name, type: 'AAAA' },
      { kind: 'add-rrset', rrset: { name, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1', '192.0.2.2'] } },
      {
        kind: 'add-rrset',
        rrset: {
          name,
          type: 'SRV',
          ttlSeconds: 5,
          rdata: [{ priority: 0, weight: 1, port: 3306, target: name }],
        },
      },
      { kind: 'add-rrset', rrset: { name, type: 'CNAME', ttlSeconds: 0, rdata: ['db.example.'] } },
    ],
  };
  expect(nsupdateScript(plan, { host: '2001:db8::53', port: 5353 }, key).split('\n')).toEqual([
    'server 2001:db8::53 5353',
    'key hmac-sha256:k. YSBzZWNyZXQ=',
    'zone example.com.',
    'prereq yxrrset source.example.com. IN TXT "v=1" "why=first-source"',
    'prereq yxrrset source.example.com. IN TXT ""',
    'prereq nxrrset source.example.com. IN A',
    'update delete source.example.com. IN AAAA',
    'update add source.example.com. 5 IN A 192.0.2.1',
    'update add source.example.com. 5 IN A 192.0.2.2',
    'update add source.example.com. 5 IN SRV 0 1 3306 source.example.com.',
    'update add source.example.com. 0 IN CNAME db.example.',
    'send',
    '',
  ]);
});

test('the script names a key for truncated MACs as nsupdate does', () => {
  const truncated = tsigKey('k.' as Fqdn, 'hmac-sha256', Buffer.from('a secret'), 16);
  const script = nsupdateScript(
    { zone, prerequisites: [], changes: [] },
    { host: '192.0.2.53', port: 53 },
    truncated,
  );
  expect(script).toContain('\nkey hmac-sha256-128:k. YSBzZWNyZXQ=\n');
});

test('the script turns off name checks if a name is not a host name', () => {
  const lines = (rrset: Rrset) =>
    planLines({ zone, prerequisites: [], changes: [{ kind: 'add-rrset', rrset }] });
  const leadingTo = (target: string) => [{ priority: 0, weight: 1, port: 3306, target: target as Fqdn }];
  const odd = 'my_db.example.com.' as Fqdn;
  expect(lines({ name: odd, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] })).toEqual([
    'zone example.com.',
    'check-names off',
    'update add my_db.example.com. 5 IN A 192.0.2.1',
    'send',
  ]);
  expect(lines({ name, type: 'SRV', ttlSeconds: 5, rdata: leadingTo(odd) })).toContain('check-names off');
  for (const plain of [
    { name, type: 'SRV', ttlSeconds: 5, rdata: leadingTo(name) },
    { name: odd, type: 'CNAME', ttlSeconds: 5, rdata: [odd] },
    { name: odd, type: 'TXT', ttlSeconds: 5, rdata: [['check-names off']] },
  ] as const)
    expect(lines(plain)).not.toContain('check-names off');
});

test('every prerequisite and change of RFC 2136 becomes a line', () => {
  const plan: UpdateMessage = {
    zone,
    prerequisites: [
      { kind: 'rrset-exists', name, type: 'A' },
      { kind: 'name-in-use', name },
      { kind: 'name-not-in-use', name: zone },
    ],
    changes: [
      { kind: 'delete-name', name },
      { kind: 'delete-rrs', rrset: { name, type: 'TXT', ttlSeconds: 5, rdata: [['a', 'b;'], ['c']] } },
    ],
  };
  expect(planLines(plan)).toEqual([
    'zone example.com.',
    'prereq yxrrset source.example.com. IN A',
    'prereq yxdomain source.example.com.',
    'prereq nxdomain example.com.',
    'update delete source.example.com.',
    'update delete source.example.com. IN TXT "a" "b\\059"',
    'update delete source.example.com. IN TXT "c"',
    'send',
  ]);
});

test('no byte of a TXT leaves the quotes', () => {
  const every = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
  const rrset = {
    name,
    type: 'TXT',
    ttlSeconds: 5,
    rdata: [[every.slice(0, 128), every.slice(128)]],
  } as const;
  const script = nsupdateScript(
    { zone, prerequisites: [], changes: [{ kind: 'add-rrset', rrset }] },
    { host: '127.0.0.1', port: 53 },
    undefined,
  );
  expect(script.split('\n')).toHaveLength(5);
  expect(script).toContain('"\\000\\001');
  expect(script).toMatch(/^update add \S+ 5 IN TXT "[^"\n;]*" "[^"\n;]*"$/m);
});

describe('outcomes', () => {
  const asked = {
    nameserver: 'ns1 (127.0.0.1:53)',
    what: 'update',
    zone,
    signing: { key, fudgeSeconds: 300 },
  } as const;
  const tsig = '; TSIG error with server: expected a TSIG or SIG(0)\n';
  test.each([
    ['applied', 0, '', 'applied'],
    ['a remark on the key', 0, "26-Nov-2026 14:39:15.576 the key 'k' is too short to be secure\n", 'applied'],
    [
      'a remark and a failure',
      2,
      "the key 'k' is too short to be secure\nupdate failed: NXRRSET\n",
      'refused prerequisite-failed prerequisite-failed',
    ],
    ['a warning is no success', 0, 'could not read key from x\n', 'unknown nsupdate-failed'],
    ['lost the race', 2, 'update failed: NXRRSET\n', 'refused prerequisite-failed prerequisite-failed'],
    [
      'first publication lost',
      2,
      'update failed: YXRRSET\n',
      'refused prerequisite-failed prerequisite-failed',
    ],
    ['policy', 2, 'update failed: REFUSED\n', 'refused rejected update-refused'],
    ['not served', 2, 'update failed: NOTAUTH\n', 'refused rejected zone-not-served'],
    // nsupdate 9.20 prints the RCODE of an answer that it could not verify. A forger must not make us believe
    // that RCODE.
    ['unsigned NXRRSET', 2, `${tsig}update failed: NXRRSET\n`, 'unknown unsigned-answer'],
    ['unsigned NOERROR', 2, tsig, 'unknown unsigned-answer'],
    ['unsigned REFUSED', 2, `${tsig}update failed: REFUSED\n`, 'unknown update-refused'],
    [
      'BADKEY',
      2,
      '; TSIG error with server: tsig indicates error\nupdate failed: NOTAUTH(BADKEY)\n',
      'unknown tsig-badkey',
    ],
    [
      'BADSIG',
      2,
      '; TSIG error with server: tsig indicates error\nupdate failed: NOTAUTH(BADSIG)\n',
      'unknown tsig-badsig',
    ],
    [
      'BADTIME',
      2,
      '; TSIG error with server: clocks are unsynchronized\nupdate failed: NOTAUTH(BADTIME)\n',
      'unknown tsig-badtime',
    ],
    [
      'nobody listens',
      2,
      '; Communication with 127.0.0.1#53 failed: connection refused\n',
      'refused not-sent connection-refused',
    ],
    [
      'nobody listens (9.18)',
      2,
      '; Communication with 127.0.0.1#53 failed: operation canceled\n',
      'refused not-sent connection-failed',
    ],
    ['silence', 2, '; Communication with 127.0.0.1#53 failed: timed out\n', 'unknown no-answer'],
    ['hung up', 2, '; Communication with 127.0.0.1#53 failed: end of file\n', 'unknown connection-lost'],
    ['an extended RCODE', 2, 'update failed: BADCOOKIE\n', 'refused rejected unexpected-rcode'],
    ['a word that is not known', 2, 'update failed: BADLUCK\n', 'unknown nsupdate-failed'],
    ['a line that it does not take', 1, 'syntax error\n', 'refused not-sent nsupdate-failed'],
    ['it crashed', 'SIGABRT', 'tls.c:125: fatal error\n', 'unknown nsupdate-failed'],
    ['it was killed by somebody else', 'SIGTERM', '', 'unknown nsupdate-failed'],
    ['killed at the deadline', undefined, '', 'unknown no-answer'],
  ])('%s', (_, exitCode, stderr, expected) => {
    const outcome = nsupdateOutcome(asked, exitCode, stderr);
    const code = 'code' in outcome ? ` ${outcome.code}` : '';
    expect(`${outcome.kind}${code}${'failure' in outcome ? ` ${outcome.failure.code}` : ''}`).toBe(expected);
  });
});

describe('nsupdate is not started', () => {
  const plan: UpdatePlan = { zone, prerequisites: [], changes: [{ kind: 'delete-rrset', name, type: 'A' }] };
  const ms = (after: number): MonoMs => (clock.mono() + after) as MonoMs;

  async function updated(request: {
    readonly notAfter: MonoMs;
    readonly deadline: MonoMs;
    readonly recalled?: AbortSignal;
  }) {
    const folder = await mkdtemp(join(tmpdir(), 'sd-nsupdate-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const started = join(folder, 'started');
    const client = createNsupdateClient({
      name: 'ns1',
      address: '127.0.0.1',
      port: 1,
      transport: 'tcp',
      timeoutMs: 5000,
      fudgeSeconds: 300,
      clock,
      command: ['/bin/sh', '-c', `echo > ${started}`],
      args: [],
    });
    const outcome = await client.update({ plan, ...request });
    await client.close();
    return { outcome, isStarted: existsSync(started) };
  }

  test('for an update that was recalled, has old evidence, or is past its deadline', async () => {
    const [soon, past] = [ms(60_000), ms(-1)];
    const refused = (code: string) => ({ outcome: { kind: 'refused', failure: { code } }, isStarted: false });
    expect(await updated({ notAfter: soon, deadline: soon, recalled: AbortSignal.abort() })).toMatchObject(
      refused('recalled'),
    );
    expect(await updated({ notAfter: past, deadline: soon })).toMatchObject(refused('expired'));
    expect((await updated({ notAfter: soon, deadline: past })).isStarted).toBe(false);
    expect((await updated({ notAfter: soon, deadline: soon })).isStarted).toBe(true);
  });
});
