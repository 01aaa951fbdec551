/** A cluster with a former source that takes writes. Everything but a fence answers at once. */

import type { Effect, Event } from '../../src/core/model/events.ts';
import type { FenceResult } from '../../src/core/model/fence.ts';
import type { Ledger } from '../../src/core/model/ledger.ts';
import { writeLedger } from '../../src/core/model/ledger-text.ts';
import type { Probe } from '../../src/core/model/observation.ts';
import type { ClusterSettings } from '../../src/core/model/settings.ts';
import { initialState } from '../../src/core/model/state.ts';
import { step } from '../../src/core/step.ts';
import { createFakeZone } from './fake-zone.ts';
import { address, at, clusterSettings, factsOf, fqdn, ledgerOf, replicaOf, seen, uuid } from './given.ts';

const was = [{ uuid: uuid('db1'), address: address('db1') }];
export const moved = ledgerOf('db2', {
  was,
  line: { uuid: uuid('db1'), gno: 90 },
  form: { type: 'address', ttlSeconds: 5, targets: ['192.0.2.2'] },
});
export const open = seen(factsOf('db1', { peer: '192.0.2.1' }));
/** A new process, over a new connection. */
export const returned = seen(factsOf('db1', { peer: '192.0.2.1', session: 99, uptimeSeconds: 1 }));
export const closed = seen(factsOf('db1', { peer: '192.0.2.1', readOnly: true, superReadOnly: true }));
export const refused: FenceResult = {
  kind: 'refused',
  failure: { code: 'mysql-1227', message: 'no privilege' },
};
export const ended: FenceResult = { kind: 'fenced', killed: 2, spared: 1 };
export const settings = clusterSettings(['db1', 'db2', 'db3'], {
  fence: { timeoutMs: 5000, kill: 'clients' },
});

/** A cluster in which everything answers at once, but a fence, which the test ends. db2 is published. */
export class Cluster {
  nowMs = 0;
  readonly effects: Effect[] = [];
  readonly answers: Record<string, Probe | undefined> = {
    db1: open,
    db2: seen(factsOf('db2', { peer: '192.0.2.2' })),
    db3: seen(replicaOf('db2', 'db3', { peer: '192.0.2.3' })),
  };
  state;
  readonly #zone = createFakeZone(fqdn('example.'));

  constructor(over: Partial<ClusterSettings> = {}) {
    this.state = initialState({ ...settings, ...over }, [], at(0));
    this.serves({ ttlSeconds: 5 });
    this.writes(moved);
  }

  /** The name has the address of db2, with this TTL. */
  serves({ ttlSeconds }: { readonly ttlSeconds: number }): void {
    this.#zone.put({ name: fqdn('source.example.'), type: 'A', ttlSeconds, rdata: ['192.0.2.2'] });
  }

  /** Puts this ledger into the zone. */
  writes(ledger: Ledger): void {
    const rdata = [writeLedger(ledger)];
    this.#zone.put({ name: fqdn('_source-dns.source.example.'), type: 'TXT', ttlSeconds: 0, rdata });
  }

  get fences(): readonly number[] {
    return this.#times;
  }

  readonly #times: number[] = [];

  /** Takes the event now; all questions are answered a millisecond later. */
  take(event: Event): void {
    const events = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      const [state, effects] = step(this.state, next, at(this.nowMs));
      this.state = state;
      for (const effect of effects) {
        this.effects.push(effect);
        if (effect.kind === 'fence') this.#times.push(this.nowMs);
        const answer = this.#answerTo(effect);
        if (answer) events.push(answer);
      }
      this.nowMs += 1;
    }
  }

  ends(result: FenceResult): void {
    this.take({ kind: 'fenced', server: address('db1'), result });
  }

  /** Ticks every 100 ms. */
  run(ms: number): void {
    for (const until = this.nowMs + ms; this.nowMs < until; this.nowMs += 100) this.take({ kind: 'tick' });
  }

  #answerTo(effect: Effect): Event | undefined {
    if (effect.kind === 'read-zone')
      return { kind: 'zone-read', nameserver: 'ns1', reading: this.#zone.read(effect.questions) };
    if (effect.kind === 'resolve')
      return { kind: 'resolved', server: effect.server, addresses: [`192.0.2.${effect.server[2]}`] };
    if (effect.kind !== 'probe') return undefined;
    const probe = this.answers[effect.server.slice(0, 3)];
    return probe && { kind: 'observed', server: effect.server, probe };
  }
}

export const started = (over?: Partial<ClusterSettings>): Cluster => {
  const cluster = new Cluster(over);
  cluster.run(2000);
  return cluster;
};

export const recorded = ({ effects }: Cluster, kind: string) =>
  effects.flatMap((effect) => (effect.kind === 'record' && effect.entry.kind === kind ? [effect.entry] : []));
export const sent = ({ effects }: Cluster, kind: Effect['kind']) =>
  effects.filter((effect) => effect.kind === kind);
export const codes = ({ state }: Cluster) => state.alarms.map(({ code }) => code);
