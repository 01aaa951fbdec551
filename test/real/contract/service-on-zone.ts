/**
 * The real core and runtime with a fake prober and a real zone client: a service with fake MySQL servers and
 * a real zone.
 */
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import type { Probe } from '../../../src/core/model/observation.ts';
import type { ReplicasName } from '../../../src/core/model/settings.ts';
import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import { systemClock, systemRandom } from '../../../src/daemon/clock.ts';
import { type ClusterRuntime, createClusterRuntime } from '../../../src/daemon/runtime.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import { address, factsOf, replicaOf, seen } from '../../support/given.ts';
import { quietProber } from '../../support/quiet-prober.ts';
import type { JournalEntry } from '../../support/servers/named-fixture.ts';

export type ServerName = 'db1' | 'db2' | 'db3';
const names: readonly ServerName[] = ['db1', 'db2', 'db3'];
export const zone = 'lab.test.' as Fqdn;
export const sourceName = 'source.shop.lab.test.' as Fqdn;
export const ledgerOwner = `_source-dns.${sourceName}` as Fqdn;
/** The address that clients get for this server. */
export const ipOf = (name: ServerName): string => `192.0.2.${name.slice(2)}`;

export interface Service {
  readonly runtime: ClusterRuntime;
  readonly records: readonly HistoryEntry[];
  /** From now on this server is the source, and the others replicate from it. */
  promote(name: ServerName): void;
  /**
   * Resolves as soon as the condition holds; it is checked whenever something happened. Rejects after 15 s.
   */
  until(what: string, condition: (service: Service) => boolean): Promise<void>;
  /** Ends the runtime. The caller closes the zone client. */
  stop(): Promise<void>;
}

const untilMs = 15_000;

/**
 * Starts the service with db1 as the source. `timeoutMs` bounds one exchange with the nameserver; `replicas`
 * is the name of the replicas, where it is kept too.
 */
export function startService(client: ZoneClient, timeoutMs: number, replicas?: ReplicasName): Service {
  let source: ServerName = 'db1';
  const probeOf = (server: ServerAddress): Probe => {
    const name = names.find((each) => address(each) === server);
    if (name === undefined) throw new Error(`no such server: ${server}`);
    return seen(name === source ? factsOf(name) : replicaOf(source, name));
  };
  const prober = quietProber(async (server) => probeOf(server));
  const records: HistoryEntry[] = [];
  const listeners = new Set<() => void>();
  const bugs: unknown[] = [];
  const look = () => {
    for (const listener of [...listeners]) listener();
  };
  const runtime = createClusterRuntime({
    settings: {
      cluster: 'shop',
      instance: 'watcher-1',
      mode: 'active',
      servers: names.map((name) => ({ address: address(name), publish: [ipOf(name)], candidate: 'auto' })),
      watch: {
        intervalMs: 50,
        suspectIntervalMs: 10,
        freshForMs: 2000,
        settleMs: 5000,
        goneAfterMs: 600_000,
        maxMoves: 1000,
        maxMovesWindowMs: 60_000,
        probeTimeoutMs: 1000,
      },
      publications: [
        {
          nameserver: 'ns1',
          zone,
          source: { name: sourceName, ttlSeconds: 5, type: 'address', srv: true },
          ...(replicas === undefined ? {} : { replicas }),
          adopt: false,
          timeoutMs,
          fudgeMs: 30_000,
        },
      ],
      onNoSource: 'keep',
      gtidGuard: 'warn',
      allowLoopback: false,
    },
    remembered: [],
    prober,
    zoneClients: new Map([['ns1', client]]),
    clock: systemClock,
    random: systemRandom,
    onRecord: (entry) => records.push(entry),
    onChange: look,
    onBug: (error) => {
      bugs.push(error);
      look();
    },
  });
  const service: Service = {
    runtime,
    records,
    promote: (name) => {
      source = name;
    },
    until: (what, condition) =>
      new Promise((resolve, reject) => {
        const end = (error?: unknown) => {
          listeners.delete(check);
          cancel();
          if (error === undefined) resolve();
          else reject(error);
        };
        const late = () =>
          new Error(
            `not within ${untilMs} ms: ${what}; ${JSON.stringify(runtime.snapshot().decision)} ${JSON.stringify(records)}`,
          );
        const cancel = systemClock.after(untilMs, () => end(late()));
        const check = () => {
          if (bugs.length > 0) end(bugs[0]);
          else if (condition(service)) end();
        };
        listeners.add(check);
        check();
      }),
    stop: () => runtime.stop(),
  };
  runtime.start();
  return service;
}

/** The service believes that the name points to this server, and reports that all is well. */
export const isSteadyOn =
  (name: ServerName) =>
  ({ runtime }: Service): boolean => {
    const { decision, ledger, published } = runtime.snapshot();
    const steady =
      decision.kind === 'point-to' && decision.reason === 'steady' && decision.source === address(name);
    return steady && ledger?.source === address(name) && published.join() === ipOf(name);
  };

/** One ledger that was in the zone. */
export interface PastLedger {
  readonly epoch: number;
  readonly source: string;
  readonly try: string;
  /** The A RRset in the same update, if there was one. */
  readonly addresses: readonly string[];
}

/** Every ledger that was in the zone, in order. */
export function ledgersOf(journal: readonly JournalEntry[]): readonly PastLedger[] {
  return journal.flatMap(({ added }) => {
    const text = added.find((line) => line.startsWith(`${ledgerOwner} `));
    if (text === undefined) return [];
    const field = (key: string) => new RegExp(`"${key}=([^"]*)"`).exec(text)?.[1] ?? '';
    const addresses = added
      .filter((line) => line.startsWith(`${sourceName} `) && / A /.test(line))
      .map((line) => line.split(' ').at(-1) ?? '');
    return [{ epoch: Number(field('epoch')), source: field('source'), try: field('try'), addresses }];
  });
}

/**
 * Each move raises the epoch by one and brings its address, no other update changes epoch or source, and no
 * try occurs twice. Returns the sources of the moves.
 */
export function movesIn(ledgers: readonly PastLedger[]): readonly string[] {
  const moves: string[] = [];
  let before: PastLedger | undefined;
  for (const ledger of ledgers) {
    const rise = ledger.epoch - (before?.epoch ?? 0);
    const name = names.find((each) => address(each) === ledger.source);
    if (rise !== 0 && rise !== 1) throw new Error(`epoch ${ledger.epoch} after ${before?.epoch}`);
    if (rise === 0 && ledger.source !== before?.source)
      throw new Error(`another source in the same epoch: ${JSON.stringify(ledger)}`);
    if (rise === 1 && (name === undefined || ledger.addresses.join() !== ipOf(name)))
      throw new Error(`not its address: ${JSON.stringify(ledger)}`);
    if (rise === 1) moves.push(ledger.source.split(':')[0] ?? '');
    before = ledger;
  }
  if (new Set(ledgers.map((ledger) => ledger.try)).size !== ledgers.length)
    throw new Error('a try came twice');
  return moves;
}
