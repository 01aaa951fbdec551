/** The library's own checks: what callers without types, or with a wrong value, are told. */

import { expect, test } from 'vitest';
import {
  type NameserverOptions,
  openNameserver,
  TsigKeyError,
  tsigKey,
  type Update,
} from '../../../src/library/source-dns.ts';

const key = tsigKey({ name: 'Shop-Key', algorithm: 'HMAC-SHA256', secret: 'c2VjcmV0' });

test('a key has a canonical name and algorithm, and its secret is never text', () => {
  expect(key).toMatchObject({ name: 'shop-key.', algorithm: 'hmac-sha256', macBytes: 32 });
  expect(key.secret.export().toString()).toBe('secret');
  expect(JSON.stringify(key)).not.toMatch(/c2VjcmV0|secret"?:"/);
});

test.each<[string, Parameters<typeof tsigKey>[0]]>([
  ['a name with an empty label', { name: 'a..b', algorithm: 'hmac-sha256', secret: 'c2VjcmV0' }],
  ['an algorithm of something else', { name: 'k', algorithm: 'sha3', secret: 'c2VjcmV0' }],
  ['an empty secret', { name: 'k', algorithm: 'hmac-sha256', secret: '' }],
  ['a secret that is not base64', { name: 'k', algorithm: 'hmac-sha256', secret: 'not base64!' }],
  ['a secret that is cut off', { name: 'k', algorithm: 'hmac-sha256', secret: 'c2Vjc' }],
  ['no bytes', { name: 'k', algorithm: 'hmac-sha256', secret: new Uint8Array() }],
])('%s is a TsigKeyError that shows no secret', (_what, parts) => {
  const made = () => tsigKey(parts);
  expect(made).toThrow(TsigKeyError);
  expect(made).toThrow(expect.objectContaining({ code: 'key-invalid' }));
  if (typeof parts.secret === 'string' && parts.secret !== '')
    expect(made).not.toThrow(expect.objectContaining({ message: expect.stringContaining(parts.secret) }));
});

test.each<[string, Record<string, unknown>]>([
  ['no address', { address: '' }],
  ['a port that is too high', { address: '192.0.2.1', port: 65_536 }],
  ['a port that is a text', { address: '192.0.2.1', port: '53' }],
  ['another transport', { address: '192.0.2.1', transport: 'quic' }],
  ['a time-out of 0', { address: '192.0.2.1', timeoutMs: 0 }],
  ['an endless time-out', { address: '192.0.2.1', timeoutMs: Number.POSITIVE_INFINITY }],
  ['a fudge of a second and a half', { address: '192.0.2.1', fudgeSeconds: 1.5 }],
  ['an address with a port', { address: '192.0.2.1:53' }],
  ['an IPv4 address in brackets', { address: '[192.0.2.1]' }],
  ['a host name with a space', { address: 'ns1.example.com ' }],
  ['a key in plain parts', { address: '192.0.2.1', key: { ...key, secret: 'c2VjcmV0' } }],
  ['a key with another spelling of its name', { address: '192.0.2.1', key: { ...key, name: 'shop-key' } }],
  ['what readTsigKey resolves to, in place of its key', { address: '192.0.2.1', key: { key, warnings: [] } }],
  ['a key that is null', { address: '192.0.2.1', key: null }],
])('%s is a TypeError at once', (_what, options) => {
  expect(() => openNameserver(options as unknown as NameserverOptions)).toThrow(TypeError);
});

const rrset = { name: 'a.example.com', type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] } as const;
test.each(['ns1.example.com', 'ns1.example.com.', '[2001:db8::53]', '2001:db8::53', '::ffff:192.0.2.1'])(
  '%s is an address',
  async (address) => {
    await openNameserver({ address, key }).close();
  },
);

test('after close nothing is sent, and every answer says so', async () => {
  const nameserver = openNameserver({ address: '[2001:db8::53]', key });
  await nameserver.close();
  const closed = {
    failure: {
      code: 'client-closed',
      message: 'The client of the nameserver [2001:db8::53]:53 is closed.',
    },
  };
  const update: Update = { zone: 'example.com', changes: [{ kind: 'add-rrset', rrset }] };
  expect(await nameserver.update(update)).toMatchObject({ kind: 'refused', code: 'not-sent', ...closed });
  expect(await nameserver.read({ questions: [rrset] })).toMatchObject({ kind: 'failed', ...closed });
  const { nameservers } = await nameserver.propagation({ zone: 'example.com', present: [rrset] });
  expect(nameservers).toMatchObject([closed]);
});

/** Nothing is sent to it. */
const opened = () => openNameserver({ address: '192.0.2.1', key });

test.each<[string, Update, string]>([
  [
    'a name outside the zone',
    { zone: 'example.net', changes: [{ kind: 'add-rrset', rrset }] },
    'not-in-zone',
  ],
  [
    'a name with a label of 64 bytes',
    { zone: 'example.com', changes: [{ kind: 'delete-name', name: `${'a'.repeat(64)}.example.com` }] },
    'invalid-plan',
  ],
  [
    'an address that is none',
    { zone: 'example.com', changes: [{ kind: 'add-rrset', rrset: { ...rrset, rdata: ['192.0.2'] } }] },
    'invalid-plan',
  ],
  [
    'an RRset without an RR',
    { zone: 'example.com', changes: [{ kind: 'add-rrset', rrset: { ...rrset, rdata: [] } }] },
    'invalid-plan',
  ],
  [
    'a negative TTL',
    { zone: 'example.com', changes: [{ kind: 'add-rrset', rrset: { ...rrset, ttlSeconds: -1 } }] },
    'invalid-plan',
  ],
])('%s: the update is not sent, and the failure says why', async (_what, update, code) => {
  const nameserver = opened();
  expect(await nameserver.update(update)).toMatchObject({
    kind: 'refused',
    code: 'not-sent',
    failure: { code },
  });
  await nameserver.close();
});

test.each<[string, unknown]>([
  ['an RR type', { changes: [{ kind: 'add-rrset', rrset: { ...rrset, type: 'MX' } }] }],
  ['the type ANY of a deletion', { changes: [{ kind: 'delete-rrset', name: rrset.name, type: 'ANY' }] }],
  ['a type in lower case', { changes: [{ kind: 'delete-rrset', name: rrset.name, type: 'a' }] }],
  [
    'the type of a prerequisite',
    { prerequisites: [{ kind: 'rrset-absent', name: rrset.name, type: 'MX' }], changes: [] },
  ],
  ['a change', { changes: [{ kind: 'replace', rrset }] }],
  ['a prerequisite', { prerequisites: [{ kind: 'exists' }], changes: [] }],
])('%s that the library does not know is a TypeError', async (_what, part) => {
  const nameserver = opened();
  const update = { zone: 'example.com', ...(part as object) } as Update;
  await expect(nameserver.update(update)).rejects.toThrow(TypeError);
  await nameserver.close();
});

test('an aborted update is not sent', async () => {
  const nameserver = opened();
  const outcome = await nameserver.update(
    { zone: 'example.com', changes: [{ kind: 'add-rrset', rrset }] },
    { signal: AbortSignal.abort() },
  );
  expect(outcome).toMatchObject({ kind: 'refused', code: 'not-sent' });
  await nameserver.close();
});

test('questions, and what to wait for, must not be empty', async () => {
  const nameserver = opened();
  await expect(nameserver.read({ questions: [] })).rejects.toThrow(TypeError);
  await expect(nameserver.propagation({ zone: 'example.com' })).rejects.toThrow(TypeError);
  await nameserver.close();
});
