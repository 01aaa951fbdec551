/** Who writes into the ledger that somebody opened a former source, and who takes it back. */

import { expect, test } from 'vitest';
import type { Situation } from '../../../../src/core/decide/situation.ts';
import type { Fencing } from '../../../../src/core/model/fence.ts';
import { noteOpened } from '../../../../src/core/publish/opened-mark.ts';
import { address, factsOf, given, ledgerOf, replicaOf, seen, uuid } from '../../../support/given.ts';

const former = { uuid: uuid('db1'), address: address('db1') };
const fence = { timeoutMs: 5000, kill: 'clients' } as const;

/** What this instance would write. `saw`: the opening; `over`: it saw the server closed since the mark. */
function written(
  db1: 'open' | 'closed' | 'silent',
  { by = 'watcher-1', marked = false, saw = false, over = false, fences = true } = {},
): { readonly opened: unknown; readonly sentence: string } | undefined {
  const probe = db1 === 'open' ? factsOf('db1') : factsOf('db1', { readOnly: true, superReadOnly: true });
  const ledger = ledgerOf('db2', { by, was: [former], ...(marked ? { opened: [former.uuid] } : {}) });
  const situation = given({
    servers: {
      db1:
        db1 === 'silent' ? { kind: 'unknown', failure: { code: 'timeout', message: 'none' } } : seen(probe),
      db2: seen(factsOf('db2')),
      db3: seen(replicaOf('db2', 'db3')),
    },
    ledger,
    settings: fences ? { fence } : {},
  });
  const fencing = {
    id: former.uuid,
    opened: saw ? 'somebody opened it' : undefined,
    isMarkOver: over,
  } as Fencing;
  const state: Situation['state'] = { ...situation.state, fences: new Map([[former.address, fencing]]) };
  const write = noteOpened({ ...situation, state }, ledger);
  return write && { opened: write.ledger.opened, sentence: write.sentence };
}

test.each([['watcher-1'], ['another']])(
  'who saw the opening writes it, while the name is kept by %s',
  (by) => {
    expect(written('open', { by, saw: true })).toEqual({
      opened: [former.uuid],
      sentence: 'Somebody opened the former source db1:3306: nobody fences it.',
    });
  },
);

test('nobody writes it twice, or without having seen it, or where nobody is fenced', () => {
  expect(written('open', { saw: true, marked: true })).toBeUndefined();
  expect(written('open')).toBeUndefined();
  expect(written('closed', { saw: true })).toBeUndefined();
  expect(written('open', { saw: true, fences: false })).toBeUndefined();
});

test.each([['watcher-1'], ['another']])(
  'who saw it closed since takes it back, while the name is kept by %s',
  (by) => {
    const closedAgain = { opened: [], sentence: 'The former source db1:3306 was closed again.' };
    expect(written('closed', { marked: true, over: true, by })).toEqual(closedAgain);
    // It came back from a crash before the mark could be taken back.
    expect(written('open', { marked: true, over: true, by })).toEqual(closedAgain);
    expect(written('closed', { marked: true, by })).toBeUndefined();
    expect(written('silent', { marked: true, by })).toBeUndefined();
    expect(written('open', { marked: true, by })).toBeUndefined();
  },
);
