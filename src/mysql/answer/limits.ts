/** How much a MySQL server may send. More than this ends the connection, and only this probe fails. */

/** A greeting, a login step, an error, a column definition: real ones have some hundred bytes. */
export const maxSmallPacketBytes = 16 * 1024;
/** One row. The largest cells are the executed and the received GTID set: 100,000 intervals are 1.3 MB. */
export const maxRowBytes = 3 * 1024 * 1024;
/** Intervals or GTIDs of one row, counted by their dividers. Each takes 65 bytes until the next probe. */
export const maxRowIntervals = 250_000;
/** Of the last answer to one statement, kept to be compared with the next one. */
export const maxRememberedBytes = 4 * 1024 * 1024;
/** From one probe to the next, TLS included. Each channel's row has the whole `gtid_executed`. */
export const maxProbeBytes = 12 * 1024 * 1024;
/** Our widest answer, SHOW ALL SLAVES STATUS, has about 70. */
export const maxColumns = 512;
/** A replica has at most 256 channels (manual 19.2.2), and a channel may have more than one row. */
export const maxResultRows = 1000;
/** Steps of one login: change of the method, data, result. */
export const maxLoginPackets = 16;
/** Bytes that we read of an error's text; MySQL writes at most 512. */
export const maxErrorTextBytes = 1024;
/** Bytes of a version, plugin name or column name. MySQL's identifiers have 64 characters. */
export const maxNameBytes = 256;
/** A public key in PEM: RSA with 16,384 bits has 2.8 KB. */
export const maxPublicKeyBytes = 4096;
/** A text cell that is no GTID set and no error: host and file names have at most 512 bytes. */
export const maxTextLength = 1024;
