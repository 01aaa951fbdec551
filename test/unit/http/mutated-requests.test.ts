/** Requests that were right, and were changed by chance: none of them finds a bug, or keeps others away. */

import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { apiPlugins } from '../../../src/cli/api-plugins.ts';
import { random } from '../../support/given.ts';
import { ask, bearer, fakeDaemon, startTcpApi, withToken } from '../../support/tcp-api.ts';

const rounds = 40;
const together = 20;
/** A client that is still waiting then goes away. */
const patienceMs = 40;

const host = 'host: localhost\r\n';
const post = `${host}authorization: ${bearer().authorization}\r\ncontent-type: application/json`;
const right = [
  `GET /v1/clusters/shop HTTP/1.1\r\n${host}\r\n`,
  `POST /v1/clusters/shop/follow HTTP/1.1\r\n${post}\r\ncontent-length: 16\r\n\r\n{"server":"db2"}`,
  `POST /v1/clusters/shop/freeze HTTP/1.1\r\n${post}; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{"reason":"why"}\r\n0\r\n\r\n`,
  `GET /v1/events?cluster=shop&after=a-1 HTTP/1.1\r\n${host}last-event-id: abc-3\r\n\r\n`,
  `GET /v1/clusters/shop/advice?to=rejoin&server=db1 HTTP/1.1\r\n${host}expect: 100-continue\r\n\r\n`,
  `GET /?q=x&page=2 HTTP/1.1\r\n${host}\r\n`,
  `GET /clusters/shop HTTP/1.1\r\n${host}\r\n`,
  `HEAD /metrics HTTP/1.1\r\n${host}\r\n`,
  `OPTIONS /v1/clusters HTTP/1.1\r\n${host}origin: http://localhost\r\n\r\n`,
  `QUERY /v1/clusters HTTP/1.1\r\n${host}content-type: a/b\r\n\r\n`,
] as const;
const odd = [
  '%',
  '%2',
  '%00',
  '/',
  '..',
  '?',
  '#',
  ';',
  '\r\n',
  '\n',
  ' ',
  '\t',
  ':',
  ',',
  '{',
  '"',
  '\u0000',
];
const pieces = [...odd, '\u00e9', '__proto__', '[]', 'HTTP/1.0', 'x'.repeat(3000), '%E0%A4', '*', '\\'];

function mutated(below: (limit: number) => number): string {
  let text: string = right[below(right.length)] ?? '';
  for (let changes = 1 + below(4); changes > 0; changes -= 1) {
    const at = below(text.length);
    const [before, after] = [text.slice(0, at), text.slice(at)];
    const ways = [
      () => before + (pieces[below(pieces.length)] ?? '') + after,
      () => before + after.slice(1 + below(6)),
      () => before + String.fromCharCode(below(256)) + after.slice(1),
      () => text + (right[below(right.length)] ?? ''),
    ];
    text = ways[below(ways.length)]?.() ?? text;
  }
  return text;
}

/** Resolves when the connection is over. */
const sent = (port: number, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('error', () => {}).on('data', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.write(bytes);
  });

test('a changed request finds no bug', async () => {
  const running = await startTcpApi(withToken(), fakeDaemon().api, apiPlugins);
  const below = random(42);
  for (let round = 0; round < rounds; round += 1) {
    const texts = Array.from({ length: together }, () => mutated(below));
    await Promise.all(
      texts.map((text) => sent(running.port(), Buffer.from(text, below(2) === 0 ? 'utf8' : 'latin1'))),
    );
    expect(running.bugs, texts.join('\n----\n')).toEqual([]);
  }
  expect(await ask(running.port(), 'GET /healthz')).toMatchObject({ status: 200 });
}, 60_000);
