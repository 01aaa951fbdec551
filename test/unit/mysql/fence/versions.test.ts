/**
 * The act on versions of MySQL that no package of Debian has: against false servers that answer as the
 * manuals of these versions say (read, not run).
 */

import { describe, expect, test } from 'vitest';
import type { ServerId } from '../../../../src/core/model/units.ts';
import { createFencer, type FencerOptions } from '../../../../src/mysql/fence/fencer.ts';
import { connectionRow } from '../../../support/connection-row.ts';
import { clock, deadline, falseMysqld, type Refusal, type TextRow } from '../../../support/false-server.ts';

const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const unknownVariable: Refusal = { errno: 1193, text: 'Unknown system variable' };
const noSuchTable: Refusal = { errno: 1146, text: "Table 'performance_schema.processlist' doesn't exist" };

/** How a version answers. */
interface Version {
  readonly version: string;
  readonly privileges: readonly string[];
  /** The list of connections in the Performance Schema came with 8.0.22. */
  readonly listsThere: boolean;
  /** Since 8.0.26 there are plugins that say "replica". */
  readonly waiting: string;
  readonly endsWait: string;
}

const before826 = {
  waiting: 'Waiting for semi-sync ACK from slave',
  endsWait: 'SET GLOBAL rpl_semi_sync_master_enabled = OFF',
} as const;
const dynamic = ['SYSTEM_VARIABLES_ADMIN', 'CONNECTION_ADMIN', 'PROCESS'] as const;
const versions: readonly Version[] = [
  { version: '5.7.44-log', privileges: ['SUPER', 'PROCESS'], listsThere: false, ...before826 },
  { version: '8.0.21', privileges: dynamic, listsThere: false, ...before826 },
  {
    version: '8.0.36',
    privileges: dynamic,
    listsThere: true,
    waiting: 'Waiting for semi-sync ACK from replica',
    endsWait: 'SET GLOBAL rpl_semi_sync_source_enabled = OFF',
  },
];

interface Situation {
  /** What the account lacks. */
  readonly lacks?: string;
  /** A commit waits for a replica. */
  readonly waits?: boolean;
}

/** Fences a false server of this version. */
async function act(
  of: Version,
  { lacks, waits = false }: Situation = {},
  options: Partial<FencerOptions> = {},
) {
  const granted = of.privileges.filter((each) => each !== lacks);
  const closed = new Set<string>();
  const listed = [
    connectionRow(5, { user: 'repl', command: 'Binlog Dump GTID' }),
    connectionRow(9, { user: 'source_dns_fence' }),
    ...(waits
      ? [connectionRow(10, { command: 'Query', state: of.waiting })]
      : [connectionRow(10), connectionRow(11)]),
    connectionRow(12, { user: 'backup' }),
    connectionRow(13, { user: 'dba' }),
  ];
  const answers: readonly (readonly [RegExp, () => readonly TextRow[] | Refusal])[] = [
    [
      /^SELECT @@version/,
      () => [{ version: of.version, version_comment: 'MySQL', basedir: '/usr', account: 'f@%' }],
    ],
    [/^SELECT @@(?:aurora|global\.wsrep)/, () => unknownVariable],
    [/'Uptime'/, () => [{ Variable_name: 'Uptime', Value: '100' }]],
    [/AS clock$/, () => [{ id: uuid, closed: closed.size === 2 ? '1' : '0', self: '9', clock: '1000.5' }]],
    [/^SHOW GRANTS$/, () => [{ grants: `GRANT ${granted.join(', ')} ON *.* TO \`f\`@\`%\`` }]],
    [/AS ours FROM performance_schema/, () => (of.listsThere ? [{ ours: '1' }] : noSuchTable)],
    [/FROM performance_schema\.processlist WHERE ID > /, () => (of.listsThere ? listed : noSuchTable)],
    [/FROM information_schema\.processlist WHERE ID > /, () => listed],
    [/^KILL CONNECTION 13$/, () => ({ errno: 1095, text: 'You are not owner of thread 13' })],
    [/^KILL CONNECTION 1[01]$/, () => []],
  ];
  const server = await falseMysqld({
    reply: (sql) => answers.find(([pattern]) => pattern.test(sql))?.[1](),
    refuses: (sql) => {
      const [, variable] = /^SET GLOBAL (\w+) = IF\(/.exec(sql) ?? [];
      if (variable === undefined) return undefined;
      if (lacks === of.privileges[0]) return { errno: 1227, text: `Access denied; you need ${lacks}` };
      if (waits) return { errno: 1205, text: 'Lock wait timeout exceeded; try restarting transaction' };
      closed.add(variable);
      return undefined;
    },
  });
  const fencer = createFencer({
    cluster: 'shop',
    servers: [{ address: server.address }],
    user: 'source_dns_fence',
    password: 'geheim',
    watcher: 'source_dns',
    kill: 'clients',
    spare: ['backup'],
    timeoutMs: 20_000,
    tls: 'disabled',
    connectTimeoutMs: 5000,
    queryTimeoutMs: 5000,
    clock,
    ...options,
  });
  const result = await fencer.fence({
    server: server.address,
    uuid: uuid as ServerId,
    finishes: false,
    deadline: deadline(20_000),
  });
  return { result, asked: server.asked };
}

describe.each(versions)('MySQL $version (read, not run)', (of) => {
  test('is closed by one variable after the other; its clients are ended, and nobody else', async () => {
    const { result, asked } = await act(of);
    // `backup` is spared, and the server protects `dba`.
    expect(result).toEqual({ kind: 'fenced', killed: 2, spared: 2 });
    expect(asked.filter((sql) => sql.startsWith('SET GLOBAL')).map((sql) => sql.split(' ')[2])).toEqual([
      'read_only',
      'super_read_only',
    ]);
    expect(asked.filter((sql) => sql.startsWith('KILL'))).toEqual(
      [10, 11, 13].map((id) => `KILL CONNECTION ${id}`),
    );
    const table = of.listsThere ? 'performance_schema' : 'information_schema';
    expect(
      asked.filter((sql) => / WHERE ID > /.test(sql)).map((sql) => /FROM (\w+)\./.exec(sql)?.[1]),
    ).toEqual([table]);
  });

  test('without the privilege to close it: refused, with the statement that gives it', async () => {
    const [lacks = ''] = of.privileges;
    const { result } = await act(of, { lacks });
    expect(result).toMatchObject({
      kind: 'refused',
      failure: {
        code: 'fence-privilege-missing',
        hint: expect.stringContaining(`GRANT ${lacks} ON *.* TO `),
      },
    });
  });

  test('without PROCESS: it is closed, and the statement says what gives the rest', async () => {
    const { result } = await act(of, { lacks: 'PROCESS' });
    expect(result).toMatchObject({
      kind: 'refused',
      failure: {
        message: expect.stringContaining(
          'is read-only now, but the connections of its clients are not ended',
        ),
        hint: expect.stringContaining('GRANT PROCESS ON *.* TO '),
      },
    });
  });

  test('a commit that waits for a replica: blocked, and the hint has the variable of this version', async () => {
    const { result } = await act(of, { waits: true });
    expect(result).toMatchObject({
      kind: 'blocked',
      by: expect.stringContaining(of.waiting),
      hint: expect.stringContaining(of.endsWait),
    });
  });
});
