/** Shows that only its majority says which server is the source of a single-primary group. */

import { describe, expect, test } from 'vitest';
import { decide } from '../../../../src/core/decide/table.ts';
import type { Group, GroupMember, Probe, ServerFacts } from '../../../../src/core/model/observation.ts';
import { at, factsOf, type Given, given, ledgerOf, seen, silent, uuid } from '../../../support/given.ts';

/** A transaction of the group. */
const mark = { uuid: 'aaaaaaaa-aaaa-11f1-8000-000000000000', gno: 1 };
const line = { evidence: { line: new Set(['db2', 'db3', 'db4', 'db5'].map(uuid)) } };

/** What a member shows: `db1` is ONLINE, `db1?` UNREACHABLE, `db1-` OFFLINE. */
function groupOf(primary: string, shown: string): Group {
  const members = shown.split(' ').map((word): GroupMember => {
    const name = word.slice(0, 3);
    const state = word.endsWith('?') ? 'UNREACHABLE' : word.endsWith('-') ? 'OFFLINE' : 'ONLINE';
    return {
      id: uuid(name),
      state,
      role: state === 'OFFLINE' ? '' : name === primary ? 'PRIMARY' : 'SECONDARY',
    };
  });
  return { name: 'aaaaaaaa-aaaa-11f1-8000-000000000000', singlePrimary: true, members };
}

const readOnly = { readOnly: true, superReadOnly: true };
const member = (name: string, primary: string, shown: string, over: Partial<ServerFacts> = {}): Probe =>
  seen(factsOf(name, { ...(name === primary ? {} : readOnly), group: groupOf(primary, shown), ...over }));
const writable = { readOnly: false, superReadOnly: false };
const all = 'db1 db2 db3 db4 db5';

function verdict(servers: Given['servers'], over: Partial<Given> = {}): string {
  const decision = decide(
    given({ servers, ledger: ledgerOf('db1', { line: mark }), publication: line, ...over }),
  );
  return `${decision.kind} ${decision.reason}${decision.kind === 'point-to' ? ` ${decision.source}` : ''}`;
}

describe('the published primary misses one probe, and db2 becomes writable', () => {
  const suspecting = 'db1? db2 db3 db4 db5';
  const others = Object.fromEntries(
    ['db3', 'db4', 'db5'].map((name) => [name, member(name, 'db1', suspecting)]),
  );
  const memory = { db2: { promotedAt: at(1).mono, shutAskedAt: at(1).mono } };

  test('the name stays when a person made the secondary writable: the group did not elect it', () => {
    const servers = { db1: silent, db2: member('db2', 'db1', suspecting, writable), ...others };
    expect(verdict(servers, { memory })).toBe('hold no-candidate');
  });

  test('the name stays when db2 is outside of a group that still counts db1: our own network may be broken', () => {
    const inGroup = Object.fromEntries(['db3', 'db4', 'db5'].map((name) => [name, member(name, 'db1', all)]));
    expect(verdict({ db1: silent, db2: seen(factsOf('db2')), ...inGroup }, { memory })).toBe(
      'hold published-source-alive',
    );
  });

  test('the name stays when db2 bootstrapped a group for itself, and the others go on without it', () => {
    expect(verdict({ db1: silent, db2: member('db2', 'db2', 'db2'), ...others }, { memory })).toBe(
      'hold unproven-candidate',
    );
  });

  test('the name stays when db2 is outside of the group, which goes on', () => {
    expect(verdict({ db1: silent, db2: member('db2', '', 'db2-', writable), ...others }, { memory })).toBe(
      'hold unproven-candidate',
    );
  });

  test('the name moves when a majority of the group says that it elected db2', () => {
    const elected = Object.fromEntries(
      ['db2', 'db3', 'db4'].map((name) => [name, member(name, 'db2', 'db2 db3 db4 db5')]),
    );
    expect(verdict({ db1: silent, ...elected, db5: silent }, { memory })).toBe(
      'point-to group-primary db2:3306',
    );
  });
});

test('an isolated primary does not keep the name by believing in itself', () => {
  const elected = Object.fromEntries(
    ['db2', 'db3', 'db4', 'db5'].map((name) => [name, member(name, 'db2', 'db2 db3 db4 db5')]),
  );
  const servers = { db1: member('db1', 'db1', 'db1 db2? db3? db4? db5?'), ...elected };
  expect(verdict(servers)).toBe('point-to group-primary db2:3306');
});

test('after everybody left the group, a member is promoted like any other server', () => {
  const stopped = Object.fromEntries(
    ['db1', 'db3', 'db4', 'db5'].map((name) => [name, member(name, '', `${name}-`)]),
  );
  expect(
    verdict(
      { ...stopped, db2: member('db2', '', 'db2-', writable) },
      { memory: { db2: { promotedAt: at(1).mono, shutAskedAt: at(1).mono } } },
    ),
  ).toBe('point-to switchover db2:3306');
});
