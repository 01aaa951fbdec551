/** The line of `systemctl status`. */

import { expect, test } from 'vitest';
import type { Decision } from '../../../src/core/model/decision.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Snapshot } from '../../../src/core/report/snapshot-types.ts';
import { statusLine } from '../../../src/daemon/status-line.ts';

const steady: Decision = {
  kind: 'point-to',
  reason: 'steady',
  source: 'db1:3306' as ServerAddress,
  sentence: '',
};
const hold: Decision = { kind: 'hold', reason: 'no-candidate', sentence: '' };
const cluster = (name: string, decisions: readonly Decision[], alarms = 0): Snapshot =>
  ({
    cluster: name,
    publications: decisions.map((decision) => ({ decision })),
    alarms: Array(alarms).fill({}),
  }) as unknown as Snapshot;

test.each([
  ['watches nothing', []],
  ['watches shop', [cluster('shop', [steady])]],
  ['watches shop; shop holds: no-candidate; 1 alarm', [cluster('shop', [steady, hold], 1)]],
  ['watches 2 clusters; 3 alarms', [cluster('a', [steady], 1), cluster('b', [steady], 2)]],
  [
    'watches 5 clusters; a holds: no-candidate; b holds: no-candidate; c holds: no-candidate; 2 more hold',
    ['a', 'b', 'c', 'd', 'e'].map((name) => cluster(name, [hold])),
  ],
])('%s', (line, snapshots) => {
  expect(statusLine(snapshots)).toBe(line);
});
