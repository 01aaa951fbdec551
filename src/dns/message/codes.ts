/** The DNS numbers that source-dns uses, and their names in failures. */

/** RR types (RFC 1035 3.2.2, 2782, 3596, 4034, 6891, 8945). */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  TSIG: 250,
  ANY: 255,
} as const;

/** Classes (RFC 1035 3.2.4, RFC 2136 2.4 and 2.5). */
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const;

export const OPCODE = { QUERY: 0, UPDATE: 5 } as const;

/** RCODEs (RFC 1035 4.1.1, RFC 2136 2.2). Those above 15 need an OPT record (RFC 6891 9, RFC 7873 8). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

/** Error field of a TSIG RR (RFC 8945 3). The header's RCODE is then NOTAUTH. */
export const TSIG_ERROR = { NONE: 0, BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

/** `SOA`; `TYPE99` for a type that is not in the table (RFC 3597 5). */
export const typeName = (type: number): string => nameOf(TYPE, type) ?? `TYPE${type}`;

const nameOf = (table: Readonly<Record<string, number>>, code: number): string | undefined =>
  Object.entries(table).find(([, value]) => value === code)?.[0];

/** `NXRRSET`; `RCODE11` for a code that is not in the table. */
export const rcodeName = (rcode: number): string => nameOf(RCODE, rcode) ?? `RCODE${rcode}`;

/** `BADKEY`; `TSIG error 99` for a code that is not in the table. */
export const tsigErrorName = (error: number): string => nameOf(TSIG_ERROR, error) ?? `TSIG error ${error}`;
