/**
 * Clusters in one zone of a real nameserver: fake MySQL servers that tests change, and services (the real
 * core, runtime and client) that publish them.
 */
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import { readLedger } from '../../../src/core/model/ledger-text.ts';
import type { Probe } from '../../../src/core/model/observation.ts';
import type {
  ClusterSettings,
  PublicationSettings,
  ReplicasName,
  SourceName,
} from '../../../src/core/model/settings.ts';
import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import type { Change, Question, Rrset } from '../../../src/core/model/zone.ts';
import type { Snapshot } from '../../../src/core/report/snapshot-types.ts';
import { systemClock, systemRandom } from '../../../src/daemon/clock.ts';
import { type ClusterRuntime, createClusterRuntime } from '../../../src/daemon/runtime.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import { channelFrom, factsOf, replicaOf, seen, silent } from '../../support/given.ts';
import { quietProber } from '../../support/quiet-prober.ts';
import { soon } from './contract-run.ts';
import { type Listening, openClient, verifyAt } from './open-client.ts';

export type ServerName = 'db1' | 'db2' | 'db3';
const names: readonly ServerName[] = ['db1', 'db2', 'db3'];
export const zone = 'lab.test.' as Fqdn;
export const timeoutMs = 1000;
export const settleMs = 200;
/** Each server has a port for itself, so that an SRV RRset shows its server: db2 has 3302. */
export const addressOf = (name: ServerName): ServerAddress =>
  `${name}.lab.test:330${name.slice(2)}` as ServerAddress;
export const ipOf = (name: ServerName): string => `192.0.2.${name.slice(2)}`;

/** Opens a client with the time-out of these tests. */
export const openWith = (keyText: string, at: Listening) =>
  openClient(at, { keyText, timeoutMs, verify: [verifyAt(at)] });

/** The fake MySQL servers of one cluster, and its names in the zone. */
export class MadeUpCluster {
  readonly name: string;
  readonly source: Fqdn;
  readonly srv: Fqdn;
  readonly ledger: Fqdn;
  readonly replicas: Fqdn;
  readonly #probes = new Map<ServerAddress, Probe>();

  constructor(name: string) {
    this.name = name;
    this.source = `source.${name}.${zone}` as Fqdn;
    this.srv = `_mysql._tcp.${this.source}` as Fqdn;
    this.ledger = `_source-dns.${this.source}` as Fqdn;
    this.replicas = `replicas.${name}.${zone}` as Fqdn;
    this.promote('db1');
  }

  /** This server is the source, and the others replicate from it. */
  promote(source: ServerName): void {
    for (const name of names)
      this.#set(name, seen(name === source ? factsOf(name) : replicaOf(source, name)));
  }

  /** db1 does not answer, and the others still try to connect to it. */
  loseSource(): void {
    this.#set('db1', silent);
    for (const name of ['db2', 'db3'] as const)
      this.#set(
        name,
        seen(replicaOf('db1', name, { channels: [channelFrom('db1', { receiver: 'connecting' })] })),
      );
  }

  /** db1 is read-only like all others: a cluster without a source, and without a doubt about that. */
  demote(): void {
    this.#set('db1', seen(factsOf('db1', { readOnly: true })));
  }

  silence(name: ServerName): void {
    this.#set(name, silent);
  }

  /** A replica of db1 with this lag. */
  lag(name: ServerName, lagSeconds: number): void {
    this.#set(name, seen(replicaOf('db1', name, { channels: [channelFrom('db1', { lagSeconds })] })));
  }

  probe(address: ServerAddress): Probe {
    const probe = this.#probes.get(address);
    if (probe === undefined) throw new Error(`no such server: ${address}`);
    return probe;
  }

  #set(name: ServerName, probe: Probe): void {
    this.#probes.set(addressOf(name), probe);
  }
}

/** The options of an instance in a test; everything else has a default. */
export interface InstanceOptions {
  readonly instance?: string;
  readonly source?: Partial<SourceName>;
  readonly replicas?: Partial<ReplicasName>;
  readonly adopt?: boolean;
  readonly onNoSource?: 'keep' | 'withdraw';
}

function settingsOf(
  cluster: MadeUpCluster,
  nameservers: readonly string[],
  options: InstanceOptions,
): ClusterSettings {
  const publication = (nameserver: string): PublicationSettings => ({
    nameserver,
    zone,
    source: { name: cluster.source, ttlSeconds: 5, type: 'address', srv: false, ...options.source },
    ...(options.replicas
      ? {
          replicas: {
            name: cluster.replicas,
            ttlSeconds: 5,
            maxLagMs: 10_000,
            whenEmpty: 'keep',
            ...options.replicas,
          },
        }
      : {}),
    adopt: options.adopt ?? false,
    timeoutMs,
    fudgeMs: 30_000,
  });
  return {
    cluster: cluster.name,
    instance: options.instance ?? 'one',
    mode: 'active',
    servers: names.map((name) => ({ address: addressOf(name), publish: [ipOf(name)], candidate: 'auto' })),
    watch: {
      intervalMs: 50,
      suspectIntervalMs: 10,
      freshForMs: 2000,
      settleMs,
      goneAfterMs: 600_000,
      maxMoves: 1000,
      maxMovesWindowMs: 60_000,
      probeTimeoutMs: 1000,
    },
    publications: nameservers.map(publication),
    onNoSource: options.onNoSource ?? 'keep',
    gtidGuard: 'warn',
    allowLoopback: false,
  };
}

const untilMs = 15_000;

/** One running source-dns. */
export class Instance {
  readonly records: HistoryEntry[] = [];
  readonly runtime: ClusterRuntime;
  readonly #cluster: MadeUpCluster;
  readonly #nameservers: readonly string[];
  readonly #listeners = new Set<() => void>();
  #options: InstanceOptions;
  #bug: { readonly error: unknown } | undefined;
  #reads = 0;

  constructor(
    cluster: MadeUpCluster,
    clients: Readonly<Record<string, ZoneClient>>,
    options: InstanceOptions = {},
  ) {
    this.#cluster = cluster;
    this.#nameservers = Object.keys(clients);
    this.#options = options;
    const prober = quietProber(async (server) => cluster.probe(server));
    const counted = (client: ZoneClient): ZoneClient => ({
      ...client,
      read: async (request) => {
        const reading = await client.read(request);
        this.#reads += 1;
        return reading;
      },
    });
    this.runtime = createClusterRuntime({
      settings: settingsOf(cluster, this.#nameservers, options),
      remembered: [],
      prober,
      zoneClients: new Map(Object.entries(clients).map(([name, client]) => [name, counted(client)])),
      clock: systemClock,
      random: systemRandom,
      onRecord: (entry) => this.records.push(entry),
      onChange: () => this.#look(),
      onBug: (error) => {
        this.#bug = { error };
        this.#look();
      },
    });
    this.runtime.start();
  }

  /**
   * Resolves as soon as the condition holds; it is checked whenever something happened. Rejects after 15 s.
   */
  until(
    what: string,
    condition: (snapshot: Snapshot, records: readonly HistoryEntry[]) => boolean,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#listeners.delete(check);
        cancel();
        settle();
      };
      const late = () => {
        const { decision, alarms } = this.runtime.snapshot();
        return new Error(
          `not within ${untilMs} ms: ${what}; ${JSON.stringify({ decision, alarms, records: this.records })}`,
        );
      };
      const cancel = systemClock.after(untilMs, () => end(() => reject(late())));
      const check = () => {
        if (this.#bug) end(() => reject(this.#bug?.error));
        else if (condition(this.runtime.snapshot(), this.records)) end(resolve);
      };
      this.#listeners.add(check);
      check();
    });
  }

  steadyOn(name: ServerName): Promise<void> {
    return this.until(
      `steady on ${name}`,
      ({ decision, ledger }) => decision.reason === 'steady' && ledger?.source === addressOf(name),
    );
  }

  holds(reason: string): Promise<void> {
    return this.until(
      `hold ${reason}`,
      ({ decision }) => decision.kind === 'hold' && decision.reason === reason,
    );
  }

  alarm(code: string, raised = true): Promise<void> {
    return this.until(
      `alarm ${code} ${raised ? 'raised' : 'over'}`,
      ({ alarms }) => alarms.some((alarm) => alarm.code === code) === raised,
    );
  }

  /** So many more reads of the zone, and the decisions on them: time enough for an error to show. */
  looks(times = 10): Promise<void> {
    const from = this.#reads;
    return this.until(`${times} more reads`, () => this.#reads > from + times);
  }

  /** The writes that were no moves, as `what: sentence`. */
  written(what: string): readonly string[] {
    return this.records.flatMap((entry) =>
      entry.kind === 'written' && entry.what === what ? [entry.sentence] : [],
    );
  }

  writes(what: string, times = 1): Promise<void> {
    return this.until(`${times} written ${what}`, () => this.written(what).length >= times);
  }

  reconfigure(options: InstanceOptions): Promise<void> {
    this.#options = { ...this.#options, ...options };
    return this.runtime.reconfigure(settingsOf(this.#cluster, this.#nameservers, this.#options));
  }

  #look(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Somebody else at the nameserver: an administrator, or a client that resolves the name. */
export class Bystander {
  readonly #client: ZoneClient;

  constructor(client: ZoneClient) {
    this.#client = client;
  }

  /** What is published of the cluster, without the ledger: `A 5 192.0.2.1`, one line for each RR, sorted. */
  async published({ source, srv, replicas }: MadeUpCluster): Promise<readonly string[]> {
    const rrsets = await this.#read([
      ...(['A', 'AAAA', 'CNAME'] as const).map((type) => ({ name: source, type })),
      { name: srv, type: 'SRV' },
      { name: replicas, type: 'A' },
    ]);
    const prefix = ({ name }: Rrset) => (name === replicas ? 'replicas ' : '');
    const text = (rdata: Rrset['rdata'][number]) =>
      typeof rdata === 'string'
        ? rdata
        : 'port' in rdata
          ? `${rdata.priority} ${rdata.weight} ${rdata.port} ${rdata.target}`
          : rdata.join(' ');
    return rrsets
      .flatMap((rrset) =>
        rrset.rdata.map((rdata) => `${prefix(rrset)}${rrset.type} ${rrset.ttlSeconds} ${text(rdata)}`),
      )
      .sort();
  }

  async ledger(cluster: MadeUpCluster): Promise<Ledger & { readonly ttlSeconds: number }> {
    const [rrset] = await this.#read([{ name: cluster.ledger, type: 'TXT' }]);
    const reading = readLedger(rrset?.type === 'TXT' ? rrset.rdata : []);
    if (reading.kind !== 'ledger') throw new Error(JSON.stringify(reading));
    return { ...reading.ledger, ttlSeconds: rrset?.ttlSeconds ?? 0 };
  }

  /** Changes the zone directly. */
  async change(...changes: readonly Change[]): Promise<void> {
    const outcome = await this.#client.update({
      plan: { zone, prerequisites: [], changes },
      notAfter: soon(),
      deadline: soon(),
    });
    if (outcome.kind !== 'applied') throw new Error(outcome.failure.message);
  }

  async #read(questions: readonly Question[]): Promise<readonly Rrset[]> {
    const reading = await this.#client.read({ zone, questions, deadline: soon() });
    if (reading.kind === 'failed') throw new Error(reading.failure.message);
    return reading.rrsets;
  }
}
