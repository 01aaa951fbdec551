/** A glance compares what the server says of itself with its last probe. */

import { expect, test } from 'vitest';
import type { Answer } from '../../../../src/mysql/answer/query-set.ts';
import { glanceAt, nothingAsked, type Ready } from '../../../../src/mysql/connection/asking.ts';
import { readTraits } from '../../../../src/mysql/flavour/flavour.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';

const ready = (answer: Answer): Ready => ({
  ...nothingAsked(),
  session: {
    beginProbe: () => undefined,
    query: (sql: string) => Promise.resolve(sql === mysql8.glance ? answer : { kind: 'error', error: sql }),
  } as unknown as Ready['session'],
  asker: { server: 'db1:3306' as Ready['asker']['server'], user: 'u', encrypted: false },
  set: mysql8,
  traits: readTraits([]),
  startedAt: 0,
});
const says = (cells: Record<string, string>): Answer => ({ kind: 'rows', rows: [cells] });

test('a glance is the same while each of its cells is, whatever else the probe told', async () => {
  const connection = ready(says({ server_uuid: 'a', read_only: '0' }));
  expect(await glanceAt(connection)).toBe('untold');
  connection.lastSeen = { server_uuid: 'a', read_only: '0', hostname: 'db1' };
  expect(await glanceAt(connection)).toBe('same');
});

test.each([{ server_uuid: 'a', read_only: '1' }, { server_uuid: 'b', read_only: '0' }, { other: '0' }])(
  'a glance differs: %j',
  async (cells) => {
    const connection = ready(says(cells));
    connection.lastSeen = { server_uuid: 'a', read_only: '0', hostname: 'db1' };
    expect(await glanceAt(connection)).toBe('differs');
  },
);

test('a glance that gets an error or no row tells nothing', async () => {
  for (const answer of [
    { kind: 'error', error: { errno: 1193 } },
    { kind: 'rows', rows: [] },
  ] as const) {
    const connection = ready(answer);
    connection.lastSeen = { server_uuid: 'a', read_only: '0' };
    expect(await glanceAt(connection)).toBe('untold');
  }
});
