/** What a benchmark and the farm say to each other. Everything crosses a process boundary as JSON. */

export interface FarmSize {
  readonly clusters: number;
  /** Servers of one cluster; the first is its source. */
  readonly servers: number;
  readonly tls: boolean;
  /** How often the program under test should ask each server: what is later is late. */
  readonly intervalMs: number;
  /** Of each source. A cluster that writes tells another GTID set at each probe. */
  readonly commitsPerSecond: number;
}

export type Order =
  | { readonly kind: 'listen'; readonly size: FarmSize }
  /** Forgets the tally, and begins a new one. */
  | { readonly kind: 'begin-tally' }
  | { readonly kind: 'tally' }
  /** The source of every cluster dies: its connections are reset, and so is each new one. */
  | { readonly kind: 'kill-sources' }
  /** Cluster after cluster the second server becomes the source, and the others follow it. */
  | { readonly kind: 'promote'; readonly perSecond: number }
  /** Two servers of each cluster fall silent, in every second cluster the source is one of them. */
  | { readonly kind: 'silence-half' }
  | { readonly kind: 'heal' };

/** What was done, and when: milliseconds since 1970. */
export interface Done {
  readonly at: number;
  readonly port: number;
  readonly tally: Tally;
}

/** What the servers were asked since `begin-tally`. */
export interface Tally {
  readonly seconds: number;
  readonly probes: number;
  readonly glances: number;
  readonly connections: number;
  /** The most in one second. */
  readonly busiest: { readonly probes: number; readonly connections: number };
  /** Connections that are open now. */
  readonly open: number;
  /** How much longer than the interval a server waited for its next probe, in ms. */
  readonly lateness: { readonly median: number; readonly p99: number; readonly most: number };
  /** Statements that the farm does not know: each is a fault of the farm. */
  readonly unknown: readonly string[];
}
