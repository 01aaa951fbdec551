/** What the shell must provide. Types only: the runtime is given these, and the simulator gives others. */
import type { Failure, Places, Probe } from './core/model/observation.ts';
import type { Fqdn, MonoMs, ServerAddress, WallMs } from './core/model/units.ts';
import type {
  PropagationReport,
  Question,
  Rrset,
  UpdateOutcome,
  UpdatePlan,
  ZoneReading,
} from './core/model/zone.ts';

/** Both clocks, and the only timer of the runtime. */
export interface Clock {
  mono(): MonoMs;
  wall(): WallMs;
  /** Calls back once, `ms` from now (at least 0); the returned function cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** Random tokens of `[0-9a-z]`, at least 80 bits: PowerDNS compares TXT without case. */
export interface Random {
  token(): string;
}

/** Asks the MySQL servers of one cluster, on kept connections: the configured ones, and those within its scopes, which are opened by their first probe. */
export interface ServerProber {
  /** Resolves by the deadline, always; never rejects. Without `places` a new connection goes where the resolver says. */
  probe(server: ServerAddress, deadline: MonoMs, places?: Places): Promise<Probe>;
  /** Asks who is at this IP address, over a connection of its own, which is closed then: the kept one stays as it is. Resolves by the deadline; never rejects. */
  probeAt(server: ServerAddress, address: string, deadline: MonoMs): Promise<Probe>;
  /** The next probe of this server opens a new connection. One that is on its way ends on the old one. */
  renew(server: ServerAddress): void;
  /** The IP addresses of the server's host name (the address itself where it is one), sorted. */
  resolve(server: ServerAddress, deadline: MonoMs): Promise<Resolution>;
  /** A discovered server is not asked any more: nothing is kept of it. A configured one is left as it is. */
  release(server: ServerAddress): void;
  /** Called when the kept connection to a server ends by itself: a crash is pushed to us, without polling. */
  onConnectionLost(listener: (server: ServerAddress) => void): void;
  close(): Promise<void>;
}

export type Resolution =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** One nameserver that can be read and updated. */
export interface ZoneClient {
  /** Reads these RRsets at the primary server. Resolves by the deadline, always; never rejects. */
  read(request: ReadRequest): Promise<ZoneReading>;
  /** Sends the plan once. Resolves by the deadline, always; never rejects. It is not sent after `notAfter`. */
  update(request: UpdateRequest): Promise<UpdateOutcome>;
  /**
   * Asks every authoritative nameserver (or resolver) until it answers exactly these RRsets, or the deadline passes. A newer request for the
   * same name ends the older one, whose report is then `superseded`. Never rejects.
   */
  propagation(request: PropagationRequest): Promise<PropagationReport>;
  /**
   * Finds out which RRset of that plan the nameserver refuses, and what would allow it; changes nothing in the zone. Gives the failure in better
   * words, or as it was. Resolves by the deadline, always; never rejects.
   */
  inspectRefusal(request: RefusalRequest): Promise<Failure>;
  close(): Promise<void>;
}

export interface ReadRequest {
  /** Absent: found by SOA of the first question's name. */
  readonly zone?: Fqdn | undefined;
  readonly questions: readonly Question[];
  /** Names that may lie outside of the zone: the others are read all the same. */
  readonly sides?: readonly Fqdn[];
  /** What was found to be stored, or made from a wildcard, is found out anew, by updates that change nothing. */
  readonly anew?: boolean | undefined;
  readonly deadline: MonoMs;
}

export interface UpdateRequest {
  readonly plan: UpdatePlan;
  readonly notAfter: MonoMs;
  readonly deadline: MonoMs;
  /** Aborted: it is not wanted any more. If it has not left yet it must not leave, and is `refused`, `not-sent`, with the failure `recalled`. */
  readonly recalled?: AbortSignal;
}

export interface RefusalRequest {
  readonly plan: UpdatePlan;
  /** What the nameserver said. */
  readonly failure: Failure;
  readonly deadline: MonoMs;
}

export interface PropagationRequest {
  readonly zone: Fqdn;
  /** Must be answered with exactly this RDATA. */
  readonly present: readonly Rrset[];
  /** Must not exist any more. */
  readonly absent: readonly Question[];
  /** Who is asked; default: the authoritative nameservers. */
  readonly among?: 'nameservers' | 'resolvers';
  readonly deadline: MonoMs;
}
