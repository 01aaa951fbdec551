/** The text of `explain`. */

import { describe, expect, test } from 'vitest';
import { explainText } from '../../../src/cli/explain-text.ts';
import { createStyle } from '../../../src/cli/style.ts';
import { decide } from '../../../src/core/decide/table.ts';
import { withPublication } from '../../../src/core/model/state.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { snapshot } from '../../../src/core/report/snapshot.ts';
import { clusterDocument } from '../../../src/http/documents.ts';
import {
  address,
  at,
  channelFrom,
  factsOf,
  type Given,
  given,
  gtids,
  ledgerOf,
  refusing,
  replicaOf,
  seen,
  silent,
  stateOf,
  uuid,
} from '../../support/given.ts';

const line = new Set(['db1', 'db2', 'db3', 'db4'].map(uuid));

/** The whole text, a quarter of a second after everything was observed. */
function explained(world: Given): string {
  const state = stateOf(world);
  const [publication] = state.publications.values();
  const decided = withPublication(state, {
    ...publication!,
    decision: decide(given({ ...world, nowMs: 250 })),
    ready: true,
  });
  return explainText(clusterDocument(snapshot(decided, at(250))), createStyle(false));
}

describe('explain', () => {
  test('without the source, and with three replicas at different places', () => {
    const text = explained({
      servers: {
        db1: silent,
        db2: seen(
          replicaOf('db1', 'db2', {
            channels: [
              channelFrom('db1', {
                receiver: 'connecting',
                heardAgoMs: 4200,
                lastError: 'error connecting to source',
              }),
            ],
          }),
        ),
        db3: seen(
          replicaOf('db1', 'db3', {
            gtidExecuted: gtids('db1:1-97'),
            channels: [
              channelFrom('db1', {
                receiver: 'connecting',
                sourceAddress: 'source.example:3306' as ServerAddress,
                retrieved: gtids('db1:90-108'),
                applier: 'off',
                autoFailover: true,
                failoverSources: [
                  { address: address('db1'), weight: 80 },
                  { address: address('db2'), weight: 60 },
                ],
              }),
            ],
          }),
        ),
        db4: refusing,
      },
      ledger: ledgerOf('db1'),
      publication: { evidence: { line } },
      memory: { db4: { facts: replicaOf('db1', 'db4'), factsAt: at(-150_000).mono } },
    });
    expect(text.split('\n').filter((row) => row.length > 100)).toEqual([]);
    expect(text).toMatchInlineSnapshot(`
      "shop
        source.example. -> nothing = db1:3306
          hold: no-candidate. db1:3306 does not answer, and no other server could be the source.
          ledger: epoch 7, failover, by watcher-1, 2026-11-22T11:30:00.123Z
          what would change it:
            - Promote a server: the name follows it (db3:3306 is the most advanced).
            - Or make db1:3306 the source again: see why it is not a candidate.

        db1:3306  role not known, does not answer
          - is the published source
          - does not answer
          - no answer (timeout)
          - not a candidate: it does not answer

        db2:3306  replica, reachable, 9.7.4, 5d000000-0000-11f1-8000-000000000002
          - is read-only
          - answered 0.3 s ago: MySQL 9.7.4, up for 16 min
          - takes no writes: read_only and super_read_only are on
          - default channel: replicates from db1:3306 (by its address alone); receiver connecting, applier
            on, lag 0 s, last error: error connecting to source
          - nobody is seen replicating from it
          - has executed 5d000000-0000-11f1-8000-000000000001:1-100
          - lacks 8 transactions that db3:3306 has received
          - not a candidate: it is not writable
          - to promote it, in this order: first let it execute all that it has received: RESET deletes
            what is not executed; STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = OFF. It lacks 8
            transactions that db3:3306 has received: these would be lost

        db3:3306  replica, reachable, 9.7.4, 5d000000-0000-11f1-8000-000000000003
          - is read-only
          - answered 0.3 s ago: MySQL 9.7.4, up for 16 min
          - takes no writes: read_only and super_read_only are on
          - default channel: replicates from source.example:3306, which is not identified yet; receiver
            connecting, applier off, lag 0 s
          - default channel: may choose another source by itself, from: db1:3306 weight 80, db2:3306
            weight 60
          - nobody is seen replicating from it
          - has executed 5d000000-0000-11f1-8000-000000000001:1-97; has also received
            5d000000-0000-11f1-8000-000000000001:98-108
          - lacks 3 transactions that db2:3306 has executed
          - not a candidate:
            - it is a replica of source.example:3306
            - it is not writable
          - to promote it, in this order: first let it execute the 11 transactions that it has received
            (START REPLICA SQL_THREAD): RESET deletes what is not executed; STOP REPLICA; RESET REPLICA
            ALL; SET GLOBAL read_only = OFF. It lacks 3 transactions that db2:3306 has executed: these
            would be lost

        db4:3306  role not known, alive, but answers no query, 9.7.4, 5d000000-0000-11f1-8000-000000000004
          - lives, but refuses us
          - answered last 2 min ago: MySQL 9.7.4, up for 16 min
          - took no writes: read_only and super_read_only are on
          - default channel: replicates from db1:3306 (by its address alone); receiver on, heard 0.1 s
            ago, applier on, lag 0 s
          - nobody is seen replicating from it
          - has executed 5d000000-0000-11f1-8000-000000000001:1-100
          - too many connections (too-many-connections)
          - not a candidate:
            - it does not let us in
            - it is a replica of db1:3306
            - it is not writable
      "
    `);
  });

  test('after a failover', () => {
    const text = explained({
      servers: {
        db1: seen(factsOf('db1', { gtidExecuted: gtids('db1:1-104') })),
        db2: seen(factsOf('db2', { gtidExecuted: gtids('db1:1-100,db2:1-7') })),
        db3: seen(replicaOf('db2', 'db3', { gtidExecuted: gtids('db1:1-100,db2:1-6') })),
      },
      ledger: ledgerOf('db2', {
        line: { uuid: uuid('db1'), gno: 100 },
        was: [{ uuid: uuid('db1'), address: address('db1') }],
      }),
      publication: { evidence: { line } },
    });
    expect(text.split('\n').filter((row) => row.length > 100)).toEqual([]);
    expect(text).toMatchInlineSnapshot(`
      "shop
        source.example. -> nothing = db2:3306
          point to db2:3306: steady. db2:3306 is the source: it is published and writable, and no other
            server could be the source.
          ledger: epoch 7, failover, by watcher-1, 2026-11-22T11:30:00.123Z
          former sources that have not rejoined: 5d000000-0000-11f1-8000-000000000001@db1:3306
          what would change it:
            - A switchover: first db2:3306 becomes read-only (SET GLOBAL super_read_only = ON). Then one
              of the others executes all that it lacks, and is promoted.
            - A failover: db2:3306 does not answer, no server replicates from it any more, and one of the
              others is promoted.

        db1:3306  superseded, reachable, 9.7.4, 5d000000-0000-11f1-8000-000000000001
          - is writable, but is a former source that has not rejoined
          - answered 0.3 s ago: MySQL 9.7.4, up for 16 min
          - takes writes, seen since 2026-11-22T11:30:00.000Z
          - nobody is seen replicating from it
          - has executed 5d000000-0000-11f1-8000-000000000001:1-104
          - not a candidate: it has not rejoined, as a replica of db2:3306 without transactions of its own

        db2:3306  source, reachable, 9.7.4, 5d000000-0000-11f1-8000-000000000002
          - is the published source
          - is writable and could be the source
          - db3:3306 replicates from it
          - answered 0.3 s ago: MySQL 9.7.4, up for 16 min
          - takes writes, seen since 2026-11-22T11:30:00.000Z
          - has executed
            5d000000-0000-11f1-8000-000000000001:1-100,5d000000-0000-11f1-8000-000000000002:1-7
          - lacks nothing that others of the line have executed or received

        db3:3306  replica, reachable, 9.7.4, 5d000000-0000-11f1-8000-000000000003
          - is read-only
          - answered 0.3 s ago: MySQL 9.7.4, up for 16 min
          - takes no writes: read_only and super_read_only are on
          - default channel: replicates from db2:3306 (by its UUID); receiver on, heard 0.1 s ago, applier
            on, lag 0 s
          - nobody is seen replicating from it
          - has executed
            5d000000-0000-11f1-8000-000000000001:1-100,5d000000-0000-11f1-8000-000000000002:1-6
          - lacks 1 transaction that db2:3306 has executed
          - not a candidate:
            - it is a replica of db2:3306
            - it is not writable
          - do not promote it now: the source db2:3306 takes writes
      "
    `);
  });
});
