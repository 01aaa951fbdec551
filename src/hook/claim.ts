/** What a failover tool says, in our words. A hook process loads as little as it can: no imports here. */

/** The tools that call `source-dns hook`. */
export const hookTools = ['orchestrator', 'mha', 'mha-online', 'replication-manager', 'maxscale'] as const;
export type HookTool = (typeof hookTools)[number];

/** A server as a tool names it: lower case, without brackets and without the final dot. */
export interface Place {
  readonly host: string;
  /** Absent: the tool did not say it. */
  readonly port?: number;
}

/** What a tool claims about one cluster. */
export interface Claim {
  readonly tool: HookTool;
  /**
   * `moved`: the successor is the source now. `moving`: it is, or becomes writable in a moment. `announced`:
   * it is still read-only. `status`: a test at the tool's start.
   */
  readonly act: 'moved' | 'moving' | 'announced' | 'status';
  /** `--cluster`. */
  readonly cluster?: string;
  /** Other names that the tool has for the cluster: its alias, its domain. */
  readonly names: readonly string[];
  /** The server that was the source: by its name and by its IP address. */
  readonly former: readonly Place[];
  /** The server that is the source, or will be: by its name and by its IP address. */
  readonly successor: readonly Place[];
  /** `tool@host`: letters, digits, `.`, `_`, `@` and `-`, at most 64. */
  readonly by: string;
  /** For the history. */
  readonly reason?: string;
  /** The same id twice moves once. */
  readonly id?: string;
}

export type HookReading =
  | { readonly kind: 'claim'; readonly claim: Claim }
  /** Nothing to do for us, and why. */
  | { readonly kind: 'nothing'; readonly sentence: string }
  /** The tool does not call us as it should. */
  | { readonly kind: 'wrong'; readonly sentence: string };

/** What a hook process was started with. */
export interface HookCall {
  readonly tool: HookTool;
  /** `--cluster`. */
  readonly cluster?: string;
  /** The tool's own arguments. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The name of this machine. */
  readonly host: string;
}

/** A name of DNS has no more characters (RFC 1035 2.3.4), and neither has the name of a cluster. */
const longestName = 255;

/** The claim without the rest of texts that are too long to be any name: the daemon takes no endless body. */
export const boundedClaim = (claim: Claim): Claim => ({
  ...claim,
  names: claim.names.map((name) => name.slice(0, longestName)),
  ...(claim.cluster === undefined ? {} : { cluster: claim.cluster.slice(0, longestName) }),
});
