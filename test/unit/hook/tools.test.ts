/** What each tool's words and environment mean. */

import { describe, expect, test } from 'vitest';
import { readHookLine } from '../../../src/hook/call.ts';
import { mhaStart, orchestratorEnvironment, reading } from './callers.ts';

const db2 = { host: 'db2.example.com', port: 3306 };

describe('orchestrator', () => {
  const orchestrator = (change: Readonly<Record<string, string>> = {}, words: readonly string[] = []) =>
    reading(['orchestrator', ...words], { ...orchestratorEnvironment, ...change });

  test('claims a move, with the names of the cluster, the failed host and the id', async () => {
    expect(await orchestrator()).toEqual({
      kind: 'claim',
      claim: {
        tool: 'orchestrator',
        act: 'moved',
        names: ['shop', 'source.shop.example.com'],
        former: [{ host: 'db1.example.com', port: 3306 }],
        successor: [db2],
        by: 'orchestrator@orc2.example.com',
        reason: 'recovery 1670000000000000000:9b2f0c6a',
        id: 'orchestrator 1670000000000000000:9b2f0c6a',
      },
    });
  });

  test('names the command of a graceful takeover', async () => {
    expect(await orchestrator({ ORC_COMMAND: 'graceful-master-takeover' })).toMatchObject({
      claim: { reason: 'graceful-master-takeover, recovery 1670000000000000000:9b2f0c6a' },
    });
  });

  test.each([
    ['an intermediate source', { ORC_FAILURE_TYPE: 'DeadIntermediateMaster', ORC_IS_MASTER: 'false' }],
    [
      'a member of a group',
      { ORC_FAILURE_TYPE: 'DeadReplicationGroupMemberWithReplicas', ORC_IS_MASTER: 'false' },
    ],
    ['a recovery without success', { ORC_IS_SUCCESSFUL: 'false' }],
    ['a detection, which has no successor yet', { ORC_SUCCESSOR_HOST: '', ORC_SUCCESSOR_PORT: '' }],
  ])('has nothing to do for %s', async (_what, change) => {
    expect(await orchestrator(change)).toMatchObject({ kind: 'nothing' });
  });

  test('counts a co-source as a source', async () => {
    const change = { ORC_FAILURE_TYPE: 'DeadCoMaster', ORC_IS_MASTER: 'false', ORC_IS_CO_MASTER: 'true' };
    expect(await orchestrator(change)).toMatchObject({ kind: 'claim' });
  });

  test('takes the two values of PostTakeMasterProcesses, which have host and port in one', async () => {
    const env = { ORC_SUCCESSOR_HOST: 'db2.example.com:3307', ORC_FAILED_HOST: 'db1.example.com:3306' };
    expect(await reading(['orchestrator'], env)).toMatchObject({
      claim: { successor: [{ host: 'db2.example.com', port: 3307 }], names: [] },
    });
  });

  test.each([
    ['in an argument', {}, ['{successorHost}', '{successorPort}']],
    ['in the environment', { ORC_SUCCESSOR_HOST: '{successorHost}' }, []],
    ['in the port', { ORC_SUCCESSOR_PORT: '{successorPort}' }, []],
  ])('refuses a placeholder that was not filled in, %s', async (_where, change, words) => {
    expect(await orchestrator(change, words)).toMatchObject({
      kind: 'wrong',
      sentence: expect.stringContaining('{successor'),
    });
  });

  test('says so if somebody else calls it', async () => {
    expect(await reading(['orchestrator'], { PATH: '/bin' })).toMatchObject({ kind: 'wrong' });
  });

  test('is not confused by an IPv6 address, capitals and a final dot', async () => {
    for (const [host, read] of [
      ['2001:db8::2', '2001:db8::2'],
      ['[2001:DB8::2]', '2001:db8::2'],
      ['DB2.Example.com.', 'db2.example.com'],
    ])
      expect(await orchestrator({ ORC_SUCCESSOR_HOST: host as string })).toMatchObject({
        claim: { successor: [{ host: read, port: 3306 }] },
      });
  });
});

describe('mha', () => {
  test('announces at start, and keeps no password', async () => {
    const read = await reading(['mha', ...mhaStart]);
    expect(read).toEqual({
      kind: 'claim',
      claim: {
        tool: 'mha',
        act: 'announced',
        names: [],
        former: [
          { host: 'db1.example.com', port: 3306 },
          { host: '192.0.2.1', port: 3306 },
        ],
        successor: [db2, { host: '192.0.2.2', port: 3306 }],
        by: 'mha@manager1',
        reason: 'failover',
      },
    });
    expect(JSON.stringify(read)).not.toMatch(/tiger|tank|"root/);
  });

  test('takes options of ours before and after those of MHA', async () => {
    for (const argv of [
      ['mha', '--cluster=shop', ...mhaStart],
      ['mha', ...mhaStart, '--cluster', 'shop'],
    ])
      expect(await reading(argv)).toMatchObject({ claim: { cluster: 'shop', act: 'announced' } });
  });

  test.each(['stop', 'stopssh'])('has nothing to do at %s', async (command) => {
    const words = [`--command=${command}`, '--orig_master_host=db1', '--ssh_user=root', '--surprise'];
    expect(await reading(['mha', ...words])).toMatchObject({ kind: 'nothing' });
  });

  test('asks for the former source at status', async () => {
    const words = [
      '--command=status',
      '--ssh_user=root',
      '--orig_master_host=db1',
      '--orig_master_port=3306',
    ];
    expect(await reading(['mha', ...words])).toMatchObject({
      claim: { act: 'status', former: [{ host: 'db1', port: 3306 }], successor: [] },
    });
    expect(await reading(['mha', '--command=status'])).toMatchObject({ kind: 'wrong' });
  });

  test('says what is missing', async () => {
    for (const words of [[], ['--command='], ['--command=begin'], ['--command=start', '--new_master_host=']])
      expect(await reading(['mha-online', ...words])).toMatchObject({ kind: 'wrong' });
  });
});

describe('replication-manager', () => {
  test('claims by seven words, of which some are empty', async () => {
    const words = ['db1', 'db2.example.com', '3306', '3306', '', '', 'switchover'];
    expect(await reading(['replication-manager', ...words])).toEqual({
      kind: 'claim',
      claim: {
        tool: 'replication-manager',
        act: 'moving',
        names: [],
        former: [{ host: 'db1', port: 3306 }],
        successor: [db2],
        by: 'replication-manager@manager1',
        reason: 'switchover',
      },
    });
  });

  test('takes IPv6 in brackets, and the two and six words of older versions', async () => {
    const read = (...words: readonly string[]) => reading(['replication-manager', ...words]);
    expect(await read('[2001:db8::1]', '[2001:db8::2]', '3306', '3307', '', '', 'failover')).toMatchObject({
      claim: { successor: [{ host: '2001:db8::2', port: 3307 }] },
    });
    expect(await read('db1', 'db2')).toMatchObject({ claim: { successor: [{ host: 'db2' }] } });
    expect(await read('db1', 'db2', '3306', '3306', 'server1', '')).toMatchObject({ kind: 'claim' });
    expect(await read('db1')).toMatchObject({ kind: 'wrong' });
    expect(await read('db1', '', '3306', '')).toMatchObject({ kind: 'wrong' });
  });
});

describe('maxscale', () => {
  const maxscale = (...words: readonly string[]) => reading(['maxscale', ...words]);

  test.each([
    [['--event=new_master', '--initiator=[db2.example.com]:3306', '--masterlist=[db2.example.com]:3306']],
    [['--event', 'new_master', '--initiator', '[db2.example.com]:3306', '--master-list', '']],
    [['event=master_up', 'initiator=[db2.example.com]:3306', 'masterlist=']],
    [['EVENT=new_master', 'INITIATOR=', 'MASTERLIST=db2.example.com:3306']],
  ])('reads the template %s', async (words) => {
    expect(await maxscale(...words)).toMatchObject({ claim: { act: 'moved', successor: [db2] } });
  });

  test.each(['lost_master', 'slave_up', 'server_down', 'rlag_above'])(
    'has nothing to do for %s',
    async (event) => {
      expect(await maxscale(`--event=${event}`, '--initiator=[db1]:3306')).toMatchObject({ kind: 'nothing' });
    },
  );

  test('refuses what it cannot understand', async () => {
    for (const words of [
      ['--initiator=[db1]:3306'],
      ['--event=$EVENT', '--initiator=$INITIATOR'],
      ['--event=new_master', '--initiator=', '--masterlist='],
      ['--event=new_master', '--initiator=', '--masterlist=[db1]:3306,[db2]:3306'],
      ['--event=new_master', '--initiator=[db1]:3306', '--masterlist=[db2]:3306'],
    ])
      expect(await maxscale(...words)).toMatchObject({ kind: 'wrong' });
  });
});

describe('the command line', () => {
  const line = (...argv: readonly string[]) => readHookLine(argv, { env: {}, host: 'h' });

  test('finds the configuration and the cluster anywhere', () => {
    for (const argv of [
      ['--config', 'a.yaml', '--json', 'hook', 'mha', '--cluster=shop', '--command=stop'],
      ['hook', 'mha', '--config=a.yaml', '--command=stop', '--cluster', 'shop'],
    ])
      expect(line(...argv)).toMatchObject({
        kind: 'call',
        config: 'a.yaml',
        call: { tool: 'mha', cluster: 'shop', words: ['--command=stop'] },
      });
  });

  test('knows its tools', () => {
    expect(line('hook', 'maxscal')).toMatchObject({
      kind: 'wrong',
      sentence: expect.stringContaining('did you mean "maxscale"?'),
    });
    expect(line('hook', 'mha', '--config')).toMatchObject({ kind: 'wrong' });
  });

  test('leaves other commands and the help to the program', () => {
    for (const argv of [['status'], ['freeze', 'shop', 'hook'], ['hook'], ['hook', 'mha', '--help']])
      expect(line(...argv)).toBeUndefined();
  });
});
