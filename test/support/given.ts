/**
 * Small worlds for the tests of the pure core. The default is a healthy cluster of MySQL servers: db1 is
 * published, the others replicate from it.
 */

import type { Situation } from '../../src/core/decide/situation.ts';
import { situationOf } from '../../src/core/decide/situation-of.ts';
import { parseGtidSet } from '../../src/core/gtid/gtid.ts';
import type { GtidSet } from '../../src/core/gtid/gtid-set.ts';
import { withZone } from '../../src/core/model/changed-publication.ts';
import type { Effect, Turn } from '../../src/core/model/events.ts';
import type { Ledger } from '../../src/core/model/ledger.ts';
import type { Channel, Probe, ServerFacts } from '../../src/core/model/observation.ts';
import type { PublicationState } from '../../src/core/model/publication.ts';
import type { ClusterSettings, PublicationSettings, ServerSettings } from '../../src/core/model/settings.ts';
import {
  type ClusterState,
  initialState,
  type ServerMemory,
  withPublication,
  withServer,
} from '../../src/core/model/state.ts';
import type { Fqdn, MonoMs, Now, ServerAddress, ServerId, WallMs } from '../../src/core/model/units.ts';
import type { Rrset } from '../../src/core/model/zone.ts';
import type { ZoneView } from '../../src/core/model/zone-view.ts';
import { observe } from '../../src/core/observe/observe.ts';

export const wall = Date.UTC(2026, 10, 22, 11, 30) as WallMs;
export const at = (mono: number): Now => ({
  mono: mono as MonoMs,
  wall: (wall + mono) as WallMs,
  token: `t${mono}`,
});
/** A turn at that time; its effects are added to the list. */
export const turnAt = (mono: number, effects: Effect[] = []): Turn => ({
  cluster: 'shop',
  now: at(mono),
  effects,
});
export const address = (name: string): ServerAddress => `${name}:3306` as ServerAddress;
/** The UUID of `db3` ends in 3. */
export const uuid = (name: string): ServerId =>
  `5d000000-0000-11f1-8000-${name.replace(/\D/g, '').padStart(12, '0')}` as ServerId;
export const fqdn = (name: string): Fqdn => name as Fqdn;

/** `db1:1-100,db2:7` as a GTID set. */
export function gtids(text: string): GtidSet {
  const set = parseGtidSet(text.replace(/db\d+/g, uuid));
  if (set === undefined) throw new Error(`no GTID set: ${text}`);
  return set;
}

export function channelFrom(source: string, over: Partial<Channel> = {}): Channel {
  const name = '';
  return {
    name,
    sourceId: uuid(source),
    sourceAddress: address(source),
    receiver: 'on',
    heardAgoMs: 100,
    heartbeatMs: 1000,
    applier: 'on',
    lagSeconds: 0,
    autoFailover: false,
    ...over,
  };
}

/** A writable server that replicates from no server. */
export function factsOf(name: string, over: Partial<ServerFacts> = {}): ServerFacts {
  return {
    id: uuid(name),
    flavour: 'mysql',
    version: { major: 9, minor: 7, patch: 4, text: '9.7.4' },
    session: 1,
    uptimeSeconds: 1000,
    readOnly: false,
    superReadOnly: false,
    offlineMode: false,
    channels: [],
    gtidExecuted: gtids('db1:1-100'),
    ...over,
  };
}

export const replicaOf = (source: string, name: string, over: Partial<ServerFacts> = {}): ServerFacts =>
  factsOf(name, { readOnly: true, superReadOnly: true, channels: [channelFrom(source)], ...over });

export const seen = (facts: ServerFacts): Probe => ({ kind: 'reachable', facts });
export const silent: Probe = { kind: 'unknown', failure: { code: 'timeout', message: 'no answer' } };
export const refusing: Probe = {
  kind: 'alive',
  failure: { code: 'too-many-connections', message: 'too many connections' },
};

export const offline: Probe = {
  kind: 'alive',
  failure: { code: 'mysql-3032', message: 'offline mode' },
  servesNobody: true,
};

export function clusterSettings(
  names: readonly string[],
  over: Partial<ClusterSettings> = {},
): ClusterSettings {
  return {
    cluster: 'shop',
    instance: 'watcher-1',
    mode: 'active',
    servers: names.map((name): ServerSettings => ({ address: address(name), candidate: 'auto' })),
    watch: {
      intervalMs: 1000,
      suspectIntervalMs: 50,
      freshForMs: 3000,
      settleMs: 30_000,
      goneAfterMs: 600_000,
      maxMoves: 5,
      maxMovesWindowMs: 600_000,
      probeTimeoutMs: 2000,
    },
    publications: [publicationSettings()],
    onNoSource: 'keep',
    gtidGuard: 'warn',
    allowLoopback: false,
    ...over,
  };
}

export function publicationSettings(over: Partial<PublicationSettings> = {}): PublicationSettings {
  return {
    nameserver: 'ns1',
    zone: fqdn('example.'),
    source: { name: fqdn('source.example.'), ttlSeconds: 5, type: 'address', srv: false },
    adopt: false,
    timeoutMs: 2000,
    fudgeMs: 30_000,
    ...over,
  };
}

export function ledgerOf(source: string, over: Partial<Ledger> = {}): Ledger {
  return {
    cluster: 'shop',
    epoch: 7,
    source: address(source),
    uuid: uuid(source),
    by: 'watcher-1',
    at: '2026-11-22T11:30:00.123Z',
    why: 'failover',
    try: 'k3v9',
    form: { type: 'address', ttlSeconds: 5, targets: ['192.0.2.1'] },
    was: [],
    unknown: [],
    ...over,
  };
}

export function viewOf(ledger: Ledger | undefined, rrsets: readonly Rrset[] = []): ZoneView {
  return {
    zone: fqdn('example.'),
    rrsets,
    ledger: ledger ? { kind: 'ledger', ledger } : { kind: 'absent' },
    synthesized: [],
    looping: [],
    outside: [],
    altered: [],
    ledgerText: ledger ? ledger.try : '',
    readAt: at(0).mono,
    otherLedgerAt: undefined,
  };
}

/** What a test says of a publication; the rest is as of a new one. */
export type PublicationOver = { readonly [K in keyof PublicationState]?: Partial<PublicationState[K]> };

/** Both, record by record; `over` comes before `base`. */
export const bothOver = (base: PublicationOver, over: PublicationOver = {}): PublicationOver => ({
  ...base,
  ...over,
  zone: { ...base.zone, ...over.zone },
  writing: { ...base.writing, ...over.writing },
  evidence: { ...base.evidence, ...over.evidence },
  replicas: { ...base.replicas, ...over.replicas },
  limits: { ...base.limits, ...over.limits },
});

/** The publication with that over it, record by record. */
export const withOver = (publication: PublicationState, over: PublicationOver = {}): PublicationState =>
  bothOver(publication, over) as PublicationState;

/** A cluster. `servers`: what the newest probe of each brought at 0; absent: not observed. */
export interface Given {
  readonly servers: Readonly<Record<string, Probe | undefined>>;
  readonly settings?: Partial<ClusterSettings>;
  readonly ledger?: Ledger;
  readonly rrsets?: readonly Rrset[];
  readonly publication?: PublicationOver;
  readonly memory?: Readonly<Record<string, Partial<ServerMemory>>>;
  readonly nowMs?: number;
}

/** The state in which all of this was observed and read at 0. */
export function stateOf({ servers, settings, ledger, rrsets, publication, memory }: Given): ClusterState {
  const names = Object.keys(servers);
  let state = initialState(clusterSettings(names, settings), [], at(-1));
  for (const [name, probe] of Object.entries(servers)) {
    const known = state.servers.get(address(name))!;
    const observed = probe ? observe(known, probe, at(0)).memory : known;
    state = withServer(state, {
      ...observed,
      addresses: [`192.0.2.${name.replace(/\D/g, '')}`],
      ...memory?.[name],
    });
  }
  const [first] = state.publications.values();
  return withPublication(state, withOver(withZone(first!, { view: viewOf(ledger, rrsets) }), publication));
}

/** That state as the decision sees it, `nowMs` later. */
export function given(world: Given): Situation {
  const state = stateOf(world);
  const [publication] = state.publications.values();
  return situationOf(state, publication!, at(world.nowMs ?? 1));
}

/** mulberry32: the same seed gives the same numbers below a bound. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
