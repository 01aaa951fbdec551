/** Which cluster and server a claim means. */

import { describe, expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Claim, Place } from '../../../src/hook/claim.ts';
import { type KnownCluster, resolveClaim } from '../../../src/hook/resolve.ts';

const server = (address: string, addresses: readonly string[] = [], aliases: readonly string[] = []) => ({
  address: address as ServerAddress,
  addresses,
  aliases: aliases as readonly ServerAddress[],
});

const clusters: readonly KnownCluster[] = [
  {
    name: 'shop',
    sourceNames: ['source.shop.example.com.'],
    servers: [
      server('db1.example.com:3306', ['192.0.2.1']),
      server('db2.example.com:3306', ['192.0.2.2', '2001:db8::2'], ['mysql-b7f:3306']),
      server('[2001:db8::3]:3307'),
    ],
  },
  {
    name: 'blog',
    sourceNames: ['blog.example.com.'],
    servers: [server('many.example.com:3306'), server('many.example.com:3307', ['192.0.2.7'])],
  },
];

const resolve = (claim: Partial<Claim>) =>
  resolveClaim(
    { tool: 'mha', act: 'moved', names: [], former: [], successor: [], by: 'mha@m', ...claim },
    clusters,
  );
const at = (host: string, port?: number): Place => (port === undefined ? { host } : { host, port });

describe('the cluster is found', () => {
  const successor = [at('db2.example.com', 3306)];
  test.each<[string, Partial<Claim>]>([
    ['by --cluster', { cluster: 'shop' }],
    ['by an alias, in any case', { names: ['SHOP'] }],
    ['by a domain, which is our name', { names: ['', 'Source.shop.example.com.'] }],
    [
      'by the failed host, if the tool calls the cluster otherwise',
      { names: ['x'], former: [at('db1.example.com', 3306)] },
    ],
    ['by the successor', {}],
  ])('%s', (_how, claim) => {
    expect(resolve({ successor, ...claim })).toEqual({
      kind: 'resolved',
      cluster: 'shop',
      server: 'db2.example.com:3306',
    });
  });

  test('or a sentence says why not', () => {
    expect(resolve({ cluster: 'shpo', successor })).toMatchObject({
      kind: 'unknown-cluster',
      sentence: 'there is no cluster "shpo"; did you mean "shop"?',
    });
    expect(resolve({ names: ['crm'], former: [at('a')], successor: [at('b', 3306)] })).toMatchObject({
      kind: 'unknown-cluster',
      sentence: expect.stringContaining('has crm, a, b:3306'),
    });
  });
});

describe('the server is found', () => {
  test.each<[string, Place, string]>([
    ['by its name', at('db1.example.com', 3306), 'db1.example.com:3306'],
    ['without a port', at('db1.example.com'), 'db1.example.com:3306'],
    ['by the address at which it answers', at('192.0.2.2', 3306), 'db2.example.com:3306'],
    ['by another spelling of its address', at('2001:db8:0:0:0:0:0:2', 3306), 'db2.example.com:3306'],
    ['by what other servers call it', at('mysql-b7f', 3306), 'db2.example.com:3306'],
    ['by an IPv6 address in the configuration', at('2001:db8::0003', 3307), '[2001:db8::3]:3307'],
    ['by its port alone on a shared host', at('many.example.com', 3307), 'many.example.com:3307'],
  ])('%s', (_how, place, found) => {
    expect(resolve({ successor: [place] })).toMatchObject({ kind: 'resolved', server: found });
  });

  test.each<[string, Partial<Claim>, string]>([
    ['unknown', { cluster: 'shop', successor: [at('db2.example.org', 3306)] }, 'did you mean'],
    ['on another port', { cluster: 'shop', successor: [at('db2.example.com', 3307)] }, 'is not a server'],
    ['ambiguous', { cluster: 'blog', successor: [at('many.example.com')] }, ':3306 or many.example.com:3307'],
    [
      'two servers',
      { cluster: 'shop', successor: [at('db1.example.com', 3306), at('db2.example.com', 3306)] },
      'may be db1.example.com:3306 or db2.example.com:3306',
    ],
    ['our own name', { cluster: 'shop', successor: [at('source.shop.example.com', 3306)] }, 'published name'],
  ])('or is %s', (_what, claim, words) => {
    expect(resolve(claim)).toMatchObject({
      kind: 'unknown-server',
      sentence: expect.stringContaining(words),
    });
  });

  test('as the former source at status', () => {
    expect(
      resolve({ act: 'status', former: [at('db1.example.com', 3306), at('192.0.2.1', 3306)] }),
    ).toMatchObject({ kind: 'resolved', server: 'db1.example.com:3306' });
  });
});
