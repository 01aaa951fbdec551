/** What we read in each gtid_mode, from recorded answers of real servers. */

import { describe, expect, test } from 'vitest';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import { changed, factsOf, recording } from '../../../support/recorded.ts';

const { cases } = recording('mysql-9.7-permissive');
const read = (name: string) => factsOf(mysql8, cases[name]!);

describe('gtid_mode', () => {
  test('OFF_PERMISSIVE: the set proves what was executed, the coordinates tell the rest', () => {
    const source = read('source-off-permissive');
    expect(source).toMatchObject({
      gtidMode: 'OFF_PERMISSIVE',
      binlogEnd: { file: expect.stringMatching(/^binlog\.\d+$/) },
    });
    expect(source.gtidReplicated?.size).toBeGreaterThan(0);
    expect(source.gtidExecuted).toBeUndefined();
    const replica = read('replica-off-permissive');
    expect(replica.gtidExecuted).toBeUndefined();
    expect(replica.channels[0]?.retrieved).toBeUndefined();
  });

  test('ON_PERMISSIVE: both count, and the coordinates place a replica of a source without GTIDs', () => {
    const [source, replica] = [read('source-off-permissive'), read('replica-on-permissive')];
    expect(replica).toMatchObject({ gtidMode: 'ON_PERMISSIVE', gtidExecuted: source.gtidReplicated });
    expect(replica.channels[0]).toMatchObject({ received: source.binlogEnd, applied: source.binlogEnd });
  });

  test('ON_PERMISSIVE: a transaction being applied is lag, even where the set is complete', () => {
    const busy = changed(cases['replica-on-permissive']!, 'server', { applying_commit_age_us: '7000000' });
    expect(factsOf(mysql8, busy).channels[0]?.lagSeconds).toBe(7);
  });

  test('OFF: the reader ignores the set that an earlier mode left', () => {
    const off = factsOf(mysql8, changed(cases['source-off-permissive']!, 'server', { gtid_mode: 'OFF' }));
    expect(off.gtidExecuted).toBeUndefined();
    expect(off.gtidReplicated).toBeUndefined();
  });

  test('every mode but ON asks for coordinates', () => {
    const asked = (mode: string) =>
      mysql8.statements
        .filter(
          ({ name, when }) =>
            ['status', 'binlog'].includes(name) && when?.({ server: [{ gtid_mode: mode }] }) !== false,
        )
        .map(({ name }) => name);
    for (const mode of ['OFF', 'OFF_PERMISSIVE', 'ON_PERMISSIVE'])
      expect(asked(mode)).toEqual(['status', 'binlog']);
    expect(asked('ON')).toEqual([]);
  });
});
