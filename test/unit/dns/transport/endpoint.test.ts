/** A nameserver's host name and its addresses. */
import { lookup } from 'node:dns/promises';
import { beforeEach, expect, test, vi } from 'vitest';
import { resolveAll, resolveOne, showEndpoint } from '../../../../src/dns/transport/endpoint.ts';

vi.mock('node:dns/promises', () => ({ lookup: vi.fn() }));
const answer = (...addresses: string[]) =>
  vi.mocked(lookup).mockResolvedValue(addresses.map((address) => ({ address, family: 4 })) as never);

beforeEach(() => {
  vi.mocked(lookup).mockReset();
});

test('an address resolves to itself without a look-up', async () => {
  expect(await resolveOne('192.0.2.53')).toEqual({ kind: 'address', address: '192.0.2.53' });
  expect(await resolveOne('2001:db8::53')).toEqual({ kind: 'address', address: '2001:db8::53' });
  expect(await resolveOne('2001:DB8:0::53')).toEqual({ kind: 'address', address: '2001:db8::53' });
  expect(await resolveOne('fe80::53%eth0')).toEqual({ kind: 'address', address: 'fe80::53%eth0' });
  expect(lookup).not.toHaveBeenCalled();
});

test('a host name with one address resolves, also if the resolver repeats it', async () => {
  answer('192.0.2.53', '192.0.2.53');
  expect(await resolveOne('ns1.example.com')).toEqual({ kind: 'address', address: '192.0.2.53' });
});

test('a host name with several addresses is refused: it could mean two locks', async () => {
  answer('192.0.2.53', '2001:db8::53');
  expect(await resolveOne('ns1.example.com')).toMatchObject({
    kind: 'failed',
    failure: { code: 'nameserver-ambiguous', message: expect.stringContaining('192.0.2.53, 2001:db8::53') },
  });
  expect(await resolveAll('ns1.example.com')).toEqual({
    kind: 'addresses',
    addresses: ['192.0.2.53', '2001:db8::53'],
  });
});

test('an unknown host name fails', async () => {
  vi.mocked(lookup).mockRejectedValue(Object.assign(new Error(), { code: 'ENOTFOUND' }));
  expect(await resolveOne('nobody.invalid')).toMatchObject({
    kind: 'failed',
    failure: { code: 'nameserver-not-found' },
  });
});

test.each([
  ['ENOTFOUND', /^it has no address/],
  ['EAI_AGAIN', /could not be looked up \(EAI_AGAIN\)/],
])("the failure tells the resolver's %s", async (code, says) => {
  vi.mocked(lookup).mockRejectedValue(Object.assign(new Error(), { code }));
  const resolved = await resolveOne('ns1.example.com');
  const { message } = (resolved as { failure: { message: string } }).failure;
  expect(message.replace(/^.*name ns1\.example\.com: /, '')).toMatch(says);
});

test.each([
  '',
  '.',
  'a..b',
  'a b',
  'ns\\046a.example.com',
  '\\195\\164.example.com',
  '*.example.com',
  '-a.example.com',
  '1',
  '127.1',
  '0x7f.1',
  'a.0x7f000001',
  `${'a'.repeat(64)}.com`,
  `${'a.'.repeat(130)}com`,
])(
  '%j is no host name, so nobody is asked: getaddrinfo takes some of them for addresses, and the empty one for localhost',
  async (host) => {
    expect(await resolveAll(host)).toEqual({ kind: 'none', why: 'is not a host name' });
    expect(lookup).not.toHaveBeenCalled();
  },
);

test('showEndpoint shows the port, and IPv6 in brackets', () => {
  expect([
    showEndpoint({ host: '192.0.2.53', port: 53 }),
    showEndpoint({ host: '2001:db8::53', port: 5353 }),
  ]).toEqual(['192.0.2.53:53', '[2001:db8::53]:5353']);
});
