/** GTID sets of both products, and the writer of each key. */

/** By `uuid`, `uuid:tag` (lower case) or MariaDB's `domain-server`: ascending intervals with gaps. */
export type GtidSet = ReadonlyMap<string, readonly Interval[]>;

export type Interval = readonly [first: number, last: number];

export const emptyGtidSet: GtidSet = new Map();

/** The writer of a key: the server UUID without the tag, or MariaDB's whole `domain-server`. */
export const uuidOf = (key: string): string => key.slice(0, 36);

/** Whether the key is MariaDB's `domain-server`, and not MySQL's UUID. */
export const isMariadbKey = (key: string): boolean => key.length < 36;

/** The domain of a key. */
export const domainOf = (key: string): string => key.slice(0, key.indexOf('-'));

/** The `server_id` of the server that wrote a key's transactions. */
export const writerOf = (key: string): number => Number(key.slice(key.indexOf('-') + 1));
