/** A proxy that answers in place of a server. The texts are from the sources and manuals of the products. */

import { describe, expect, test } from 'vitest';
import { lightTraitsQueries, uptimeQuery } from '../../../../src/mysql/flavour/flavour.ts';
import {
  answering,
  deadline,
  errorPacket,
  fake,
  proberOf,
  type Refusal,
  type TextRow,
} from '../../../support/false-server.ts';
import { recording } from '../../../support/recorded.ts';

const told: readonly (readonly [product: string, errno: number, text: string])[] = [
  ['MySQL Router', 2003, "Can't connect to remote MySQL server for client connected to '0.0.0.0:6446'"],
  ['MySQL Router', 1040, 'Too many connections to MySQL Router'],
  ['ProxySQL', 9001, 'Max connect timeout reached while reaching hostgroup 10 after 10000ms'],
  ['ProxySQL', 1045, 'Max connect timeout reached while reaching hostgroup 1 after 503ms'],
  ['ProxySQL', 1045, "ProxySQL Error: Access denied for user 'source_dns'@'10.0.0.1' (using password: YES)"],
  ['MaxScale', 1815, 'Internal error: Session creation failed'],
  ['MaxScale', 1927, 'Lost connection to backend server: network error (db1: 113, No route to host)'],
  ['RDS Proxy', 9501, 'Timed-out waiting to acquire database connection'],
  [
    "the cloud provider's gateway",
    9000,
    "Client with IP address '10.0.0.1' is not allowed to connect to this MySQL server.",
  ],
  ['a proxy', 2013, 'Lost connection to MySQL server during query'],
  ['a proxy', 9999, 'An internal error'],
];

describe('a proxy with a dead server', () => {
  test.each(told)('%s, error %i: the state of the server is unknown', async (product, errno, text) => {
    const { address } = await fake((socket) => socket.end(errorPacket(errno, text)));
    expect(await proberOf(address).probe(address, deadline())).toEqual({
      kind: 'unknown',
      failure: {
        code: 'proxy-answers',
        message: `${address}: something between us and the server answers in its place: ${product} sent error ${errno}: ${text}`,
        hint: expect.stringMatching(/^Write the server's own address and port into servers/),
      },
    });
  });

  test.each([
    [1040, 'Too many connections'],
    [1045, "Access denied for user 'proxysql'@'10.0.0.1' (using password: YES)"],
    [1815, 'Internal error: out of memory'],
    [1927, 'Connection was killed'],
    [3000, 'whatever a later version says'],
    [4151, 'Access denied, this account is locked'],
  ])("is not assumed for a server's own error %i, %s", async (errno, text) => {
    const { address } = await fake((socket) => socket.end(errorPacket(errno, text)));
    expect(await proberOf(address).probe(address, deadline())).toMatchObject({
      kind: 'alive',
      failure: { code: `mysql-${errno}` },
    });
  });
});

/** A proxy that accepts our login: what it answers to the statement of a probe. */
async function letsIn(probe: () => readonly TextRow[] | Refusal) {
  const product = [{ version: '9.7.4', account: 'source_dns@%' }];
  return await answering((sql) => {
    if (sql === lightTraitsQueries[0]) return product;
    if (sql === uptimeQuery) return [{ Value: '60' }];
    return sql.includes('@@server_uuid') ? probe() : [];
  });
}

describe('a proxy that accepts our login', () => {
  test('and loses its server later gives an unknown state', async () => {
    const { address } = await letsIn(() => ({
      errno: 9001,
      text: 'Max connect timeout reached while reaching hostgroup 10 after 10000ms',
    }));
    expect(await proberOf(address).probe(address, deadline())).toMatchObject({
      kind: 'unknown',
      failure: { code: 'proxy-answers' },
    });
  });

  test('and asks another server each time gives a failure until a new connection begins', async () => {
    const source = recording('mysql-9.7').cases['source']!['server'] as readonly TextRow[];
    const other = source.map((row) => ({
      ...row,
      server_uuid: row['server_uuid']!.replace(/^........-/, '99999999-'),
    }));
    let turn = 0;
    const { address } = await letsIn(() => {
      turn += 1;
      return turn === 2 ? other : source;
    });
    const prober = proberOf(address);
    expect(await prober.probe(address, deadline())).toMatchObject({ kind: 'reachable' });
    const uuids = [source, other].map(([row]) => row!['server_uuid']).join(', then ');
    const mixed = {
      kind: 'alive',
      failure: {
        code: 'proxy-answers',
        message: `${address}: something between us and the server answers in its place: one connection reached more than one server: ${uuids}`,
      },
    };
    expect(await prober.probe(address, deadline())).toMatchObject(mixed);
    expect(await prober.probe(address, deadline())).toMatchObject(mixed);
    expect(await proberOf(address).probe(address, deadline())).toMatchObject({ kind: 'reachable' });
  });
});
