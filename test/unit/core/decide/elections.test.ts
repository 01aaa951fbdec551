/** Decides for several groups, for groups that shrank, and for members that were not started. */

import { describe, expect, test } from 'vitest';
import { lineMarkFor } from '../../../../src/core/decide/line-mark.ts';
import { decide } from '../../../../src/core/decide/table.ts';
import type { Group, GroupMember, Probe } from '../../../../src/core/model/observation.ts';
import { missingOf } from '../../../../src/core/report/missing.ts';
import { factsOf, type Given, given, gtids, ledgerOf, seen, silent, uuid } from '../../../support/given.ts';

const [groupA, groupB] = [
  'aaaaaaaa-aaaa-11f1-8000-000000000000',
  'bbbbbbbb-aaaa-11f1-8000-000000000000',
] as const;

/** The view of one member: its own state, and the members that it sees ONLINE. */
function groupOf(name: string, members: readonly string[], primary: string): Group {
  const rows = members.map(
    (member): GroupMember => ({
      id: uuid(member),
      state: 'ONLINE',
      role: member === primary ? 'PRIMARY' : 'SECONDARY',
    }),
  );
  return { name, singlePrimary: true, members: rows };
}

function member(server: string, group: Group): Probe {
  const isPrimary = group.members.some(({ id, role }) => id === uuid(server) && role === 'PRIMARY');
  return seen(
    factsOf(server, {
      readOnly: !isPrimary,
      superReadOnly: !isPrimary,
      group,
      gtidExecuted: gtids(`${groupA}:1-100`),
    }),
  );
}

const notStarted = (server: string, name: string = groupA): Probe =>
  seen(
    factsOf(server, {
      readOnly: true,
      superReadOnly: true,
      group: { name, singlePrimary: true, members: [] },
    }),
  );

function verdict(servers: Given['servers'], over: Partial<Given> = {}): string {
  const decision = decide(given({ servers, ledger: ledgerOf('db1'), ...over }));
  return `${decision.kind} ${decision.reason}${decision.kind === 'point-to' ? ` ${decision.source}` : ''}`;
}

describe('this process never asked the published source, and the others elected db2', () => {
  const elected = groupOf(groupA, ['db2', 'db3'], 'db2');
  const servers = { db1: silent, db2: member('db2', elected), db3: member('db3', elected) };

  test('the election decides when the mark of the ledger names their group', () => {
    expect(verdict(servers, { ledger: ledgerOf('db1', { line: { uuid: groupA, gno: 50 } }) })).toBe(
      'point-to group-primary db2:3306',
    );
  });

  test('the name stays when the mark names another group: theirs may be a replica cluster', () => {
    const ledger = ledgerOf('db1', { line: { uuid: groupB, gno: 50 } });
    const publication = { evidence: { line: new Set([uuid('db2'), uuid('db3')]) } };
    expect(verdict(servers, { ledger, publication })).toBe('hold unproven-candidate');
  });
});

test('the election decides when the mark is a transaction that the group committed under its own name', () => {
  const facts = factsOf('db2', {
    group: groupOf(groupA, ['db2'], 'db2'),
    gtidExecuted: gtids(`db1:1-7,${groupA}:1-100`),
  });
  expect(lineMarkFor(facts, ledgerOf('db1'))).toEqual({ uuid: groupA, gno: 100 });
});

describe('the last member of a group', () => {
  const alone = member('db2', groupOf(groupA, ['db2'], 'db2'));
  const publication = { evidence: { line: new Set([uuid('db2'), uuid('db3')]) } };

  test('is the source when all others were restarted and did not start as members', () => {
    expect(verdict({ db1: notStarted('db1'), db2: alone, db3: notStarted('db3') }, { publication })).toBe(
      'point-to switchover db2:3306',
    );
  });

  test('is not proven while another member is silent', () => {
    expect(verdict({ db1: notStarted('db1'), db2: alone, db3: silent }, { publication })).toBe(
      'hold unproven-candidate',
    );
  });

  test('is a second source while the published server is writable outside of the group', () => {
    const opened = seen(factsOf('db1', { group: { name: groupA, singlePrimary: true, members: [] } }));
    expect(verdict({ db1: opened, db2: alone, db3: notStarted('db3') }, { publication })).toBe(
      'hold two-sources',
    );
  });
});

describe('the advice for a server that is out of its group never opens it', () => {
  const missing = (servers: Given['servers']): string => {
    const situation = given({ servers, ledger: ledgerOf('db1') });
    return missingOf(situation, situation.members[0]!).join('; ');
  };

  test('the server joins the group while the group goes on', () => {
    expect(missing({ db1: notStarted('db1'), db2: member('db2', groupOf(groupA, ['db2'], 'db2')) })).toBe(
      `it is not in its group (START GROUP_REPLICATION), and not its primary: SELECT group_replication_set_as_primary('${uuid('db1')}')`,
    );
  });

  test('when nobody is in the group, the member that has most starts it again', () => {
    const said = missing({ db1: notStarted('db1'), db2: notStarted('db2') });
    expect(said).toContain('from the member that has most');
    expect(said).not.toContain('read_only');
  });
});
