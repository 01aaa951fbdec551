/**
 * The commands of a transcript: what a DBA, a DNS administrator, a failover tool and misfortune do to one
 * cluster. An unknown word is an error.
 */

import type { Command, Effect } from '../../../src/core/model/events.ts';
import {
  type Coordinates,
  type FailoverSource,
  type GtidMode,
  gtidModes,
  type Probe,
  type ReportedReplica,
} from '../../../src/core/model/observation.ts';
import type { Fqdn, ServerAddress, ServerId } from '../../../src/core/model/units.ts';
import type { Rrset } from '../../../src/core/model/zone.ts';
import { createFakeMysql, type FakeMysql, fakeUuid, isSwitch } from '../../support/fake-mysql.ts';
import { unreachable } from '../../support/fake-prober.ts';
import { createFakeZone, type FakeZone } from '../../support/fake-zone.ts';
import { ledgerRrset, otherInstanceMoves, withField } from './by-hand.ts';
import { ChannelViews } from './channel-views.ts';
import { ClusterViews } from './cluster-views.ts';
import { settingsFrom } from './cluster-words.ts';
import { OddZone } from './odd-zone.ts';
import { Printer, zoneName } from './print.ts';
import { type Surroundings, World } from './world.ts';

const line = `${fakeUuid(1)}:1-100`;
/** replica_net_timeout. */
const netTimeoutMs = 60_000;
/** `db1` is `db1:3306`. */
const addressOf = (word: string): ServerAddress =>
  (word.includes(':') ? word : `${word}:3306`) as ServerAddress;

/** Plays one transcript, command by command. */
export class Script {
  readonly #printer = new Printer();
  #lines: string[] = [];
  #world: World | undefined;
  /** A second instance, with its own network. */
  #second: World | undefined;
  #stopped: World | undefined;
  readonly #cutFromSecond = new Set<string>();
  #commands = 0;
  readonly #hear: (effect: Effect) => void;
  /** What the fake servers lack. */
  readonly #channels = new ChannelViews();
  readonly #views = new ClusterViews();
  readonly #listed = new Map<ServerAddress, readonly ReportedReplica[]>();
  /** Servers that we cannot reach, although others can. */
  readonly #cut = new Set<string>();
  /** Pairs of servers that do not reach each other, as `db1:3306 db2:3306`, both ways. */
  readonly #parted = new Set<string>();
  /** Servers that refuse our account. */
  readonly #denying = new Set<string>();

  /** `hear` gets every effect of the first instance. */
  constructor(hear: (effect: Effect) => void = () => {}) {
    this.#hear = hear;
  }

  /** Obeys the command, and returns its result. */
  play(command: string): readonly string[] {
    this.#lines = [];
    const [verb = '', ...words] = command.split(/\s+/);
    if (verb === 'cluster') this.#begin(words);
    else if (/^db\d(?:\.lan)?$/.test(verb)) this.#server(verb, words);
    else this.#other(verb, words);
    return this.#lines;
  }

  get world(): World {
    if (this.#world === undefined) throw new Error('the first command must be: cluster');
    return this.#world;
  }

  #begin(words: readonly string[]): void {
    const { settings, servers, outside, source } = settingsFrom(words);
    const zone = createFakeZone(zoneName as Fqdn);
    const addresses = new Map(
      [...servers, ...outside].map((server) => [addressOf(server), [`192.0.2.${server.slice(2)}`]]),
    );
    const homes = new Map(addresses);
    const mysql = createFakeMysql([...addresses.keys()], {
      line,
      netTimeoutMs,
      isOpen: (from, to) => !this.#parted.has(`${from} ${to}`),
      resolve: (host) => serverAt(zone, homes, host),
    });
    for (const server of servers)
      if (source !== undefined && server !== source) mysql.follow(addressOf(server), addressOf(source));
    for (let round = 0; round < 3; round += 1) mysql.advance(0);
    const around: Surroundings = {
      mysql,
      zone,
      nameserverZone: new OddZone(zone),
      addresses,
      homes,
      nameserver: 'up',
      behind: new Set(),
      unfenceable: new Map(),
      clients: new Map(),
      leadsTo: new Map(),
      decorate: (server, probe) => this.#decorate(server, probe),
    };
    this.#world = new World(settings, around, (atMs, effect) => {
      this.#hear(effect);
      this.#lines.push(...this.#printer.effect(atMs, effect));
    });
  }

  #server(name: string, [verb = '', word = '', ...more]: readonly string[]): void {
    const { mysql, addresses, homes } = this.world.around;
    const server = addressOf(name);
    const verbs: Readonly<Record<string, () => unknown>> = {
      kill: () => mysql.kill(server),
      restart: () => mysql.restart(server, { readOnly: word === 'read-only' }),
      hang: () => mysql.hang(server),
      resume: () => this.#resume(server),
      refuse: () => this.#refuse(server, word),
      promote: () => mysql.promote(server),
      switch: () => turn(mysql, server, word),
      demote: () => mysql.demote(server),
      writable: () => Object.assign(mysql.server(server), { readOnly: false, superReadOnly: false }),
      follow: () => this.#follow(server, word, more),
      'stop-replica': () => mysql.stopReplica(server),
      'stop-applier': () => Object.assign(mysql.server(server).channel ?? {}, { applier: 'OFF' }),
      coordinates: () => this.#channels.coordinates(server, [word, ...more].map(coordinates)),
      'start-replica': () => mysql.startReplica(server),
      'without-gtids': () => Object.assign(mysql.server(server), { gtidMode: 'OFF' }),
      'gtid-mode': () => Object.assign(mysql.server(server), { gtidMode: gtidMode(word) }),
      'hide-coordinates': () => Object.assign(mysql.server(server), { showsCoordinates: false }),
      'show-coordinates': () => Object.assign(mysql.server(server), { showsCoordinates: true }),
      'reset-gtids': () => mysql.resetGtids(server),
      delay: () => Object.assign(mysql.server(server).channel ?? {}, { delayMs: milliseconds(word) }),
      write: () => mysql.write(server, Number(word)),
      clone: () => mysql.clone(server, addressOf(word)),
      uuid: () => Object.assign(mysql.server(server), { uuid: fakeUuid(Number(word)) }),
      executed: () => this.#executed(server, word),
      'leads-to': () => this.world.around.leadsTo.set(server, addressOf(word)),
      expelled: () => this.#views.out(server, 'ERROR'),
      'leaves-group': () => this.#views.out(server, 'OFFLINE'),
      'server-id': () => this.#views.serverId(server, Number(word)),
      lag: () => this.#channels.lag(server, Number(word)),
      list: () => this.#channels.list(server, [word, ...more].map(listed)),
      address: () => (word === 'none' ? addresses.delete(server) : addresses.set(server, [word, ...more])),
      'lives-at': () => homes.set(server, [word, ...more]),
      fence: () => this.#fence(server, word),
      clients: () => this.world.around.clients.set(server, Number(word)),
      'show-replicas': () => this.#lists(server, word, more[0]),
    };
    perform(verbs, verb);
    if (verb !== 'kill' && verb !== 'restart' && !word.startsWith('innodb_')) return;
    this.world.connectionLost(server);
    this.#second?.connectionLost(server);
  }

  /**
   * `follow db1`, `follow db1 by 10.0.0.1` (another address of the same server), `follow db1 as-well`,
   * `follow source.example` (our own name).
   */
  #follow(server: ServerAddress, word: string, [how, host]: readonly string[]): void {
    const { mysql, zone, homes } = this.world.around;
    if (how === 'as-well') mysql.followAlso(server, addressOf(word), word);
    else if (how === 'by') mysql.follow(server, addressOf(word), addressOf(host ?? ''));
    else if (/^db\d(?:\.lan)?$/.test(word)) mysql.follow(server, addressOf(word));
    else mysql.follow(server, serverAt(zone, homes, addressOf(word)) ?? '', addressOf(word));
  }

  #refuse(server: ServerAddress, why: string): void {
    this.world.around.mysql.server(server).health = 'refusing';
    this.world.around.mysql.server(server).offlineMode = why === 'offline';
    if (why === 'account') this.#denying.add(server);
    else if (why === '' || why === 'offline') this.#denying.delete(server);
    else throw new Error(`a server does not refuse an ${why}`);
  }

  #fence(server: ServerAddress, word: string): void {
    const { unfenceable } = this.world.around;
    if (word === 'refused' || word === 'blocked') unfenceable.set(server, word);
    else if (word === 'works') unfenceable.delete(server);
    else throw new Error(`no attempt to fence ends ${word}`);
  }

  #resume(server: ServerAddress): void {
    const { mysql } = this.world.around;
    if (mysql.server(server).health === 'refusing') mysql.server(server).offlineMode = false;
    mysql.resume(server);
  }

  /**
   * Additional rows of SHOW REPLICAS: so many hosts that do not exist, or one with a UUID; 0: none any more.
   */
  #lists(server: ServerAddress, word: string, id = ''): void {
    const isNumber = /^\d+$/.test(word);
    const hosts = Array.from({ length: Number(word) }, (_, n) => ({
      address: addressOf(`h${n + 1}.lan`),
      claim: fakeUuid(100 + n) as ServerId,
    }));
    this.#listed.set(
      server,
      isNumber ? hosts : [{ address: addressOf(word), claim: fullUuids(id) as ServerId }],
    );
  }

  #executed(server: ServerAddress, text: string): void {
    const set = createFakeMysql(['x:1'], { line: fullUuids(text) }).server('x:1').executed;
    this.world.around.mysql.server(server).executed = set;
  }

  #other(verb: string, words: readonly string[]): void {
    const { world } = this;
    const [first = '', second = ''] = words;
    const by = 'operator';
    const verbs: Readonly<Record<string, () => unknown>> = {
      run: () => this.#run(milliseconds(first)),
      also: () => this.#also(words),
      stop: () => this.#stop(first),
      sleep: () => world.sleep(milliseconds(first)),
      'new-process': () => world.restart(),
      group: () =>
        this.#views.group(
          first.split(',').map(addressOf),
          second === 'multi-primary' ? undefined : addressOf(second),
        ),
      galera: () => this.#views.galera(first.split(',').map(addressOf)),
      show: () => this.#show(first),
      follow: () => {
        const [force, dryRun] = [words.includes('force'), words.includes('dry-run')];
        const although = words.includes('although-read-only') ? ({ althoughReadOnly: true } as const) : {};
        this.#command({ kind: 'follow', server: addressOf(first), force, ...although, dryRun, by });
      },
      freeze: () => this.#freeze(words),
      thaw: () => this.#command({ kind: 'thaw', ...(first === 'dry-run' ? { dryRun: true } : {}), by }),
      forget: () => this.#command({ kind: 'forget', server: addressOf(first), by }),
      announce: () => this.#command({ kind: 'announce', server: addressOf(first), by: 'mha' }),
      network: () => this.#network(words),
      nameserver: () => this.#nameserver(first, second),
      zone: () => this.#zone(words),
      'other-instance': () => this.#otherInstance(first, second),
    };
    perform(verbs, verb);
  }

  #freeze(words: readonly string[]): void {
    const dryRun = words[0] === 'dry-run';
    const reason = words.slice(dryRun ? 1 : 0).join(' ');
    this.#command({ kind: 'freeze', reason, ...(dryRun ? { dryRun } : {}), by: 'operator' });
  }

  /** Begins together with the first instance; the lines of the second one begin with its name. */
  #also(words: readonly string[]): void {
    const { around } = this.world;
    const { settings } = settingsFrom(words);
    const decorate = (server: ServerAddress, probe: Probe) =>
      this.#cutFromSecond.has(server) ? unreachable(server) : this.#decorated(server, probe);
    this.#second = new World(settings, { ...around, decorate }, (atMs, effect) => {
      this.#lines.push(
        ...this.#printer.effect(atMs, effect).map((line) => line.replace(' ', ` ${settings.instance} `)),
      );
    });
  }

  #stop(instance: string): void {
    this.#stopped = instance === 'watcher-2' ? this.#second : this.world;
  }

  #run(ms: number): void {
    if (this.#second === undefined) {
      this.world.run(ms);
      return;
    }
    const running = [this.world, this.#second].filter((world) => world !== this.#stopped);
    // Goes from one thing that is due to the next, in any instance, as if at once.
    for (let past = 0, turn = 0; past < ms; past += turn) {
      turn = Math.min(ms - past, Math.max(Math.min(...running.map((world) => world.untilNext())), 1));
      for (const world of running) world.run(turn);
    }
    this.#lines = this.#lines.toSorted((a, b) =>
      a.slice(0, 9) < b.slice(0, 9) ? -1 : a.slice(0, 9) > b.slice(0, 9) ? 1 : 0,
    );
  }

  #command(command: Command): void {
    this.#commands += 1;
    this.world.send({ kind: 'command', id: `c${this.#commands}`, command });
  }

  /**
   * `network db1 cut`: we do not reach it. `network db1 cut watcher-2`: the other instance does not. `network
   * db1 cut from db2`: these two do not reach each other.
   */
  #network([first = '', verb = '', side = '', other = '']: readonly string[]): void {
    if (verb !== 'cut' && verb !== 'mended') throw new Error(`a network is not ${verb}`);
    const [cut, names] =
      side === 'from'
        ? [
            this.#parted,
            [`${addressOf(first)} ${addressOf(other)}`, `${addressOf(other)} ${addressOf(first)}`],
          ]
        : [side === 'watcher-2' ? this.#cutFromSecond : this.#cut, [addressOf(first)]];
    for (const name of names) verb === 'cut' ? cut.add(name) : cut.delete(name);
  }

  #nameserver(verb: string, word: string): void {
    const { around } = this.world;
    if (verb === 'up' || verb === 'down' || verb === 'refuses') around.nameserver = verb;
    else if (verb === 'lost-answer' || verb === 'dropped') around.nextUpdate = verb;
    else if (verb === 'late') around.nextUpdate = { lateMs: milliseconds(word) };
    else if (verb === 'behind') around.behind.add(word);
    else if (verb === 'caught-up') around.behind.delete(word);
    else throw new Error(`a nameserver does not ${verb}`);
  }

  /** By hand, with the key of another tool. */
  #zone([verb = '', what = '', ...rest]: readonly string[]): void {
    const { zone } = this.world.around;
    const name = `${what}.${zoneName}` as Fqdn;
    if (verb === 'set')
      zone.put({ name, type: rest[0] as 'A', ttlSeconds: 5, rdata: rest.slice(1) } as Rrset);
    else if (verb === 'delete' && what === 'ledger') zone.remove(`_source-dns.source.${zoneName}`, 'TXT');
    else if (verb === 'delete') zone.remove(name, rest[0] as 'A');
    else if (verb === 'ledger') zone.put(withField(zone, fullUuids([what, ...rest].join(' '))));
    else if (verb === 'ledger-is') zone.put(ledgerRrset([what, ...rest].map(fullUuids)));
    else if (!this.world.around.nameserverZone.set([verb, what, ...rest]))
      throw new Error(`nobody does that to a zone: ${verb}`);
  }

  #otherInstance(verb: string, word: string): void {
    const { around } = this.world;
    const move = () => otherInstanceMoves(around, addressOf(word));
    if (verb === 'moves-to') move();
    else if (verb === 'is-faster-with') around.beforeUpdate = move;
    else throw new Error(`an instance does not ${verb}`);
  }

  #show(what: string): void {
    const { zone } = this.world.around;
    const shown = {
      ledger: () => this.#printer.ledger(zone),
      zone: () => this.#printer.zone(zone),
      status: () => this.#printer.status(this.world.state, this.world.now()),
      ways: () => this.#printer.ways(this.world.state, this.world.now()),
      explain: () => this.#printer.explain(this.world.state, this.world.now()),
    };
    const show = shown[what as keyof typeof shown];
    if (show === undefined) throw new Error(`cannot show ${what}`);
    this.#lines.push(...show());
  }

  #decorate(server: ServerAddress, probe: Probe): Probe {
    return this.#cut.has(server) ? unreachable(server) : this.#decorated(server, probe);
  }

  #decorated(server: ServerAddress, probe: Probe): Probe {
    if (probe.kind === 'alive' && this.#denying.has(server)) {
      return {
        ...probe,
        failure: { code: 'access-denied', message: `${server}: Access denied for our account` },
      };
    }
    if (probe.kind !== 'reachable') return probe;
    const replicas = this.world.state.settings.discoverWithin ? { replicas: this.#replicasOf(server) } : {};
    const facts = { ...this.#channels.decorate(server, probe.facts), ...replicas };
    return { ...probe, facts: this.#views.decorate(server, facts, this.world.around.mysql) };
  }

  #replicasOf(source: ServerAddress): readonly ReportedReplica[] {
    const replicas = [...this.world.around.mysql.servers.values()].filter(
      ({ channel, health }) => health === 'up' && channel?.source === source && channel.receiver === 'ON',
    );
    return [
      ...replicas.map(({ address, uuid }) => ({ address, claim: uuid as ServerId })),
      ...(this.#listed.get(source) ?? []),
    ];
  }
}

/** `innodb_force_recovery=4`, `transaction_read_only=1`. */
function turn(mysql: FakeMysql, server: ServerAddress, word: string): void {
  const [variable = '', value] = word.split('=');
  if (!isSwitch(variable)) throw new Error(`no switch that refuses writes: ${variable}`);
  mysql.turn(server, variable, Number(value));
}

/** `db1=80`: a source and its weight. */
function listed(word: string): FailoverSource {
  const [source = '', weight] = word.split('=');
  return { address: addressOf(source), weight: Number(weight) };
}

/** `3/1540`: file and position of a binary log. */
function coordinates(word: string): Coordinates {
  const [file = '', position] = word.split('/');
  return { file: `binlog.${file.padStart(6, '0')}`, position: Number(position) };
}

function gtidMode(word: string): GtidMode {
  const mode = gtidModes.find((known) => known === word);
  if (mode === undefined) throw new Error(`no gtid_mode: ${word}`);
  return mode;
}

/** The server that a name in our zone leads to; all servers have the same port. */
function serverAt(
  zone: FakeZone,
  addresses: ReadonlyMap<string, readonly string[]>,
  host: ServerAddress,
): ServerAddress | undefined {
  const rrset = zone.find(`${host.replace(/:\d+$/, '')}.`, 'A');
  const [target] = rrset?.type === 'A' ? rrset.rdata : [];
  const found = [...addresses].find(([, those]) => target !== undefined && those.includes(target));
  return found && (found[0] as ServerAddress);
}

const fullUuids = (text: string): string => text.replace(/UUID(\d)/g, (_, n: string) => fakeUuid(Number(n)));

function perform(verbs: Readonly<Record<string, () => unknown>>, verb: string): void {
  const action = verbs[verb];
  if (action === undefined) throw new Error(`no such command: ${verb}`);
  action();
}

/** `50ms`, `5s`, `2m`. */
export function milliseconds(text: string): number {
  const match = /^(\d+)(ms|s|m)$/.exec(text);
  if (!match) throw new Error(`no duration: ${text}`);
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[match[2] as 'ms' | 's' | 'm'];
}
