/** A fixed number of hostile servers; `npm run fuzz:mysql` continues for any time. */
import { expect, test } from 'vitest';
import { recordOutput } from '../../support/output.ts';
import { runLanes } from './lanes.ts';

const cases = 1500;

test(`${cases} hostile servers: each probe ends in time, nothing is thrown or printed, and the next probe of an honest server works`, async () => {
  const output = recordOutput();
  const { kinds, failed } = await runLanes({ firstSeed: 0, lanes: 6, goOn: (index) => index < cases });
  output.stop();
  expect(failed).toBeUndefined();
  expect(output.said).toEqual([]);
  // The cases reach the states that they aim at.
  for (const kind of [
    'reachable',
    'unknown protocol-broken',
    'unknown connection-lost',
    'alive public-key-refused',
  ]) {
    expect([kind, kinds.get(kind) ?? 0]).toEqual([kind, expect.toSatisfy((count: number) => count > 3)]);
  }
}, 120_000);
