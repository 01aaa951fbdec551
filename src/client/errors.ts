/**
 * What a caller of the following pool can get. Tell errors by `code`: some versions of the driver copy them.
 */

/** The connection led to the former source, and was cut. */
export class SourceMovedError extends Error {
  override readonly name = 'SourceMovedError';
  readonly code = 'SOURCE_MOVED';
  /**
   * Whether surely nothing was done. False: the statement was under way, and nobody knows what became of it.
   */
  readonly refused: boolean;

  constructor(message: string, refused: boolean) {
    super(message);
    this.refused = refused;
  }
}

/**
 * The server that the ledger names took no writes until the time was over. Nothing was sent. `cause`: why
 * not.
 */
export class SourceNotWritableError extends Error {
  override readonly name = 'SourceNotWritableError';
  readonly code = 'SOURCE_NOT_WRITABLE';
  readonly refused = true;
}

/** No ledger said who is the source until the time was over. Nothing was sent. `cause`: what DNS said. */
export class SourceUnknownError extends Error {
  override readonly name = 'SourceUnknownError';
  readonly code = 'SOURCE_UNKNOWN';
  readonly refused = true;
}

/** Until the time was over no connection was free, and no new one was ready. Nothing was sent. */
export class SourceBusyError extends Error {
  override readonly name = 'SourceBusyError';
  readonly code = 'SOURCE_BUSY';
  readonly refused = true;
}

/** The driver's error, as far as it is looked at. */
interface DriverError {
  readonly code?: unknown;
  readonly errno?: unknown;
}

/** A read-only server refused the statement: ER_OPTION_PREVENTS_STATEMENT and its two relatives. */
const readOnlyNumbers: readonly unknown[] = [1290, 1792, 1836];
/** The server goes away or serves nobody: shutdown (three numbers), offline mode. */
const leavingNumbers: readonly unknown[] = [1053, 1077, 1079, 3032];
/** The network, or the end of the connection. */
const lostCodes: readonly unknown[] = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'PROTOCOL_CONNECTION_LOST',
  'SOURCE_MOVED',
  'SOURCE_NOT_WRITABLE',
  'SOURCE_UNKNOWN',
];

const errorOf = (error: unknown): DriverError => (typeof error === 'object' && error !== null ? error : {});

/** A read-only transaction or session refused it: ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION. */
export const isOfSession = (error: unknown): boolean => errorOf(error).errno === 1792;

export const isReadOnly = (error: unknown): boolean => readOnlyNumbers.includes(errorOf(error).errno);

/** Whether the server or the way to it is at fault, so that another connection may do better. */
export function isLoss(error: unknown): boolean {
  const { code, errno } = errorOf(error);
  return leavingNumbers.includes(errno) || lostCodes.includes(code) || isAfterEnd(error);
}

/** The driver refused to send on a connection that has ended before. This error has no code. */
const isAfterEnd = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('connection is in closed state');

/** A refused statement did nothing: the caller may repeat it. */
export function markRefused(error: unknown): void {
  if (typeof error === 'object' && error !== null && Object.isExtensible(error))
    Object.assign(error, { refused: true });
}

/** One line for events. A message of the driver can name the account; its code cannot. */
export function shortly(error: unknown): string {
  const { code, errno } = errorOf(error);
  if (typeof code === 'string') return typeof errno === 'number' && errno > 0 ? `${code} (${errno})` : code;
  return 'an error without a code';
}
