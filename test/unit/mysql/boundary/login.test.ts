/** How a server may ask for our password, and how it may not. */

import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Script } from '../../../support/false-mysqld.ts';
import { at, expectSilence, failureOf, healthy, probeOf } from '../../../support/mended.ts';
import * as wire from '../../../support/wire.ts';

expectSilence();

describe('the password', () => {
  const { publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

  test.each<[string, Script]>([
    ['caching_sha2_password', { ...healthy, login: 'full', publicKey }],
    ['sha256_password', { ...healthy, login: { switchTo: 'sha256_password' }, publicKey }],
  ])('is not encrypted with an unchecked key (%s)', async (plugin, script) => {
    for (const tls of ['disabled', 'preferred'] as const) {
      const { probe, server } = await probeOf(script, { tls });
      expect(failureOf(probe)).toMatchObject({
        kind: 'alive',
        code: 'public-key-refused',
        message: expect.stringContaining(plugin),
        hint: expect.stringContaining('mysql.allow_public_key_retrieval: true'),
      });
      // We neither asked for the key nor sent anything that it encrypts.
      expect(
        server.connections
          .flatMap(({ heard }) => heard)
          .filter(({ length }) => length === 1 || length === 256),
      ).toEqual([]);
    }
  });

  test('is encrypted with an unchecked key where the operator allows it', async () => {
    const { probe } = await probeOf(
      { ...healthy, login: 'full', publicKey },
      { allowPublicKeyRetrieval: true },
    );
    expect(probe).toMatchObject({ kind: 'reachable' });
  });

  test.each([
    ['no key', '\u0007no key'],
    ['a key that is none', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['a key without end', `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(60_000)}`],
  ])('%s: nothing is encrypted with this key', async (_, key) => {
    const { probe } = await probeOf(
      { ...healthy, login: 'full', publicKey: key },
      { allowPublicKeyRetrieval: true },
    );
    expect(probe.kind).not.toBe('reachable');
  });

  test.each([
    ['mysql_clear_password', /which we never send/],
    ['mysql_old_password', /which this client does not support/],
    ['toString', /which this client does not support/],
    ['client_ed25519', /which this client does not support/],
    ['evil\u001b[31m\n', /a login method with an invalid name/],
  ])('is not sent with the login method %j', async (plugin, words) => {
    const { probe } = await probeOf({ ...healthy, login: { switchTo: plugin } });
    expect(failureOf(probe)?.message).toMatch(words);
  });

  test('is refused to a server that changes the login method twice (boostorg/mysql 469)', async () => {
    const { probe } = await probeOf(
      at('login-result', () => wire.packet(4, wire.loginSwitch('mysql_native_password')), {
        ...healthy,
        login: { switchTo: 'caching_sha2_password' },
      }),
    );
    expect(failureOf(probe)).toMatchObject({ kind: 'unknown', code: 'protocol-broken' });
  });

  test.each([
    ['a switch to nothing (before 4.1)', Buffer.of(0xfe), 'login-unsupported'],
    [
      'a second factor',
      Buffer.concat([Buffer.of(2), Buffer.from('caching_sha2_password\0'), wire.scramble]),
      'login-unsupported',
    ],
    [
      'a switch without random bytes',
      Buffer.concat([Buffer.of(0xfe), Buffer.from('caching_sha2_password\0')]),
      'protocol-broken',
    ],
    ['an unknown word', Buffer.of(1, 9), 'protocol-broken'],
    ['the head of a result', Buffer.of(1), 'protocol-broken'],
  ])('is not sent after %s in the login', async (_, payload, code) => {
    const { probe } = await probeOf(at('login-result', () => wire.packet(2, payload)));
    expect(failureOf(probe)).toMatchObject({ code });
  });
});
