/** A resolver that hangs costs hooks their calls, and nobody else. */

import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createOneLookup } from '../../../../src/daemon/hooks/one-lookup.ts';
import { hookWorld, moveOf, urlHook } from '../../../support/hook-world.ts';

test('one host is looked up at a time: the other threads of libuv stay free', () => {
  const asked: { readonly host: string; end(): void }[] = [];
  const lookup = createOneLookup((host, _options, callback) => {
    asked.push({ host, end: () => callback(null, '192.0.2.1', 4) });
  });
  const answers: string[] = [];
  const ask = (host: string) =>
    lookup(host, {}, (error, address) => void answers.push(`${host} ${error?.message ?? String(address)}`));
  for (const host of ['a', 'b', 'c']) ask(host);
  expect(asked.map(({ host }) => host)).toEqual(['a']);
  asked[0]?.end();
  expect(asked.map(({ host }) => host)).toEqual(['a', 'b']);
  asked[1]?.end();
  asked[2]?.end();
  ask('d');
  expect(asked.map(({ host }) => host)).toEqual(['a', 'b', 'c', 'd']);
  expect(answers).toEqual(['a 192.0.2.1', 'b 192.0.2.1', 'c 192.0.2.1']);
});

test('a caller that throws does not keep the next lookup from its turn', () => {
  const callbacks: Parameters<LookupFunction>[2][] = [];
  const lookup = createOneLookup((_host, _options, callback) => void callbacks.push(callback));
  lookup('a', {}, () => {
    throw new Error('the caller');
  });
  lookup('b', {}, () => {});
  expect(() => callbacks[0]?.(null, '192.0.2.1', 4)).toThrow('the caller');
  expect(callbacks).toHaveLength(2);
});

test('a name that leads to several addresses works: the next one is tried', async () => {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    request.resume();
    response.end('ok');
  });
  // Only one of the addresses of localhost.
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { hooks, record, records } = hookWorld({
    afterMove: [urlHook(`http://localhost:${port}/`), urlHook(`http://localhost:${port}/`)],
  });
  hooks.take(moveOf());
  await record(2);
  expect(records.map(({ sentence }) => sentence)).toEqual(['HTTP 200', 'HTTP 200']);
  expect(asked).toBe(2);
});
