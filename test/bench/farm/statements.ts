/**
 * The answers of the farm, as bytes. A statement is known by its key words. Its columns are the names after
 * AS that a recorded row of a real server has. Its cells are those of that row, except what differs from
 * server to server.
 */

import { recording } from '../../support/recorded.ts';
import * as wire from '../../support/wire.ts';
import type { FarmServer } from './cluster.ts';

export type Purpose = 'introduction' | 'probe' | 'glance' | 'unknown';

/** How to answer one statement. */
export interface Answering {
  readonly purpose: Purpose;
  readonly sql: string;
  /** Whole packets, from the number that follows a command. */
  answer(server: FarmServer, now: number): Buffer;
  /** It gives a name to this statement. */
  readonly prepares?: { readonly name: string; readonly answering: Answering };
  /** It asks the statement of this name. */
  readonly executes?: string;
}

type Cells = Readonly<Record<string, string | null>>;

const recorded = recording('mysql-9.7').cases;
const cellsOf = (name: string) => (recorded[name]?.['server']?.[0] ?? {}) as Cells;
const [sourceCells, replicaCells, orphanCells] = ['source', 'replica-on', 'replica-connecting-new'].map(
  cellsOf,
) as [Cells, Cells, Cells];
/** Columns that came after the recording. */
const laterCells: Cells = { hostname: 'db', port: '3306', source_user: null };
const version = replicaCells['version'] ?? '';

const product: Cells = {
  version,
  version_comment: replicaCells['version_comment'] ?? '',
  basedir: '/usr/',
  account: 'source_dns@127.%',
};

export const greeting = (tls: boolean): Buffer => wire.packet(0, wire.greeting({ tls, version }));

/** The fast way of caching_sha2_password: the server knows the password. `from`: the packet's number. */
export const loginAnswer = (from: number): Buffer =>
  Buffer.concat([wire.packet(from, Buffer.of(1, 3)), wire.packet(from + 1, wire.ok)]);

/** `withoutEof`: the client understands CLIENT_DEPRECATE_EOF. */
export function answering(sql: string, withoutEof: boolean): Answering {
  const fixed = (purpose: Purpose, bytes: Buffer): Answering => ({ purpose, sql, answer: () => bytes });
  if (/^SET\b/i.test(sql)) return fixed('introduction', wire.packet(1, wire.ok));
  if (/ AS (aurora_version|wsrep_on)\b/.test(sql))
    return fixed('introduction', wire.packet(1, wire.error(1193, 'Unknown system variable')));
  const [, name, text] = /^PREPARE (\w+) FROM '(.*)'$/s.exec(sql) ?? [];
  if (name !== undefined && text !== undefined) {
    const prepares = { name, answering: answering(text.replaceAll("''", "'"), withoutEof) };
    return { ...fixed('introduction', wire.packet(1, wire.ok)), prepares };
  }
  const rows = introductions.find(([pattern]) => pattern.test(sql))?.[1];
  if (rows !== undefined) return fixed('introduction', whole(rows, withoutEof));
  const columns = [...sql.matchAll(/ AS (\w+)/g)].flatMap(([, name = '']) =>
    name in sourceCells || name in laterCells ? [name] : [],
  );
  if (!/^SELECT\b/.test(sql) || columns.length === 0)
    return {
      ...fixed('unknown', wire.packet(1, wire.error(1064, 'the farm does not know this statement'))),
      ...(sql.startsWith('EXECUTE ') && { executes: sql.slice('EXECUTE '.length) }),
    };
  const head = headOf(columns, withoutEof);
  const end = endOf(head.next + 1, withoutEof);
  return {
    purpose: /\breplication_connection_status\b/.test(sql) ? 'probe' : 'glance',
    sql,
    answer: (server, now) =>
      Buffer.concat([head.bytes, wire.packet(head.next, rowOf(columns, server, now)), end]),
  };
}

const introductions: readonly (readonly [RegExp, readonly Cells[]])[] = [
  [/ CURRENT_USER\(\) AS account\b/, [product]],
  [/^SHOW GLOBAL STATUS\b.*'Uptime'/, [{ Variable_name: 'Uptime', Value: '100000' }]],
];

function whole(rows: readonly Cells[], withoutEof: boolean): Buffer {
  const columns = Object.keys(rows[0] ?? {});
  const head = headOf(columns, withoutEof);
  const packets = rows.map((cells, index) =>
    wire.packet(head.next + index, wire.row(columns.map((name) => cells[name] ?? null))),
  );
  return Buffer.concat([head.bytes, ...packets, endOf(head.next + rows.length, withoutEof)]);
}

function headOf(columns: readonly string[], withoutEof: boolean): { bytes: Buffer; next: number } {
  const payloads = [
    wire.encodedInteger(columns.length),
    ...columns.map((name) => wire.column(name)),
    ...(withoutEof ? [] : [wire.eof]),
  ];
  const packets = payloads.map((payload, index) => wire.packet(index + 1, payload));
  return { bytes: Buffer.concat(packets), next: packets.length + 1 };
}

/** Without EOF packets, an OK packet with their first byte ends the rows. */
const endOf = (number: number, withoutEof: boolean): Buffer =>
  wire.packet(number, withoutEof ? Buffer.of(0xfe, 0, 0, 2, 0, 0, 0) : wire.eof);

function rowOf(columns: readonly string[], server: FarmServer, now: number): Buffer {
  const silence = server.cluster.silenceOf(now);
  const template = server.isSource ? sourceCells : silence === undefined ? replicaCells : orphanCells;
  const own = server.isSource ? sourceOwn : replicaOwn;
  let text = '';
  for (const name of columns) {
    const cell = own[name]?.(server, now, silence);
    text += cellText(cell === undefined ? (template[name] ?? laterCells[name] ?? null) : cell);
  }
  return Buffer.from(text, 'latin1');
}

/** One cell of a row: its length and its bytes. */
function cellText(cell: string | null): string {
  if (cell === null) return '\xfb';
  if (cell.length < 0xfb) return String.fromCharCode(cell.length) + cell;
  return `\xfc${String.fromCharCode(cell.length & 0xff, cell.length >> 8)}${cell}`;
}

type Own = Readonly<
  Record<string, (server: FarmServer, now: number, silence: number | undefined) => string | null>
>;

/** The default of MySQL: half of replica_net_timeout. */
const heartbeatMs = 30_000;
/** A source that writes is heard more often than by its heartbeats. */
const eventsMs = 50;
/** Since the last of what comes once in that period. */
const agoUs =
  (periodMs: number) =>
  (server: FarmServer, now: number, silence: number | undefined): string =>
    String(1000 * Math.floor(((now + 137 * server.number) % periodMs) + (silence ?? 0)));

const sourceOwn: Own = {
  server_uuid: ({ uuid }) => uuid,
  hostname: ({ address }) => address,
  gtid_executed: ({ cluster }, now) => cluster.executed(now),
};
const replicaOwn: Own = {
  ...sourceOwn,
  read_only: () => '1',
  super_read_only: () => '1',
  source_host: ({ cluster }) => cluster.source.address,
  source_port: ({ cluster }) => String(cluster.port),
  source_uuid: ({ cluster }) => cluster.source.uuid,
  source_user: () => 'repl',
  heartbeat_s: () => (heartbeatMs / 1000).toFixed(3),
  heartbeat_age_us: agoUs(heartbeatMs),
  queued_age_us: agoUs(eventsMs),
  queued_commit_age_us: agoUs(eventsMs),
  retrieved: ({ cluster }, now) => cluster.executed(now),
  receiver_error: ({ cluster }, _now, silence) =>
    silence === undefined
      ? ''
      : `Error connecting to source 'repl@${cluster.source.address}:${cluster.port}'. Message: Can't connect to MySQL server on '${cluster.source.address}:${cluster.port}' (111)`,
};
