/** Two real servers on one port of two addresses. Their host name leads to neither. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { deadline, factsOf, proberFor } from './probing.ts';

let mysql: MysqlServers;
const open: ServerProber[] = [];
const lost: ServerAddress[] = [];

beforeAll(async () => {
  mysql = await startMysqlServers(2);
});
afterEach(() => Promise.all(open.splice(0).map((prober) => prober.close())));
afterAll(() => mysql.stop());

const addressOf = (index: number): ServerAddress =>
  `${mysql.servers[index]!.address}:${mysql.port}` as ServerAddress;
/** Nothing listens at 127.0.0.1 and ::1 on that port. */
const misled = (): ServerAddress => `localhost:${mysql.port}` as ServerAddress;

function proberOf(...servers: readonly ServerAddress[]): ServerProber {
  const prober = proberFor(servers, mysql.password, { user: 'admin' });
  prober.onConnectionLost((server) => lost.push(server));
  open.push(prober);
  return prober;
}

test('each answer says where it came from', async () => {
  const prober = proberOf(addressOf(0), addressOf(1));
  expect([(await factsOf(prober, addressOf(0))).peer, (await factsOf(prober, addressOf(1))).peer]).toEqual([
    '127.0.0.11',
    '127.0.0.12',
  ]);
});

test('the prober finds a server at its earlier address, though its host name leads elsewhere', async () => {
  const prober = proberOf(misled(), addressOf(0));
  expect(await prober.probe(misled(), deadline())).toMatchObject({
    kind: 'unknown',
    failure: { code: 'connection-refused' },
  });
  const { id } = await factsOf(prober, addressOf(0));
  const places = { known: ['127.0.0.11'], refuted: [] };
  expect(await prober.probe(misled(), deadline(), places)).toMatchObject({
    kind: 'reachable',
    facts: { id, peer: '127.0.0.11' },
  });
});

test('the prober tries an address over a separate connection; the renewed one leads there', async () => {
  const prober = proberOf(misled(), addressOf(1));
  const at = async (known: string) => {
    const probe = await prober.probe(misled(), deadline(), { known: [known], refuted: [] });
    return probe.kind === 'reachable' ? { peer: probe.facts.peer, session: probe.facts.session } : probe;
  };
  const kept = await at('127.0.0.11');
  const { id } = await factsOf(prober, addressOf(1));
  expect(await prober.probeAt(misled(), '127.0.0.12', deadline())).toMatchObject({
    kind: 'reachable',
    facts: { id, peer: '127.0.0.12' },
  });
  expect(await prober.probeAt(misled(), '127.0.0.13', deadline())).toMatchObject({ kind: 'unknown' });
  expect(await at('127.0.0.12')).toEqual(kept);
  prober.renew(misled());
  expect(await at('127.0.0.12')).toMatchObject({ peer: '127.0.0.12' });
  expect(lost).toEqual([]);
  // Only configured servers get the password.
  expect(await prober.probeAt(addressOf(0), '127.0.0.11', deadline())).toMatchObject({
    kind: 'unknown',
    failure: { code: 'not-a-server' },
  });
});
