/** Which connections are those of clients. */

import { describe, expect, test } from 'vitest';
import {
  blockerOf,
  type Connection,
  pageQuery,
  readConnection,
  sortConnections,
} from '../../../../src/mysql/fence/clients.ts';
import { connectionRow } from '../../../support/connection-row.ts';

const connection = (fields: Partial<Connection> = {}): Connection => ({
  id: '7',
  user: 'app',
  host: '10.0.0.1:4711',
  command: 'Sleep',
  seconds: 3,
  state: '',
  ...fields,
});

describe('what becomes of a connection', () => {
  const fateOf = (fields: Partial<Connection>, spare: readonly string[] = ['source_dns', 'pmm*']) => {
    const { victims, spared } = sortConnections([connection(fields)], { self: '9', spare });
    return victims.length === 1 ? 'ended' : spared.length === 1 ? 'spared' : 'no client';
  };

  test.each([
    ['ended', { command: 'Query' }],
    ['ended', { host: 'localhost' }],
    ['ended', { user: 'unauthenticated user', command: 'Connect' }],
    ['ended', { user: 'backup' }],
    ['ended', { user: 'mypmm' }],
    ['ended', { user: 'source_dns2' }],
    ['spared', { user: 'source_dns' }],
    ['spared', { user: 'pmm' }],
    ['spared', { user: 'pmm_agent', command: 'Query' }],
    ['no client', { id: '9' }],
    ['no client', { command: 'Binlog Dump' }],
    ['no client', { command: 'Binlog Dump GTID', user: 'repl' }],
    ['no client', { user: 'system user', host: '' }],
    ['no client', { user: 'system user', host: 'connecting host' }],
    ['no client', { user: 'event_scheduler', host: 'localhost', command: 'Daemon' }],
    ['no client', { user: 'event_scheduler', host: 'localhost', command: 'Connect' }],
    ['no client', { command: 'Daemon' }],
    ['no client', { host: '' }],
  ] as const)('%s: %j', (fate, fields) => {
    expect(fateOf(fields)).toBe(fate);
  });

  test.each([
    ['a.c', 'abc', 'ended'],
    ['a.c', 'a.c', 'spared'],
    ['a*c', 'a\nc', 'spared'],
    ['a*c', 'ab', 'ended'],
    ['*_ro', 'shop_ro', 'spared'],
    ['(a|b)', 'a', 'ended'],
    ['[ab]$', '[ab]$', 'spared'],
  ])('spare has * for any text, and no other signs: %s, %s', (glob, user, fate) => {
    expect(fateOf({ user }, [glob])).toBe(fate);
  });
});

test('who blocks: a commit that waits for a replica, else the longest running client, else the server', () => {
  const said = (...all: Partial<Connection>[]) => blockerOf(all.map(connection), '9');
  const of = (...all: Partial<Connection>[]) => said(...all).by;
  const system = { id: '1', user: 'system user', host: '', command: 'Connect', seconds: 99 };
  const write = { id: '2', command: 'Query', state: 'updating' };
  const commit = { id: '3', command: 'Query', seconds: 1, state: 'Waiting for semi-sync ACK from replica' };
  expect(of(system, write, commit)).toBe(
    'connection 3 of app@10.0.0.1:4711, Query for 1 s: Waiting for semi-sync ACK from replica, and 2 more',
  );
  expect(said(commit, write).hint).toMatch(
    /^KILL does not end .* SET GLOBAL rpl_semi_sync_source_enabled = OFF,/,
  );
  expect(said({ ...commit, state: 'Waiting for semi-sync ACK' }).hint).toContain(
    'rpl_semi_sync_master_enabled = OFF',
  );
  expect(said(write).hint).toBeUndefined();
  expect(of(system, write, { ...write, id: '4', seconds: 5 })).toMatch(/^connection 4 of app@/);
  expect(of(system)).toBe('connection 1 of system user, Connect for 99 s');
  expect(of({}, { id: '9', command: 'Query' }, { command: 'Binlog Dump GTID' }, { command: 'Daemon' })).toBe(
    'a connection that holds a lock and runs nothing, perhaps by LOCK TABLES',
  );
  expect(of({ ...write, user: 'a\u001b[2J\nb' })).toBe(
    'connection 2 of a [2J b@10.0.0.1:4711, Query for 3 s: updating',
  );
});

test('a row of another form is no connection; no statement of a client is read', () => {
  const row = connectionRow(7, { seconds: '3' });
  expect(readConnection(row)).toEqual(connection());
  expect(readConnection({ ...row, user: null })).toEqual(connection({ user: '' }));
  for (const id of ['7; DROP', '-1', '', null, undefined])
    expect(readConnection({ ...row, id })).toBeUndefined();
  expect(pageQuery('information_schema.processlist', '41')).not.toMatch(/INFO\b/);
});
