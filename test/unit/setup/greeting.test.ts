/** The greeting of a server, byte by byte: Protocol::HandshakeV10, an error packet, and other programs. */

import { expect, test } from 'vitest';
import { readGreeting } from '../../../src/setup/greeting.ts';

const packet = (...parts: readonly (string | number)[]): Buffer => {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))),
  );
  return Buffer.concat([Buffer.of(body.length, 0, 0, 0), body]);
};

test.each([
  ['9.7.4', { kind: 'greeted', product: 'mysql', version: '9.7.4' }],
  [
    '5.5.5-10.11.18-MariaDB-log',
    { kind: 'greeted', product: 'mariadb', version: '5.5.5-10.11.18-MariaDB-log' },
  ],
  ['8.0\u001b[2J', { kind: 'greeted', product: 'mysql', version: '8.0?[2J' }],
])('a server that calls itself %s', (version, greeting) => {
  const bytes = packet(10, version, 0, 'rest');
  expect(readGreeting(bytes)).toEqual(greeting);
  for (let length = 0; length < 5 + version.length; length++)
    expect(readGreeting(bytes.subarray(0, length))).toBeUndefined();
});

test('a server that has blocked this host, a web server, and SSH', () => {
  expect(readGreeting(packet(0xff, 105, 4, 'Host is blocked'))).toMatchObject({
    why: 'it refuses every client of this host',
  });
  expect(readGreeting(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toMatchObject({ kind: 'failed' });
  expect(readGreeting(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'))).toMatchObject({ kind: 'failed' });
});
