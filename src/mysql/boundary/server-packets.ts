/**
 * Reads each packet of a server. Those of a login are written anew for the driver, so a field that could
 * break the driver never reaches it. Source: MySQL protocol documentation, "Connection Phase" and "Text Resultset".
 */

import { broken, loginUnsupported, tooLarge } from '../answer/answer-fault.ts';
import { maxErrorTextBytes, maxNameBytes, maxRowIntervals } from '../answer/limits.ts';
import { boundedLine } from '../answer/text.ts';
import { Payload } from './payload.ts';

/** Capabilities of the greeting. */
const longPassword = 0x1;
const protocol41 = 0x200;
const ssl = 0x800;
const transactions = 0x2000;
const secureConnection = 0x8000;
const pluginAuth = 0x8_0000;
/** Hidden from the driver: compression, second factor, session tracking, MariaDB extensions. */
const common = longPassword + protocol41 + transactions + secureConnection + pluginAuth;
/** utf8mb4_general_ci. */
const utf8mb4 = 45;
/** SERVER_STATUS_AUTOCOMMIT. */
const status = Buffer.of(2, 0);
/** SERVER_MORE_RESULTS_EXISTS. */
const moreResults = 0x8;
/** The plugin for a greeting with no plugin or an unknown one: the server then asks for a change. */
const anyPlugin = 'mysql_native_password';
/** The server keeps their number in two bytes. */
const mostColumns = 65_535;

const plain = /^[\x20-\x7e]*$/;

/** A MySQL server's greeting, protocol version 10, with a scramble for the login. */
export function greeting(bytes: Buffer): Buffer {
  const read = new Payload(bytes, 'a greeting');
  if (read.integer(1) !== 10) throw broken('a greeting of another protocol version');
  const version = read.upToZero(maxNameBytes);
  const thread = read.bytes(4);
  const scramble1 = read.bytes(8);
  read.bytes(1);
  const lower = read.integer(2);
  read.bytes(1 + 2);
  const capabilities = lower + read.integer(2) * 0x1_0000;
  if ((capabilities & protocol41) === 0 || (capabilities & secureConnection) === 0)
    throw broken('a greeting of a version before 4.1');
  const scrambleBytes = read.integer(1);
  read.bytes(10);
  const scramble2 = read
    .bytes(Math.max(12, Math.min(read.left, Math.max(13, scrambleBytes - 8))))
    .subarray(0, 12);
  const named = (capabilities & pluginAuth) === 0 ? anyPlugin : pluginOf(read);
  const offered = common + (capabilities & ssl);
  const head = Buffer.concat([
    Buffer.of(10),
    plainText(version),
    Buffer.of(0),
    thread,
    scramble1,
    Buffer.of(0),
  ]);
  const flags = Buffer.of(
    offered & 0xff,
    (offered >> 8) & 0xff,
    utf8mb4,
    ...status,
    (offered >> 16) & 0xff,
    (offered >> 24) & 0xff,
    21,
  );
  return Buffer.concat([
    head,
    flags,
    Buffer.alloc(10),
    scramble2,
    Buffer.of(0),
    Buffer.from(`${named}\0`, 'latin1'),
  ]);
}

/** Some servers leave out the zero byte at the end (MySQL bug 59453). */
function pluginOf(read: Payload): string {
  const rest = read.rest();
  const end = rest.indexOf(0);
  return pluginName(end < 0 ? rest : rest.subarray(0, end));
}

function pluginName(bytes: Buffer): string {
  const name = bytes.toString('latin1');
  if (name.length > maxNameBytes || !plain.test(name)) throw broken('a login method with an invalid name');
  return name;
}

const plainText = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '?'), 'latin1');

export interface ServerError {
  readonly errno: number;
  readonly sqlMessage: string;
}

/** Most servers leave out the SQL state before the login. */
export function serverError(bytes: Buffer): ServerError {
  const read = new Payload(bytes, 'an error', 1);
  const errno = read.integer(2);
  const rest = read.rest();
  const text = rest[0] === 0x23 && rest.length >= 6 ? rest.subarray(6) : rest;
  return { errno, sqlMessage: text.subarray(0, maxErrorTextBytes).toString('utf8') };
}

export const errorBytes = ({ errno, sqlMessage }: ServerError): Buffer =>
  Buffer.concat([Buffer.of(0xff, errno & 0xff, errno >> 8), Buffer.from(`#HY000${sqlMessage}`)]);

/** The end of a login, for the driver. We drop what it says of the session. */
export function ok(bytes: Buffer): Buffer {
  checkOk(bytes);
  return Buffer.of(0, 0, 0, ...status, 0, 0);
}

/** The end of a statement without a result, and of a login. */
export function checkOk(bytes: Buffer): void {
  const read = new Payload(bytes, 'an OK', 1);
  read.encodedInteger();
  read.encodedInteger();
  oneResult(read.integer(2));
  read.integer(2);
}

export const isEof = (bytes: Buffer): boolean => bytes[0] === 0xfe && bytes.length < 9;

export function checkEof(bytes: Buffer): void {
  const read = new Payload(bytes, 'an EOF', 1);
  read.integer(2);
  oneResult(read.integer(2));
}

function oneResult(flags: number): void {
  if ((flags & moreResults) !== 0) throw broken('more than one result for one statement');
}

export function columnCount(bytes: Buffer): number {
  const read = new Payload(bytes, 'a number of columns');
  const count = read.encodedInteger();
  if (count === undefined) throw broken('a request for a file of this machine');
  read.end();
  if (count === 0 || count > mostColumns) throw broken(`a result of ${count} columns`);
  return count;
}

/** Only the name counts: every cell is read as text, so no number loses digits, no date changes its zone. */
export function columnName(bytes: Buffer): string {
  const read = new Payload(bytes, 'a column');
  // Catalog, schema, table, original table.
  for (let index = 0; index < 4; index += 1) read.skipText();
  const text = (read.encodedText() ?? nothing).toString('latin1');
  read.skipText();
  if (text === '' || text.length > maxNameBytes || !plain.test(text) || unsafeNames.has(text))
    throw broken('a column with an invalid name');
  // Length of the fixed fields, character set, length, type, flags, decimals, filler.
  if (read.integer(1) !== 12 || read.left !== 12) throw broken('a column of unknown form');
  return text;
}

const nothing = Buffer.alloc(0);

/** Names that no row may have as a property. */
const unsafeNames: ReadonlySet<string> = new Set([
  '__proto__',
  ...Object.getOwnPropertyNames(Object.prototype),
]);

export function checkIntervals(row: Buffer): void {
  if (row.length > maxRowIntervals && dividers(row) > maxRowIntervals)
    throw tooLarge(`more than ${maxRowIntervals} GTID intervals in one row`, true);
}

function dividers(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x3a || byte === 0x2c) count += 1;
  return count;
}

export interface LoginSwitch {
  readonly plugin: string;
  readonly data: Buffer;
}

const knownPlugins: ReadonlySet<string> = new Set([
  'caching_sha2_password',
  'mysql_native_password',
  'sha256_password',
]);

/** Throws for a method that we do not know or do not accept: no server gets the password in plain text. */
export function loginSwitch(bytes: Buffer): LoginSwitch {
  if (bytes.length === 1)
    throw loginUnsupported('asks for the login method of MySQL before 4.1 (mysql_old_password)');
  const read = new Payload(bytes, 'a choice of the login method', 1);
  const plugin = pluginName(read.upToZero(maxNameBytes));
  const data = read.rest();
  if (plugin === 'mysql_clear_password')
    throw loginUnsupported('asks for the password in plain text (mysql_clear_password), which we never send');
  if (!knownPlugins.has(plugin))
    throw loginUnsupported(
      `asks for the login method ${boundedLine(plugin) || '(empty)'}, which this client does not support`,
    );
  if (data.length < 20 || data.length > 21) throw broken('a login method without its 20 random bytes');
  return { plugin, data: data.subarray(0, 20) };
}

export const loginSwitchBytes = ({ plugin, data }: LoginSwitch): Buffer =>
  Buffer.concat([Buffer.of(0xfe), Buffer.from(`${plugin}\0`, 'latin1'), data, Buffer.of(0)]);
