/** Shows when a former source has rejoined although it replicates through another server. */

import { describe, expect, test } from 'vitest';
import type { GtidMode } from '../../../../src/core/model/observation.ts';
import type { Rejoin } from '../../../../src/core/model/publication.ts';
import { channelFrom, factsOf, gtids, replicaOf } from '../../../support/given.ts';
import { History } from './rejoin-history.ts';

describe('a former source that replicates through another server', () => {
  const rounds = (history: History, round: (n: number) => void): Rejoin | undefined => {
    for (let n = 1; n < 6; n += 1) round(n);
    return history.db1;
  };

  test('has rejoined when its set is complete, like a direct replica', () => {
    const history = new History();
    expect(rounds(history, (n) => history.source(`db2:1-${n}`).chain(`db2:1-${n}`))).toMatchObject({
      rejoined: true,
      errant: 0,
    });
  });

  test('has not rejoined while it lacks what the source had when it attached, or has a transaction that the source lacks', () => {
    const [lacking, errant] = [new History(), new History()];
    expect(rounds(lacking, (n) => lacking.source(`db2:1-${n}`).chain('db2:2-9'))?.rejoined).toBe(false);
    expect(rounds(errant, (n) => errant.source(`db2:1-${n}`).chain(`db1:1,db2:1-${n}`))).toMatchObject({
      rejoined: false,
      errant: 1,
    });
  });

  test.each([
    ['its own applier is stopped', { applier: 'off' }, {}],
    ['the applier of the server in the middle is stopped', {}, { applier: 'off' }],
    ['the server in the middle hears nothing of the source', {}, { heardAgoMs: 60_000 }],
  ] as const)('is not attached while %s', (_, first, second) => {
    const history = new History().chain('db2:1');
    for (let n = 1; n < 300; n += 1) history.source('db2:1').chain('db2:1', first, second);
    expect(history.db1).toMatchObject({ rejoined: false });
    expect(history.db1?.attachedAt).toBeUndefined();
  });

  test('is not attached when the server in the middle does not answer any more', () => {
    const history = new History().source('db2:1').chain('db2:1');
    const alone = () =>
      history.sees(replicaOf('db3', 'db1', { gtidExecuted: gtids('db2:1'), channels: [channelFrom('db3')] }));
    for (let n = 1; n < 1000; n += 1) alone();
    history.source('db2:1');
    alone();
    expect(history.db1?.attachedAt).toBeUndefined();
  });

  test('is compared in gtid_mode ON only: the server in the middle may have changed transactions without GTIDs', () => {
    const history = new History();
    const mode = (name: string, source: string | undefined, gtidMode: GtidMode) =>
      history.sees(
        source
          ? replicaOf(source, name, { gtidExecuted: gtids('db2:1'), gtidMode })
          : factsOf(name, { gtidExecuted: gtids('db2:1'), gtidMode }),
      );
    const round = (of: GtidMode) => [
      mode('db2', undefined, of),
      mode('db3', 'db2', 'ON'),
      mode('db1', 'db3', 'ON'),
    ];
    expect(rounds(history, () => round('ON_PERMISSIVE'))?.attachedAt).toBeUndefined();
    expect(rounds(history, () => round('ON'))?.rejoined).toBe(true);
  });
});
