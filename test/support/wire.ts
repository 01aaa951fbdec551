/** The packets of a MySQL server, as bytes: for servers that lie. */

/** One packet: its length, its number, its payload. */
export const packet = (sequence: number, payload: Buffer): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, payload]);
};

export const scramble = Buffer.from('abcdefghijklmnopqrst');

/** All that MySQL 9 offers; CLIENT_SSL is 0x800. */
const offered = 0xdf_ff_f7_ff;

export interface GreetingParts {
  readonly tls: boolean;
  readonly version?: string;
  readonly plugin?: string;
  readonly capabilities?: number;
}

export function greeting({
  tls,
  version = '9.7.4',
  plugin = 'caching_sha2_password',
  capabilities = offered,
}: GreetingParts): Buffer {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(((tls ? capabilities | 0x800 : capabilities & ~0x800) & 0xffff_ffff) >>> 0);
  return Buffer.concat([
    Buffer.from(`\u000a${version}\0`, 'latin1'),
    Buffer.of(9, 0, 0, 0),
    scramble.subarray(0, 8),
    Buffer.of(0),
    flags.subarray(0, 2),
    Buffer.of(255, 2, 0),
    flags.subarray(2),
    Buffer.of(21),
    Buffer.alloc(10),
    scramble.subarray(8),
    Buffer.from(`\0${plugin}\0`, 'latin1'),
  ]);
}

export const ok = Buffer.of(0, 0, 0, 2, 0, 0, 0);
export const eof = Buffer.of(0xfe, 0, 0, 2, 0);

export const error = (errno: number, text: string): Buffer =>
  Buffer.concat([Buffer.of(0xff, errno & 0xff, errno >> 8), Buffer.from(`#HY000${text}`)]);

export const loginSwitch = (plugin: string): Buffer =>
  Buffer.concat([Buffer.of(0xfe), Buffer.from(`${plugin}\0`, 'latin1'), scramble, Buffer.of(0)]);

export function encodedInteger(value: number): Buffer {
  if (value < 0xfb) return Buffer.of(value);
  const bytes = Buffer.alloc(9);
  if (value < 0x1_0000) return bytes.fill(0xfc, 0, 1).subarray(0, 1 + (bytes.writeUInt16LE(value, 1) && 2));
  if (value < 0x100_0000)
    return bytes.fill(0xfd, 0, 1).subarray(0, 1 + (bytes.writeUIntLE(value, 1, 3) && 3));
  bytes[0] = 0xfe;
  bytes.writeBigUInt64LE(BigInt(value), 1);
  return bytes;
}

export const encodedText = (text: string | Buffer | null): Buffer => {
  if (text === null) return Buffer.of(0xfb);
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return Buffer.concat([encodedInteger(bytes.length), bytes]);
};

export interface ColumnParts {
  readonly type?: number;
  readonly charset?: number;
}

export const column = (
  name: string | Buffer | null,
  { type = 253, charset = 255 }: ColumnParts = {},
): Buffer =>
  Buffer.concat([
    Buffer.from('\u0003def\0\0\0', 'latin1'),
    encodedText(name),
    Buffer.of(0),
    Buffer.of(12, charset & 0xff, charset >> 8, 0xff, 0, 0, 0, type, 0, 0, 0, 0, 0),
  ]);

export const row = (cells: readonly (string | Buffer | null)[]): Buffer =>
  Buffer.concat(cells.map(encodedText));

/** A result of these rows; a result without rows has one column. */
export function result(rows: readonly Readonly<Record<string, string | null>>[]): readonly Buffer[] {
  const names = Object.keys(rows[0] ?? { none: '' });
  return [
    encodedInteger(names.length),
    ...names.map((name) => column(name)),
    eof,
    ...rows.map((cells) => row(names.map((name) => cells[name] ?? null))),
    eof,
  ];
}
