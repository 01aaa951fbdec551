/**
 * A process on a core that is too slow for its clusters, in virtual time: the real service and core, and a
 * model of the event loop in which each event, question, login and answer takes its time. So such a process
 * does the same on every machine.
 */

import { Secret } from '../../src/config/secret.ts';
import type { HistoryEntry } from '../../src/core/model/events.ts';
import type { Probe, ServerFacts, Unasked } from '../../src/core/model/observation.ts';
import type { Fqdn, MonoMs, ServerAddress, ServerId, WallMs } from '../../src/core/model/units.ts';
import type { Rrset } from '../../src/core/model/zone.ts';
import { type Service, startService } from '../../src/daemon/service.ts';
import { stoodStillMs, TimeLimit } from '../../src/mysql/connection/deadline.ts';
import { OpeningGate } from '../../src/mysql/connection/opening-gate.ts';
import type { Clock, ServerProber, ZoneClient } from '../../src/ports.ts';
import { settings, settled } from './fakes.ts';
import { channelFrom, gtids, factsOf as serverFacts } from './given.ts';
import { quietProber } from './quiet-prober.ts';
import { applyPlan, config, nameserver } from './small-world.ts';

/** What takes CPU time, in milliseconds. */
export interface Costs {
  /** One event, whatever it brings. */
  readonly event: number;
  readonly question: number;
  readonly answer: number;
  /** Each of the four round trips of a login. */
  readonly loginPart: number;
  readonly read: number;
  readonly update: number;
}

const loginParts = 4;
/** Until the other side has answered. */
const roundTripMs = 1;
const connectTimeoutMs = 2000;
const queryTimeoutMs = 1000;

/** One thread: whatever is due waits until what was due before is done. */
class Loop implements Clock {
  #now = 1000;
  #busyMs = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  #arrivals: { readonly at: number; readonly callback: () => void }[] = [];

  mono = (): MonoMs => this.#now as MonoMs;
  wall = (): WallMs => (1_700_000_000_000 + this.#now) as WallMs;
  busyMs = (): number => this.#busyMs;

  after = (ms: number, callback: () => void): (() => void) => {
    const timer = { at: this.#now + Math.max(1, Math.ceil(ms)), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** What another host answers. */
  arrive(callback: () => void, ms = roundTripMs): void {
    this.#arrivals.push({ at: this.#now + ms, callback });
  }

  spend(ms: number): void {
    this.#now += ms;
    this.#busyMs += ms;
  }

  /** As Node: what has arrived, then the timers that were due before. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    while (this.#now < end) {
      const due = [...this.#timers].filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at);
      const arrived = this.#arrivals.filter(({ at }) => at <= this.#now);
      if (due.length + arrived.length === 0) this.#now = Math.min(end, this.#next());
      this.#arrivals = this.#arrivals.filter((arrival) => !arrived.includes(arrival));
      for (const { callback } of arrived) {
        callback();
        await settled();
      }
      for (const timer of due) {
        if (!this.#timers.delete(timer)) continue;
        timer.callback();
        await settled();
      }
    }
  }

  #next(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#timers) next = Math.min(next, at);
    for (const { at } of this.#arrivals) next = Math.min(next, at);
    return next;
  }
}

const uuid = (cluster: number, member: number): ServerId =>
  `${String(cluster).padStart(8, '0')}-000${member}-4000-8000-000000000000` as ServerId;
const addressOf = (cluster: number, member: number): ServerAddress =>
  `db${member}.c${cluster}:3306` as ServerAddress;
const ipOf = (cluster: number, member: number): string => `10.${cluster >> 8}.${cluster & 255}.${member + 1}`;

function factsOf(cluster: number, member: number, source: number): ServerFacts {
  const isSource = member === source;
  const [sourceId, sourceAddress] = [uuid(cluster, source), addressOf(cluster, source)];
  return serverFacts('db1', {
    id: uuid(cluster, member),
    uptimeSeconds: 100_000,
    readOnly: !isSource,
    superReadOnly: !isSource,
    peer: ipOf(cluster, member),
    channels: isSource ? [] : [channelFrom('db1', { sourceId, sourceAddress, heardAgoMs: 10 })],
    gtidExecuted: gtids(`${uuid(cluster, 0)}:1-9`),
  });
}

/** One kept connection, with the deadlines of the real one. */
class Connection {
  readonly #world: SlowCore;
  readonly #facts: () => ServerFacts | undefined;
  #isOpen = false;
  #opening: Promise<'open' | 'failed'> | undefined;

  constructor(world: SlowCore, facts: () => ServerFacts | undefined) {
    this.#world = world;
    this.#facts = facts;
  }

  probe(deadline: MonoMs): Promise<Probe | Unasked> {
    const { loop } = this.#world;
    return new Promise((resolve) => {
      const unasked = (code: string): Unasked => ({ kind: 'unasked', failure: { code, message: code } });
      const cancel = loop.after(deadline - loop.mono(), () =>
        resolve(
          !this.#isOpen || loop.mono() - deadline > stoodStillMs ? unasked('late') : unknown('deadline'),
        ),
      );
      const answer = (probe: Probe | Unasked): void => {
        cancel();
        resolve(probe);
      };
      void this.#open().then((opened) => {
        if (opened === 'failed') return answer(unknown('no connection'));
        if (loop.mono() + queryTimeoutMs > deadline + connectTimeoutMs) return answer(unasked('late'));
        loop.spend(this.#world.costs.question);
        loop.arrive(() => {
          loop.spend(this.#world.costs.answer);
          const facts = this.#facts();
          answer(facts === undefined ? unknown('silent') : { kind: 'reachable', facts });
        });
      });
    });
  }

  #open(): Promise<'open' | 'failed'> {
    if (this.#isOpen) return Promise.resolve('open');
    this.#opening ??= this.#logIn().then((result) => {
      this.#isOpen = result === 'open';
      this.#opening = undefined;
      return result;
    });
    return this.#opening;
  }

  async #logIn(): Promise<'open' | 'failed'> {
    const { loop, gate } = this.#world;
    const ticket = gate.ticket();
    await ticket.take();
    this.#world.logins += 1;
    return new Promise((resolve) => {
      const time = new TimeLimit(loop, connectTimeoutMs, () => {
        gate.needed(1);
        end('failed');
      });
      let left = loginParts;
      const end = (result: 'open' | 'failed'): void => {
        time.stop();
        left = -1;
        ticket.giveBack();
        resolve(result);
      };
      const part = (): void => {
        if (left < 0) return;
        loop.spend(this.#world.costs.loginPart);
        left -= 1;
        if (left > 0) loop.arrive(part);
        else {
          time.stop();
          gate.needed(time.spent);
          end('open');
        }
      };
      time.goOn();
      // A server that is away says nothing, and its attempt gives the place back.
      if (this.#facts() === undefined) ticket.giveBack();
      else loop.arrive(part);
    });
  }
}

const unknown = (code: string): Probe => ({ kind: 'unknown', failure: { code, message: code } });

export interface SlowCoreOptions {
  readonly clusters: number;
  costs: Costs;
  /** Clusters without a living server. */
  readonly isDead?: (cluster: number) => boolean;
  /** Between two readings of the zone at rest. */
  readonly readEveryMs: number;
}

const members = 4;

export class SlowCore {
  readonly loop = new Loop();
  readonly gate: OpeningGate;
  costs: Costs;
  /** All attempts so far. */
  logins = 0;
  /** How often the name of a cluster moved. */
  readonly moves = new Map<string, number>();
  /** Decisions to hold of clusters that are published, since it was set to 0. */
  holds = 0;
  #service: Service | undefined;
  readonly #options: SlowCoreOptions;
  readonly #sources = new Map<number, number>();
  readonly #zone = new Map<string, Rrset>();
  #tokens = 0;

  constructor(options: SlowCoreOptions) {
    this.#options = options;
    this.costs = options.costs;
    this.gate = new OpeningGate(this.loop);
  }

  async start(): Promise<void> {
    const { loop } = this;
    const started = await startService({
      config: config('/nowhere', { clusters: this.#clusters() }),
      maker: {
        waiting: () => this.gate.waiting,
        prober: ({ settings: { servers, cluster } }) =>
          this.#prober(Number(cluster.slice(1)), servers.length),
        zoneClient: async () => ({ kind: 'opened', client: this.#zoneClient(), warnings: [] }),
      },
      clock: loop,
      usage: { busyMs: loop.busyMs, cpuMs: loop.busyMs },
      random: {
        token: () => {
          loop.spend(this.costs.event);
          this.#tokens += 1;
          return `t${this.#tokens}`;
        },
      },
      remembered: () => [],
      onRecord: (entry) => this.#note(entry),
      onWarning: () => {},
      onBug(error) {
        throw error;
      },
    });
    if (started.kind === 'failed') throw new Error('it did not start');
    this.#service = started.service;
  }

  get service(): Service {
    if (this.#service === undefined) throw new Error('it was not started');
    return this.#service;
  }

  async stop(): Promise<void> {
    let isOver = false;
    const stopped = this.#service?.stop().then(() => {
      isOver = true;
    });
    while (!isOver && stopped !== undefined) await this.loop.run(100);
  }

  /** The second server of the cluster becomes the source. */
  promote(cluster: number): void {
    this.#sources.set(cluster, 1);
  }

  /** Of all clusters: how many are decided so. */
  counted(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const cluster of this.service.clusters()) {
      const decision = this.service.snapshot(cluster)?.decision;
      const word = this.service.waiting().has(cluster) ? 'waits' : (decision?.reason ?? 'none');
      counts[word] = (counts[word] ?? 0) + 1;
    }
    return counts;
  }

  #note(entry: HistoryEntry): void {
    if (entry.kind === 'move') this.moves.set(entry.cluster, (this.moves.get(entry.cluster) ?? 0) + 1);
    const isPublished = this.moves.has(entry.cluster);
    if (isPublished && entry.kind === 'decision' && entry.decision.kind === 'hold') this.holds += 1;
  }

  #clusters() {
    const [publication] = settings().publications;
    if (publication === undefined) throw new Error('no publication');
    return Array.from({ length: this.#options.clusters }, (_, index) => ({
      settings: settings({
        cluster: `c${index}`,
        servers: Array.from({ length: members }, (__, member) => ({
          address: addressOf(index, member),
          candidate: 'auto' as const,
          publish: [ipOf(index, member)],
        })),
        publications: [
          {
            ...publication,
            source: { ...publication.source, name: `source.c${index}.db.example.com.` as Fqdn },
          },
        ],
        watch: {
          ...settings().watch,
          suspectIntervalMs: 10,
          probeTimeoutMs: connectTimeoutMs + queryTimeoutMs,
        },
      }),
      mysql: {
        user: 'source_dns',
        password: new Secret('geheim'),
        tls: 'disabled' as const,
        allowPublicKeyRetrieval: false,
        connectTimeoutMs,
        queryTimeoutMs,
      },
    }));
  }

  #prober(cluster: number, servers: number): ServerProber {
    const isDead = this.#options.isDead?.(cluster) ?? false;
    const connections = new Map(
      Array.from({ length: servers }, (_, member) => [
        addressOf(cluster, member),
        new Connection(this, () =>
          isDead ? undefined : factsOf(cluster, member, this.#sources.get(cluster) ?? 0),
        ),
      ]),
    );
    return quietProber(
      (server, deadline) => connections.get(server)?.probe(deadline) ?? Promise.resolve(unknown('?')),
    );
  }

  /** Readings at rest wait for their turn, as those of the real one. */
  #zoneClient(): ZoneClient {
    const { loop } = this;
    const zone = settings().publications[0]?.zone as Fqdn;
    let freeAt = 0;
    const later = <T>(cost: number, ms: number, result: () => T): Promise<T> =>
      new Promise((resolve) => {
        loop.spend(cost / 2);
        loop.arrive(() => {
          loop.spend(cost / 2);
          resolve(result());
        }, ms);
      });
    return {
      read: ({ questions }) => {
        freeAt = Math.max(loop.mono(), freeAt) + this.#options.readEveryMs;
        return later(this.costs.read, Math.min(freeAt - loop.mono(), connectTimeoutMs), () => ({
          kind: 'read' as const,
          zone,
          rrsets: questions.flatMap(({ name, type }) => this.#zone.get(`${name} ${type}`) ?? []),
        }));
      },
      update: ({ plan }) => later(this.costs.update, roundTripMs, () => applyPlan(this.#zone, plan)),
      propagation: async () => ({ nameservers: [{ nameserver: nameserver().name }] }),
      inspectRefusal: async ({ failure }) => failure,
      close: async () => {},
    };
  }
}
