/** What the shell must provide. Types only: the runtime gets these, and the simulator gives others. */
import type { FenceResult } from './core/model/fence.ts';
import type { Failure, Places, Probe, Unasked } from './core/model/observation.ts';
import type { Fqdn, MonoMs, ServerAddress, ServerId, WallMs } from './core/model/units.ts';
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
  /** Calls back once, in `ms` (at least 0); the returned function cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** Random tokens of `[0-9a-z]`, at least 80 bits: PowerDNS compares TXT without case. */
export interface Random {
  token(): string;
}

/** The MySQL servers of one cluster: the configured ones, and discovered ones within its scopes. */
export interface ServerProber {
  /**
   * Always resolves by the deadline; never rejects. `unasked`: the connection was not open by then. It is opened
   * all the same, and the next probe finds it. Without `places` the resolver says where to
   * connect.
   */
  probe(server: ServerAddress, deadline: MonoMs, places?: Places): Promise<Probe | Unasked>;
  /** Asks who is at this IP address, over a new connection that is then closed. Resolves by the deadline. */
  probeAt(server: ServerAddress, address: string, deadline: MonoMs): Promise<Probe | Unasked>;
  /** The next probe of this server opens a new connection. A running probe ends on the old connection. */
  renew(server: ServerAddress): void;
  /** The sorted IP addresses of the server's host name; an IP address is its own answer. */
  resolve(server: ServerAddress, deadline: MonoMs): Promise<Resolution>;
  /** Forgets a discovered server that is no longer asked. A configured server stays as it is. */
  release(server: ServerAddress): void;
  /** Called when the kept connection to a server breaks: so we learn of a crash without polling. */
  onConnectionLost(listener: (server: ServerAddress) => void): void;
  /**
   * Glances at these servers from now on, and at no others: asks who is there and may be written to, over the
   * kept connection, while no probe of that server runs. Less often where the process asks too much.
   */
  watch(servers: readonly ServerAddress[], everyMs: number): void;
  /** Called when a glance differs from the newest probe of that server. Evidence comes from probes alone. */
  onGlanceDiffers(listener: (server: ServerAddress) => void): void;
  close(): Promise<void>;
}

/** Fences superseded sources of one cluster (docs/decisions/042). Between two acts it has no connection. */
export interface ServerFencer {
  /**
   * Makes this server read-only and ends the connections of its clients. Always resolves by the deadline;
   * never rejects. A statement that it gave up must not take effect later.
   */
  fence(request: FenceRequest): Promise<FenceResult>;
}

export interface FenceRequest {
  readonly server: ServerAddress;
  /** The server's identity, as a probe says it. It is asked again on the connection that acts. */
  readonly uuid: ServerId;
  /** It must be read-only already, and only the connections of its clients end. */
  readonly finishes: boolean;
  readonly deadline: MonoMs;
  /** As for a probe. */
  readonly places?: Places;
}

export type Resolution =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** One nameserver that can be read and updated. */
export interface ZoneClient {
  /** Reads these RRsets at the primary server. Always resolves by the deadline; never rejects. */
  read(request: ReadRequest): Promise<ZoneReading>;
  /** Sends the plan once, never after `notAfter`. Always resolves by the deadline; never rejects. */
  update(request: UpdateRequest): Promise<UpdateOutcome>;
  /**
   * Asks every authoritative nameserver (or resolver) until it answers exactly these RRsets, or the deadline
   * passes. A newer request for the same name ends the older request with a `superseded` report. Never
   * rejects.
   */
  propagation(request: PropagationRequest): Promise<PropagationReport>;
  /**
   * Finds out which RRset of the plan the nameserver refuses, and what would allow it; changes nothing in the
   * zone. Returns the failure in better words, or unchanged. Always resolves by the deadline; never rejects.
   */
  inspectRefusal(request: RefusalRequest): Promise<Failure>;
  close(): Promise<void>;
}

export interface ReadRequest {
  /** Absent: found by an SOA query for the name of the first question. */
  readonly zone?: Fqdn | undefined;
  readonly questions: readonly Question[];
  /** Names that may be outside of the zone: the others are read all the same. */
  readonly sides?: readonly Fqdn[];
  /** Find out again what is stored and what comes from a wildcard, by updates that change nothing. */
  readonly anew?: boolean | undefined;
  readonly deadline: MonoMs;
}

export interface UpdateRequest {
  readonly plan: UpdatePlan;
  readonly notAfter: MonoMs;
  readonly deadline: MonoMs;
  /** Aborted: an unsent update must not be sent; it is `refused`, `not-sent`, with the failure `recalled`. */
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
  /** Each must be answered with exactly this RDATA. */
  readonly present: readonly Rrset[];
  /** Must no longer exist. */
  readonly absent: readonly Question[];
  /** Which servers to ask; default: the authoritative nameservers. */
  readonly among?: 'nameservers' | 'resolvers';
  readonly deadline: MonoMs;
}
