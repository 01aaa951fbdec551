/** The set of GTIDs that a server has executed, of both products, and whose GTIDs they are. */

/** Closed intervals, ascending, disjoint and not adjacent, by `uuid` or `uuid:tag` (lower case), or by MariaDB's `domain-server`. */
export type GtidSet = ReadonlyMap<string, readonly Interval[]>;

export type Interval = readonly [first: number, last: number];

export const emptyGtidSet: GtidSet = new Map();

/** Who wrote a key's transactions: the server UUID without the tag, or MariaDB's whole `domain-server`. */
export const uuidOf = (key: string): string => key.slice(0, 36);

/** Whether the key is MariaDB's `domain-server`, and not MySQL's UUID. */
export const isMariadbKey = (key: string): boolean => key.length < 36;

/** The domain of a key. */
export const domainOf = (key: string): string => key.slice(0, key.indexOf('-'));

/** The `server_id` of the server that wrote a key's transactions. */
export const writerOf = (key: string): number => Number(key.slice(key.indexOf('-') + 1));
