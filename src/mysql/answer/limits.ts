/** How much a MySQL server may send. What is more ends the connection as the bytes arrive, and costs that probe alone. */

/** A greeting, a step of the login, an error, a column's definition: real ones have some hundred bytes. */
export const maxSmallPacketBytes = 16 * 1024;
/** One row. The largest cells are GTID sets, of a replica what it executed and what it received: 100,000 intervals are 1.3 MB. */
export const maxRowBytes = 3 * 1024 * 1024;
/** Intervals, or GTIDs, of all sets of one row, counted by what divides them. Each takes some 65 bytes of heap until the next probe. */
export const maxRowIntervals = 250_000;
/** All that a server sends from one probe to the next, also below TLS. A row of each of several channels has the whole `gtid_executed`. */
export const maxProbeBytes = 12 * 1024 * 1024;
/** Our longest answer, SHOW ALL SLAVES STATUS, has about 70. */
export const maxColumns = 512;
/** A replica has at most 256 channels (manual 19.2.2), and each may have more than one row. */
export const maxResultRows = 1000;
/** Steps of one login: its switch of the method, its data, its result. */
export const maxLoginPackets = 16;
/** The bytes of an error's text that are read; MySQL writes at most 512. */
export const maxErrorTextBytes = 1024;
/** The bytes of a server's version in its greeting, of a plugin's name and of a column's name. MySQL's identifiers have 64 characters. */
export const maxNameBytes = 256;
/** A public key in PEM: RSA with 16,384 bits has 2.8 KB. */
export const maxPublicKeyBytes = 4096;
/** A text of a row that is no set and no error: host and file names have at most 512 bytes. */
export const maxTextLength = 1024;
