/** Wrong tokens: an address has a few tries a minute, and the log says who tried, but not what. */

import { expect, test } from 'vitest';
import { TokenTries, triesLimit, triesWindowMs } from '../../../src/http/token-tries.ts';
import { ask, bearer, fakeDaemon, startTcpApi, token, withToken } from '../../support/tcp-api.ts';

function world() {
  let now = 0;
  const said: string[] = [];
  const tries = new TokenTries({ say: (sentence) => said.push(sentence), now: () => now });
  const wrong = (address: string, times: number) => {
    for (let count = 0; count < times; count += 1) tries.wrong(address);
  };
  return { tries, said, wrong, pass: (ms: number) => (now += ms) };
}

test('after the last try the address waits until its minute is over; another address does not', () => {
  const { tries, said, wrong, pass } = world();
  wrong('192.0.2.7', triesLimit - 1);
  expect(tries.mayTry('192.0.2.7')).toBe(true);
  tries.wrong('192.0.2.7');
  expect(tries.mayTry('192.0.2.7')).toBe(false);
  expect(tries.mayTry('::ffff:192.0.2.7')).toBe(false);
  expect(tries.mayTry('192.0.2.8')).toBe(true);
  pass(triesWindowMs);
  expect(tries.mayTry('192.0.2.7')).toBe(true);
  expect(said).toEqual([
    'a client at 192.0.2.7 gave a wrong token',
    '10 wrong tokens came from 192.0.2.7 in a minute: until the minute is over, no token of it is read',
  ]);
});

test('the right token forgives slips', () => {
  const { tries, wrong } = world();
  wrong('192.0.2.7', triesLimit - 1);
  tries.right('192.0.2.7');
  wrong('192.0.2.7', triesLimit - 1);
  expect(tries.mayTry('192.0.2.7')).toBe(true);
});

test('an IPv4 address has one text in the log, also behind a listener for IPv6', () => {
  const { said, wrong } = world();
  wrong('::ffff:192.0.2.7', 1);
  expect(said).toEqual(['a client at 192.0.2.7 gave a wrong token']);
});

test('all addresses of one IPv6 network are one', () => {
  const { tries, said, wrong } = world();
  wrong('2001:db8:1:2::a', triesLimit);
  expect(said.at(-1)).toMatch(/^10 wrong tokens came from 2001:db8:1:2::\/64 in a minute/);
  expect(tries.mayTry('2001:db8:1:2:ffff::b%eth0')).toBe(false);
  expect(tries.mayTry('2001:db8:1:3::a')).toBe(true);
});

test('a thousand addresses and twenty sentences a minute are kept, no more', () => {
  const { tries, said, wrong, pass } = world();
  for (let host = 0; host <= 1000; host += 1) wrong(`10.0.${host >> 8}.${host & 255}`, triesLimit);
  expect(tries.mayTry('10.0.0.0')).toBe(true);
  expect(tries.mayTry('10.0.0.1')).toBe(false);
  expect(said).toHaveLength(20);
  pass(triesWindowMs);
  tries.wrong('192.0.2.7');
  expect(said).toHaveLength(21);
});

test('over TCP the right token is not even read after too many wrong ones; reading goes on', async () => {
  const { api, commands } = fakeDaemon();
  const running = await startTcpApi(withToken(), api);
  const thaw = (text: string) => ask(running.port(), 'POST /v1/clusters/shop/thaw', bearer(text), '{}');
  for (let count = 0; count < triesLimit; count += 1)
    expect(await thaw(`wrong-token-number-${count}`)).toMatchObject({ status: 401 });
  const refused = await thaw(token);
  expect(refused).toMatchObject({ status: 429, code: 'too-many-tries' });
  expect(refused.head).toMatch(/^retry-after: 60\r?$/im);
  expect(await ask(running.port(), 'GET /v1/clusters')).toMatchObject({ status: 200 });
  expect(commands).toEqual([]);
  expect(running.wrongTokens).toHaveLength(2);
  expect(running.wrongTokens.join()).not.toContain('wrong-token');
  // The file rights of the unix socket are its access control.
  expect(await ask(running.socketPath, 'POST /v1/clusters/shop/thaw', {}, '{}')).toMatchObject({
    status: 200,
  });
});
