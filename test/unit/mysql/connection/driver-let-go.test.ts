/** The driver logs in. Afterwards nothing may hold it: with all that it holds, it is larger than the rest. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Connection, ConnectionOptions } from 'mysql2';
import { expect, test, vi } from 'vitest';
import { deadline, falseMysqld, proberOf } from '../../../support/false-server.ts';
import { expectSilence, healthy } from '../../../support/mended.ts';

expectSilence();

const drivers = vi.hoisted((): WeakRef<Connection>[] => []);
vi.mock('mysql2', async (original) => {
  const driver = await original<typeof import('mysql2')>();
  const createConnection = (options: ConnectionOptions): Connection => {
    const made = driver.createConnection(options);
    drivers.push(new WeakRef(made));
    return made;
  };
  return { ...driver, createConnection };
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test.each([true, false])('nothing holds the driver after the login, with TLS: %s', async (tls) => {
  drivers.length = 0;
  const server = await falseMysqld({ ...healthy, tls });
  const prober = proberOf(server.address, { tls: tls ? 'required' : 'disabled' });
  const probe = await prober.probe(server.address, deadline());
  expect(probe.kind).toBe('reachable');
  expect(drivers).toHaveLength(1);
  // A reference that was read, or made, holds its object until the end of the turn.
  await nextTurn();
  collectGarbage();
  expect(drivers[0]?.deref()).toBeUndefined();
  // The connection is still there.
  expect((await prober.probe(server.address, deadline())).kind).toBe('reachable');
  expect(drivers).toHaveLength(1);
});
