/** What a hook may call a server: as it is configured, as it answers, and as other servers call it. */

import { expect, test } from 'vitest';
import { withServer } from '../../../src/core/model/state.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { watchedCluster } from '../../../src/daemon/known-cluster.ts';
import { address, channelFrom, factsOf, replicaOf, seen, stateOf, uuid } from '../../support/given.ts';

test('the other names of a server come from its own word and from that of others, by identity', () => {
  const named = (host: string) => `${host}:3306` as ServerAddress;
  const state = stateOf({
    servers: {
      db1: seen(
        factsOf('db1', {
          home: named('mysql-0'),
          replicas: [
            { address: named('report-db2'), claim: uuid('db2') },
            { address: named('stranger'), claim: uuid('db9') },
          ],
        }),
      ),
      db2: seen(
        replicaOf('db1', 'db2', { channels: [channelFrom('db1', { sourceAddress: named('vip-of-db1') })] }),
      ),
    },
  });
  const db2 = state.servers.get(address('db2'))!;
  const known = watchedCluster(
    withServer(state, { ...db2, addresses: ['192.0.2.2'], proposed: ['192.0.2.2'] }),
  );
  expect(known).toMatchObject({
    name: 'shop',
    servers: [
      { address: 'db1:3306', aliases: ['mysql-0:3306', 'vip-of-db1:3306'] },
      { address: 'db2:3306', addresses: ['192.0.2.2'], aliases: ['report-db2:3306'] },
    ],
  });
});
