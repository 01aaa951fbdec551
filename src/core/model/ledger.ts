/** What a ledger says (docs/LEDGER.md), and what fits into one. ledger-text.ts reads and writes it. */

import type { ReplicasName, SourceName } from './settings.ts';
import type { Fqdn, ServerAddress, ServerId } from './units.ts';

export interface Ledger {
  readonly cluster: string;
  /** Counts moves, from 1. */
  readonly epoch: number;
  readonly source: ServerAddress;
  /** `-` where the source was forced without ever having been asked. */
  readonly uuid: ServerId;
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly why: string;
  /** New for every attempt to write: reading it back tells whether that attempt won. */
  readonly try: string;
  readonly form: Form;
  /**
   * The replicas' name and its rules. Absent: there is none, or a version wrote the ledger that does not say.
   */
  readonly replicas?: ReplicasName | undefined;
  /** A transaction that every server of this line has executed (line-mark.ts). */
  readonly line?: LineMark | undefined;
  /**
   * The newest transaction that the source itself had written when it was published; `gno` 0: none. Absent:
   * this was not known, or an older version wrote the ledger.
   */
  readonly own?: LineMark | undefined;
  /** Former sources that have not rejoined. */
  readonly was: readonly Former[];
  /** Those of `was` that somebody opened after the move: nobody fences them. */
  readonly opened?: readonly ServerId[] | undefined;
  /** Announced by a hook: the name moves when it becomes writable. */
  readonly next?: { readonly uuid: ServerId; readonly until: string } | undefined;
  readonly frozen?: { readonly by: string; readonly reason: string } | undefined;
  /** Fields that this version does not know, copied unchanged. */
  readonly unknown: readonly string[];
}

/** What was published: kind, TTL and the addresses (or the one host name of a CNAME). */
export interface Form {
  readonly type: 'address' | 'cname';
  readonly ttlSeconds: number;
  readonly targets: readonly string[];
}

export interface LineMark {
  /** Or MariaDB's `domain-server`: a key of a GTID set. */
  readonly uuid: string;
  readonly gno: number;
}

export interface Former {
  readonly uuid: ServerId;
  readonly address: ServerAddress;
}

/** At most this many former sources: then automatic moves are held. */
export const formerLimit = 8;
/** RFC 1035 3.3: the longest character-string. */
export const stringLimit = 255;
/** `aurora:` and an instance's name of 63 letters. MariaDB's identity may be longer: it has the address. */
const longestIdentity = 70;
/** `host:port` of a server: `was=<identity>@<host:port>` must fit. */
export const longestAddress = stringLimit - 'was='.length - longestIdentity - '@'.length;
/** An epoch has at most 15 digits: it is exact in JavaScript. */
export const highestEpoch = 999_999_999_999_999;

export type LedgerReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'ledger'; readonly ledger: Ledger }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Whether a server can stand in the ledger, as the source and as a former one. */
export const fits = ({ uuid, address }: Former): boolean =>
  address.length <= longestAddress &&
  (uuid.length <= longestIdentity || shortIdentity(uuid)?.address === address);

/** MariaDB's identity ends with the address that the server is configured with. */
export function shortIdentity(
  uuid: string,
): { readonly short: string; readonly address: string } | undefined {
  const match = /^(mariadb:\d{1,10})@(.+)$/.exec(uuid);
  return match ? { short: match[1] as string, address: match[2] as string } : undefined;
}

/** Whether a transaction can stand in the ledger. */
export const isMark = ({ uuid, gno }: LineMark): boolean =>
  isMarkKey(uuid) && Number.isSafeInteger(gno) && gno > 0;

/** Whether transactions of this writer can stand in the ledger. */
export const isMarkKey = (key: string): boolean => /^(?:[0-9a-f-]{36}|\d{1,10}-\d{1,10})$/.test(key);

/** `<type>/<ttl>/<addresses>`. */
export const formText = (form: Form): string => `${form.type}/${form.ttlSeconds}/${form.targets.join(',')}`;

/** The same ledger with these rules for the replicas' name, if they can be written. */
export const withReplicas = (ledger: Ledger, replicas: ReplicasName | undefined): Ledger => ({
  ...ledger,
  replicas: replicasText(replicas) === '' ? undefined : replicas,
});

export const rulesText = ({ name, ttlSeconds, maxLagMs, whenEmpty }: ReplicasName): string =>
  `${name}/${ttlSeconds}/${maxLagMs}/${whenEmpty}`;

/** `<name>/<ttl>/<max_lag in ms>/<when_empty>`; empty: none, or a name that is too long to be written. */
export function replicasText(replicas: ReplicasName | undefined): string {
  const text = replicas ? rulesText(replicas) : '';
  return /^[ -~]*$/.test(text) && `replicas=${text}`.length <= stringLimit ? text : '';
}

/** Whether the form can be written: a character-string ends at 255 bytes. */
export const formFits = (form: Form): boolean => `form=${formText(form)}`.length <= stringLimit;

/** Where the ledger of a source's name lives. */
export const ledgerName = (source: SourceName): Fqdn => `_source-dns.${source.name}` as Fqdn;
