/**
 * One instance of the service in virtual time: `step`, with fakes instead of the runtime and its adapters.
 * Every answer takes some milliseconds, a fixed number for each server, so that the order is always the same
 * and partial views occur.
 */

import type { Effect, Event } from '../../../src/core/model/events.ts';
import type { FenceResult } from '../../../src/core/model/fence.ts';
import type { Probe } from '../../../src/core/model/observation.ts';
import type { ClusterSettings } from '../../../src/core/model/settings.ts';
import { type ClusterState, initialState } from '../../../src/core/model/state.ts';
import type { MonoMs, Now, ServerAddress, ServerId, WallMs } from '../../../src/core/model/units.ts';
import type { UpdateOutcome, UpdatePlan } from '../../../src/core/model/zone.ts';
import { step } from '../../../src/core/step.ts';
import type { FakeMysql } from '../../support/fake-mysql.ts';
import { createFakeProber, type FakeProber, unreachable } from '../../support/fake-prober.ts';
import type { FakeZone } from '../../support/fake-zone.ts';
import type { OddZone } from './odd-zone.ts';
import { type Route, Routes } from './routes.ts';

/** What the network to the nameserver does. */
export type NameserverMood = 'up' | 'down' | 'refuses';
/** The fate of the next update alone. */
export type UpdateFate = 'lost-answer' | 'dropped' | { readonly lateMs: number };

/** Why a server cannot be fenced. */
export type Unfenceable = 'refused' | 'blocked';

/** Everything that happens outside of the core. */
export interface Surroundings {
  readonly mysql: FakeMysql;
  readonly zone: FakeZone;
  /** The same zone as its nameserver answers and changes it. */
  readonly nameserverZone: OddZone;
  /** The addresses that the host name of a server resolves to; none: the resolver fails. */
  readonly addresses: Map<string, readonly string[]>;
  /** The true addresses of a server. */
  readonly homes: Map<ServerAddress, readonly string[]>;
  nameserver: NameserverMood;
  nextUpdate?: UpdateFate;
  /** Called once, just before the next update reaches the zone: another instance was faster. */
  beforeUpdate?: () => void;
  /** Addresses that lead to a server with another name: a virtual IP, an alias. */
  readonly leadsTo: Map<ServerAddress, ServerAddress>;
  /** Nameservers that never show the new RRset. */
  readonly behind: Set<string>;
  /** Servers that cannot be fenced, and how an attempt ends. */
  readonly unfenceable: Map<ServerAddress, Unfenceable>;
  /** How many clients came back to a server that was fenced. */
  readonly clients: Map<ServerAddress, number>;
  /** What a probe brings beyond the answer of the fake server: lag, a group. */
  decorate(server: ServerAddress, probe: Probe): Probe;
}

const epochWall = Date.UTC(2026, 10, 22, 11, 30);
/** How long the zone client waits for the answer to a message. */
const timeoutMs = 2000;
const answerMs = { resolve: 1, trial: 4, read: 1, update: 2, inspected: 5, propagated: 8, fenced: 4 };

interface Due {
  readonly at: number;
  readonly fire: () => void;
}

/** The instance under test. */
export class World {
  readonly around: Surroundings;
  readonly #prober: FakeProber;
  readonly #routes: Routes;
  readonly #order: readonly string[];
  readonly #instance: string;
  readonly #tell: (atMs: number, effect: Effect) => void;
  #state: ClusterState;
  #due: Due[] = [];
  #wake: Due | undefined;
  #watched: (Effect & { kind: 'watch' }) | undefined;
  #mono = 0;
  #steps = 0;
  /** How far the wall clock has run ahead: the machine slept. */
  #asleepMs = 0;
  #life = 0;
  #started = false;

  constructor(settings: ClusterSettings, around: Surroundings, tell: (atMs: number, effect: Effect) => void) {
    this.around = around;
    this.#tell = tell;
    this.#order = settings.servers.map((server) => server.address);
    this.#instance = settings.instance;
    this.#prober = createFakeProber(around.mysql);
    this.#routes = new Routes(around);
    this.#state = initialState(settings, [], this.now());
  }

  get state(): ClusterState {
    return this.#state;
  }

  now(): Now {
    // Two instances must never have the same numbers.
    const token = `${this.#instance}-t${this.#steps}`;
    return { mono: this.#mono as MonoMs, wall: (epochWall + this.#mono + this.#asleepMs) as WallMs, token };
  }

  /** Lets virtual time pass. */
  run(ms: number): void {
    if (!this.#started) this.send({ kind: 'tick' });
    this.#glanceSoon();
    const end = this.#mono + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#mono = Math.max(this.#mono, next.at);
      this.around.mysql.advance(this.#mono);
      next.fire();
    }
    this.#mono = end;
    this.around.mysql.advance(end);
  }

  /** Hands an event to the core now. */
  send(event: Event): void {
    this.#started = true;
    this.#steps += 1;
    const [state, effects] = step(this.#state, event, this.now());
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  /** The machine sleeps: the wall clock goes on, the monotonic clock does not. */
  sleep(ms: number): void {
    this.#asleepMs += ms;
  }

  /** A new process of the service. It knows only its history. */
  restart(): void {
    const remembered = [...this.#state.publications.values()].flatMap(
      (publication) => publication.zone.remembered ?? [],
    );
    this.#life += 1;
    this.#due = [];
    this.#wake = undefined;
    this.#watched = undefined;
    this.#started = false;
    this.#state = initialState(this.#state.settings, remembered, this.now());
  }

  /** The kept connection to a server ended by itself. */
  connectionLost(server: ServerAddress): void {
    this.#disconnect(server);
    this.#after(1, () => this.send({ kind: 'connection-lost', server }));
  }

  /** Lets something happen later, whatever becomes of the service meanwhile. */
  later(ms: number, fire: () => void): void {
    this.#due.push({ at: this.#mono + ms, fire });
  }

  /** Milliseconds until something is due here. */
  untilNext(): number {
    return this.#started ? Math.max((this.#first()?.at ?? Number.POSITIVE_INFINITY) - this.#mono, 0) : 0;
  }

  #first(): Due | undefined {
    let first = this.#wake;
    // At the same time, requested things come before the wake.
    for (const due of this.#due.toReversed()) if (first === undefined || due.at <= first.at) first = due;
    return first;
  }

  #next(end: number): Due | undefined {
    const first = this.#first();
    if (first === undefined || first.at > end) return undefined;
    if (first === this.#wake) this.#wake = undefined;
    else this.#due.splice(this.#due.indexOf(first), 1);
    return first;
  }

  /** An answer to this process of the service, not to the next one. */
  #after(ms: number, fire: () => void): void {
    const life = this.#life;
    this.later(ms, () => {
      if (life === this.#life) fire();
    });
  }

  #perform(effect: Effect): void {
    if (effect.kind === 'probe') this.#probe(effect);
    else if (effect.kind === 'try-address') this.#after(answerMs.trial, () => this.#tryAddress(effect));
    else if (effect.kind === 'watch') this.#watch(effect);
    else if (effect.kind === 'renew') this.#disconnect(effect.server);
    else if (effect.kind === 'resolve') this.#after(answerMs.resolve, () => this.#resolve(effect.server));
    else if (effect.kind === 'read-zone') this.#read(effect);
    else if (effect.kind === 'propagate') this.#after(answerMs.propagated, () => this.#propagated(effect));
    else if (effect.kind === 'wake')
      this.#wake = { at: Math.max(effect.at, this.#mono + 1), fire: () => this.send({ kind: 'tick' }) };
    else this.#tell(this.#mono, effect);
    if (effect.kind === 'update') this.#update(effect);
    else if (effect.kind === 'inspect-refusal') this.#inspect(effect);
    else if (effect.kind === 'fence') this.#after(answerMs.fenced, () => this.#fence(effect));
  }

  #probe({ server, places, deadline }: Effect & { kind: 'probe' }): void {
    const answer = (): void => {
      const route = this.#alias(server) ?? this.#routes.to(server, places);
      if (route?.isNew) this.#prober.disconnect(server);
      const hung = route !== undefined && this.around.mysql.server(route.target).health === 'hung';
      const probe = route ? this.#answerOf(this.#prober, server, route) : unreachable(server);
      if (hung && this.#mono < deadline) this.#after(deadline - this.#mono, answer);
      else this.send({ kind: 'observed', server, probe });
    };
    const place = this.#order.indexOf(server);
    // A server that is not configured answers last.
    this.#after(1 + (place < 0 ? this.#order.length : place), answer);
  }

  #watch(effect: Effect & { kind: 'watch' }): void {
    this.#watched = effect;
    this.#glanceSoon();
  }

  /** Only commands open and close servers, so one glance after them is as good as many. */
  #glanceSoon(): void {
    const glance = this.#watched;
    if (glance === undefined) return;
    this.#after(Math.ceil(glance.everyMs), () => {
      if (glance !== this.#watched) return;
      for (const server of glance.servers) {
        const target = this.#alias(server)?.target ?? this.#routes.kept(server)?.target;
        if (target !== undefined && this.#prober.glance(server, target) === 'differs')
          this.send({ kind: 'glance-differs', server });
      }
    });
  }

  #tryAddress({ server, address, deadline }: Effect & { kind: 'try-address' }): void {
    const target = this.#alias(server)?.target ?? this.#routes.at(server, address);
    const isHung = target !== undefined && this.around.mysql.server(target).health === 'hung';
    const tried = (probe: Probe) => this.send({ kind: 'address-tried', server, probe });
    if (isHung && this.#mono < deadline) this.#after(deadline - this.#mono, () => tried(unreachable(server)));
    else
      tried(
        target
          ? this.#answerOf(createFakeProber(this.around.mysql), server, { address, target })
          : unreachable(server),
      );
  }

  /** The server is found as by a new probe. */
  #fence({ server, uuid, finishes, places }: Effect & { kind: 'fence' }): void {
    const target = (this.#alias(server) ?? this.#routes.to(server, places))?.target;
    this.send({ kind: 'fenced', server, result: fenceOf(this.around, target, { uuid, finishes }) });
  }

  /** The address of the server leads to another server from now on. */
  #alias(server: ServerAddress): (Route & { readonly isNew: boolean }) | undefined {
    const target = this.around.leadsTo.get(server);
    const [address = ''] = this.around.homes.get(server) ?? [];
    return target === undefined ? undefined : { address, target, isNew: false };
  }

  /** What the server at the other end says, and from which address. */
  #answerOf(prober: FakeProber, server: ServerAddress, { address, target }: Route): Probe {
    const probe = this.around.decorate(target, prober.probe(server, this.#mono, target));
    return probe.kind === 'reachable' ? { ...probe, facts: { ...probe.facts, peer: address } } : probe;
  }

  #disconnect(server: ServerAddress): void {
    this.#prober.disconnect(server);
    this.#routes.end(server);
  }

  #resolve(server: ServerAddress): void {
    const addresses = this.around.addresses.get(server);
    const failure = { code: 'not-found', message: `${server} could not be resolved` };
    this.send({ kind: 'resolved', server, ...(addresses ? { addresses } : { failure }) });
  }

  #read({ nameserver, questions, anew, deadline }: Effect & { kind: 'read-zone' }): void {
    const down = this.around.nameserver === 'down';
    this.#after(down ? Math.min(deadline - this.#mono, timeoutMs) : answerMs.read, () => {
      const failure = { code: 'timeout', message: '192.0.2.53 does not answer.' };
      const reading = down
        ? ({ kind: 'failed', failure } as const)
        : this.around.nameserverZone.read(questions, anew === true);
      this.send({ kind: 'zone-read', nameserver, reading });
    });
  }

  #update({ nameserver, try: token, plan, deadline }: Effect & { kind: 'update' }): void {
    const done = (outcome: UpdateOutcome) =>
      this.send({ kind: 'update-done', nameserver, try: token, outcome });
    const fate = this.around.nameserver === 'down' ? 'dropped' : this.around.nextUpdate;
    delete this.around.nextUpdate;
    if (fate === undefined) {
      this.#after(answerMs.update, () => done(this.#apply(plan)));
      return;
    }
    // The message is on its way, whatever becomes of the process that sent it.
    if (fate !== 'dropped')
      this.later(fate === 'lost-answer' ? answerMs.update : fate.lateMs, () => this.#apply(plan));
    const failure = {
      code: 'timeout',
      message: `Nameserver ${nameserver} did not answer the update; it may still apply it.`,
    };
    this.#after(Math.min(deadline - this.#mono, timeoutMs), () => done({ kind: 'unknown', failure }));
  }

  #apply(plan: UpdatePlan): UpdateOutcome {
    this.around.beforeUpdate?.();
    delete this.around.beforeUpdate;
    if (this.around.nameserver !== 'refuses') return this.around.nameserverZone.apply(plan);
    const failure = {
      code: 'update-refused',
      message: 'The nameserver answered REFUSED: the key may not update this name.',
    };
    return { kind: 'refused', code: 'rejected', rcode: 'REFUSED', failure };
  }

  /** The nameserver refuses the ledger. */
  #inspect({ nameserver, about, failure: said, deadline }: Effect & { kind: 'inspect-refusal' }): void {
    const ledger = '_source-dns.source.example';
    const denied = {
      message: `The key may not change ${ledger}. TXT.`,
      hint: `In update-policy: grant source-dns name ${ledger} TXT;`,
    };
    this.#after(this.around.nameserver === 'down' ? deadline - this.#mono : answerMs.inspected, () => {
      const failure = this.around.nameserver === 'refuses' ? { ...said, ...denied } : said;
      this.send({ kind: 'refusal-inspected', nameserver, about, failure });
    });
  }

  #propagated({ nameserver, epoch, among }: Effect & { kind: 'propagate' }): void {
    const answered = (name: string) =>
      this.around.behind.has(name)
        ? { nameserver: name }
        : { nameserver: name, answeredAt: this.now().wall, serial: this.around.zone.serial };
    const asked = among === 'resolvers' ? ['resolver1', 'resolver2'] : ['ns1', 'ns2'];
    const field = among === undefined ? {} : { among };
    this.send({
      kind: 'propagated',
      nameserver,
      ...field,
      epoch,
      report: { nameservers: asked.map(answered) },
    });
  }
}

/** What becomes of an attempt to fence the server at the other end, if there is one. */
function fenceOf(
  { mysql, unfenceable, clients }: Surroundings,
  target: ServerAddress | undefined,
  { uuid, finishes }: { readonly uuid: ServerId; readonly finishes: boolean },
): FenceResult {
  const server = target && mysql.server(target);
  if (target === undefined || server === undefined || server.health !== 'up')
    return {
      kind: 'unknown',
      failure: { code: 'timeout', message: `${target ?? 'the server'} did not answer` },
    };
  if (server.uuid !== uuid) return { kind: 'not-it', uuid: server.uuid as ServerId };
  const why = unfenceable.get(target);
  if (why === 'blocked') return { kind: 'blocked', by: 'a table lock of app@10.0.0.7 (since 12 s)' };
  if (why === 'refused') {
    const message = 'the account source_dns_fence may not set super_read_only';
    return {
      kind: 'refused',
      failure: { code: 'mysql-1227', message, hint: 'give it SYSTEM_VARIABLES_ADMIN' },
    };
  }
  if (finishes) {
    const killed = clients.get(target) ?? 0;
    clients.delete(target);
    return { kind: 'finished', killed, spared: 1 };
  }
  if (server.superReadOnly) return { kind: 'already' };
  mysql.demote(target);
  return { kind: 'fenced', killed: 3, spared: 1 };
}
