/**
 * What an unchecked server gets of the password: nothing with `tls: verify`; else as docs/THREATS.md says.
 */

import { describe, expect, test } from 'vitest';
import type { Script } from '../../support/false-mysqld.ts';
import { deadline, falseMysqld, proberOf } from '../../support/false-server.ts';
import { expectSilence, healthy } from '../../support/mended.ts';

expectSilence();

const password = 'geheim';
type Tls = 'disabled' | 'preferred' | 'required' | 'verify';

/** What a server heard from us, and which part of it came without TLS. */
async function heardBy(script: Script, tls: Tls): Promise<{ readonly all: string; readonly plain: string }> {
  const server = await falseMysqld(script);
  await proberOf(server.address, { tls }).probe(server.address, deadline());
  const text = (packets: readonly Buffer[]): string => Buffer.concat(packets).toString('latin1');
  return {
    all: server.connections.map(({ heard }) => text(heard)).join(''),
    plain: server.connections.map(({ heardPlain }) => text(heardPlain)).join(''),
  };
}

describe('a server with a self-signed certificate that asks for the password', () => {
  test.each<[Tls, boolean]>([
    ['preferred', true],
    ['required', true],
    ['verify', false],
  ])('with tls: %s gets the password: %s', async (tls, gets) => {
    const { all, plain } = await heardBy({ ...healthy, tls: true, login: 'full' }, tls);
    expect(all.includes(password)).toBe(gets);
    // A listener on the way sees only the request for TLS, not even the account.
    expect(plain).not.toMatch(/geheim|source_dns/);
  });
});

describe('a server that claims to have no TLS', () => {
  test.each<[Tls, boolean]>([
    ['disabled', true],
    ['preferred', true],
    ['required', false],
    ['verify', false],
  ])('with tls: %s gets the account and a hash: %s; never the password', async (tls, gets) => {
    for (const login of [
      'at-once',
      'full',
      { switchTo: 'mysql_clear_password' },
      { switchTo: 'mysql_native_password' },
    ] as const) {
      const { all } = await heardBy({ ...healthy, login }, tls);
      expect(all.includes('source_dns')).toBe(gets);
      expect(all).not.toContain(password);
    }
  });
});
