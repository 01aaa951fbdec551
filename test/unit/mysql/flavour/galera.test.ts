/** Reads the rows of Galera nodes. */

import { describe, expect, test } from 'vitest';
import { isWritable } from '../../../../src/core/model/observation.ts';
import type { Answers } from '../../../../src/mysql/answer/query-set.ts';
import { parseVersion } from '../../../../src/mysql/answer/version.ts';
import { withWsrep } from '../../../../src/mysql/flavour/galera.ts';
import { mariadb } from '../../../../src/mysql/flavour/mariadb.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import { factsOf, readAnswers, recording, server } from '../../../support/recorded.ts';

describe('rows of Galera with MariaDB 10.11', () => {
  const { origin, cases } = recording('galera-10.11');
  const set = withWsrep(mariadb(parseVersion('10.11.18')!), 'information_schema');
  const facts = (name: string) => factsOf(set, cases[name]!);
  /** The rows with other values; undefined removes a row. */
  const withValues = (values: Record<string, unknown>): Answers => {
    const rows = cases['synced']!['wsrep']!.map((row) => {
      const name = String(row['name']).toLowerCase();
      return name in values ? { ...row, value: values[name] } : row;
    });
    return { ...cases['synced'], wsrep: rows.filter((row) => row['value'] !== undefined) };
  };

  test('were recorded from real servers', () => expect(origin).toBe('run'));

  test('of a synced node', () => {
    expect(facts('synced')).toMatchObject({
      id: `mariadb:1@${server}`,
      flavour: 'mariadb',
      readOnly: false,
      channels: [],
    });
    expect(facts('synced').wsrep).toEqual({
      clusterUuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      primaryComponent: true,
      ready: true,
      state: 'synced',
      size: 3,
      index: expect.any(Number),
      view: 3,
      lastCommitted: expect.any(Number),
      closed: false,
      desynced: false,
    });
  });

  test('of a desynced node that takes writes, and of closed and lone nodes that refuse them', () => {
    expect(facts('desynced').wsrep).toMatchObject({ state: 'donor', desynced: true });
    expect(facts('closed').wsrep).toMatchObject({ state: 'synced', closed: true });
    expect(facts('alone').wsrep).toMatchObject({
      primaryComponent: false,
      ready: false,
      state: 'undefined',
      size: 1,
    });
    for (const absent of ['view', 'index']) expect(facts('alone').wsrep).not.toHaveProperty(absent);
    expect(['synced', 'desynced', 'closed', 'alone'].map((name) => isWritable(facts(name)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('GTIDs count only where the cluster gives them', () => {
    expect(facts('synced')).not.toHaveProperty('gtidExecuted');
    expect(factsOf(set, withValues({ wsrep_gtid_mode: 'ON' }))).toHaveProperty('gtidExecuted');
  });

  test.each([
    ['0', 'undefined'],
    ['1', 'joining'],
    ['3', 'joined'],
    ['5', 'error'],
  ])('wsrep_local_state %s is %s', (cell, state) => {
    expect(factsOf(set, withValues({ wsrep_local_state: cell })).wsrep?.state).toBe(state);
  });

  test('unexpected rows name the variable', () => {
    const needed = [
      'wsrep_cluster_conf_id',
      'wsrep_cluster_size',
      'wsrep_cluster_state_uuid',
      'wsrep_cluster_status',
      'wsrep_last_committed',
      'wsrep_local_index',
      'wsrep_local_state',
      'wsrep_ready',
    ];
    for (const name of needed) {
      expect(readAnswers(set, withValues({ [name]: undefined })), name).toMatchObject({
        kind: 'failed',
        failure: { code: 'rows-unexpected', message: expect.stringContaining(` ${name} `) },
      });
    }
  });
});

describe('rows of Percona XtraDB Cluster 8.0 (read, not run)', () => {
  const { origin, cases } = recording('pxc-8.0');
  const facts = (name: string) => factsOf(withWsrep(mysql8, 'performance_schema'), cases[name]!);

  test('of a node: MySQL with a cluster state', () => {
    expect(origin).toBe('read');
    expect(facts('synced').wsrep).toEqual({
      clusterUuid: '6e11fa47-71ca-11e1-9e33-c80aa9429566',
      primaryComponent: true,
      ready: true,
      state: 'synced',
      size: 3,
      index: 1,
      view: 3,
      lastCommitted: 4711,
      closed: false,
      desynced: false,
    });
    // The cluster gives its GTIDs.
    expect(facts('synced')).toHaveProperty('gtidExecuted');
  });

  test('of a node in maintenance, and of a donor', () => {
    expect(isWritable(facts('maintenance'))).toBe(false);
    expect(facts('donor').wsrep).toMatchObject({ state: 'donor', desynced: true });
    expect(isWritable(facts('donor'))).toBe(true);
  });
});
