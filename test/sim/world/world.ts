/**
 * One run of the simulated world: MySQL servers, nameservers, instances of source-dns, a script of
 * misfortunes, and then calm.
 */

import { createHash } from 'node:crypto';
import { createFakeMysql, fakeUuid } from '../../support/fake-mysql.ts';
import { calm, unsettled } from '../judge/calm.ts';
import { createJudge } from '../judge/judge.ts';
import type { Build } from '../mutants/build.ts';
import { createConnections } from './connections.ts';
import { groupLine } from './fake-group.ts';
import { byHand } from './hand.ts';
import { createInstance, type Instance } from './instance.ts';
import { createLocks } from './locks.ts';
import { changeModes } from './modes.ts';
import { createPrimary, createSecondary } from './nameserver.ts';
import { createNetwork } from './network.ts';
import { createOperator, type Operator } from './operator.ts';
import { createPrng } from './prng.ts';
import type { Act, Chapter, InstanceAct, Script } from './script.ts';
import {
  addressesOf,
  grantedNames,
  hostOf,
  instanceNames,
  ipOf,
  ledgerOwner,
  nowhere,
  sourceName,
} from './settings.ts';
import { createTimeline } from './timeline.ts';
import { isWrite } from './update-bytes.ts';
import { createWayBack } from './way-back.ts';
import type { Instances, World } from './world-types.ts';

export interface Outcome {
  readonly seed: number;
  /** The first promise that was broken. */
  readonly broken?: string;
  /** When, in milliseconds since the world began. */
  readonly at: number;
  readonly hash: string;
  readonly moves: number;
  readonly updates: number;
  readonly fences: number;
  readonly events: number;
  /** What happened how often. */
  readonly tally: ReadonlyMap<string, number>;
  /** Only where it was asked for. */
  readonly log: readonly string[];
}

/** What the instances run. */
export interface Builds {
  readonly present: Build;
  readonly later: Build;
}

export interface RunOptions {
  readonly keepLog?: boolean;
  readonly builds: Builds;
}

/** Runs the script until a promise breaks or all is well. */
export async function runWorld(script: Script, options: RunOptions): Promise<Outcome> {
  const hash = createHash('sha256');
  const log: string[] = [];
  const tally = new Map<string, number>();
  let events = 0;
  let unhashed = '';
  function note(line: string): void {
    events += 1;
    unhashed += line;
    if (unhashed.length > hashedAtOnce) {
      hash.update(unhashed);
      unhashed = '';
    }
    if (options.keepLog) log.push(line);
  }
  const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);
  const world = createWorld(script, options, { log: note, tally: count });
  const { timeline, judge } = world;
  const names = instanceNames.slice(0, script.shape.instances);
  const instances = new Map(names.map((name) => [name, createInstance(world, name)]));
  const operator = createOperator(world, (server) => {
    for (const instance of instances.values()) instance.serverDied(server);
  });
  world.meant = () => operator.source;
  beginWith(world, instances);
  for (const chapter of script.chapters) {
    const from = timeline.now;
    begin(world, instances, operator, chapter);
    await timeline.runUntil(from + chapter.endAt, () => judge.broken !== undefined);
  }
  const { broken, moves, updates, fences } = judge;
  return {
    seed: script.seed,
    ...(broken ? { broken } : {}),
    at: timeline.now,
    hash: hash.update(unhashed).digest('hex'),
    moves,
    updates,
    fences,
    events,
    tally,
    log,
  };
}

/** Characters of the history: to hash line by line takes long. */
const hashedAtOnce = 32_768;

type Unfinished = { -readonly [K in keyof World]: World[K] };

function createWorld(
  script: Script,
  { builds }: RunOptions,
  notes: Pick<World, 'log' | 'tally'>,
): Unfinished {
  const timeline = createTimeline();
  const chance = createPrng(script.seed ^ 0x5eed);
  const members = addressesOf(script.shape);
  const world = {
    buildOf: (name) => (name === script.shape.later ? builds.later : builds.present),
    script,
    members,
    weather: script.weather,
    timeline,
    phase: { isCalm: false, endsAt: 0 },
    chance,
    sightings: new WeakMap(),
    resolver: new Map(),
    leaves(from, message) {
      if (!isWrite(message)) return;
      world.judge.leaves(from, message);
      replayed(world, message);
    },
    ...notes,
  } as Unfinished;
  world.network = createNetwork(world);
  const isOpen = world.network.isOpen;
  world.mysql = createFakeMysql(members, {
    line: script.shape.group ? groupLine : `${fakeUuid(1)}:1-100`,
    isOpen,
    netTimeoutMs: script.weather.netTimeoutMs,
    ...(script.shape.group ? { group: chance } : {}),
    ...(script.shape.delayMs ? { delayMs: script.shape.delayMs } : {}),
  });
  for (const [index, address] of members.entries())
    world.mysql.server(address).version = script.shape.versions[index] ?? '9.7.4';
  world.secondary = createSecondary(world, 'ns2', 'ns1');
  world.primary = createPrimary(world, 'ns1');
  world.locks = createLocks(world);
  if (script.shape.fences) world.connections = createConnections(world);
  world.judge = createJudge(world);
  world.noteRejoined = createWayBack(world);
  return world;
}

/** Somebody has recorded an update, and sends it again from elsewhere. */
function replayed({ chance, weather, timeline, primary }: World, message: Buffer): void {
  if (!chance.chance(weather.twice)) return;
  timeline.after(
    chance.between(1, weather.fudgeMs + 1000),
    () => void primary.receive(message, 'tcp', 'somebody'),
  );
}

/** What goes on as long as the world lives. */
function beginWith(world: World, instances: Instances): void {
  const { timeline, script, judge, members } = world;
  const replicate = (): void => {
    world.mysql.advance(timeline.now);
    world.noteRejoined();
    if (script.shape.fences)
      judge.watchesFences(
        [...instances.values()].filter(({ isRunning }) => isRunning).map(({ name }) => name),
      );
    timeline.after(50, replicate);
  };
  const write = (): void => {
    const { alias } = script.shape;
    const [shown] = world.primary.find(sourceName, alias ? 'CNAME' : 'A')?.rdata ?? [];
    const published = members.find((address) => (alias ? hostOf(address) : ipOf(address)) === shown);
    if (published) world.mysql.write(published);
    timeline.after(500, write);
  };
  replicate();
  write();
  [...instances.values()].forEach((instance, index) => {
    timeline.at(index * 700, () => instance.start());
  });
}

/** Faults from now on, and then calm: all is well once it is settled, and still at the end. */
function begin(world: World, instances: Instances, operator: Operator, chapter: Chapter): void {
  const { timeline, script, judge } = world;
  const from = timeline.now;
  const { acts, calmAt, settledAt, endAt, air } = chapter;
  world.phase = { isCalm: false, endsAt: from + calmAt };
  world.weather = { ...script.weather, ...air };
  judge.silentFrom = Number.POSITIVE_INFINITY;
  world.tally('chapter');
  changeModes(world);
  for (const act of acts) timeline.at(from + act.at, () => perform(world, instances, operator, act));
  timeline.at(from + calmAt, () => {
    world.phase = { isCalm: true, endsAt: from + endAt };
    calm(world, instances, operator, chapter);
  });
  const check = (): void => {
    for (const promise of unsettled(world, instances, operator)) judge.breaks(promise);
  };
  timeline.at(from + settledAt, () => {
    check();
    judge.silentFrom = timeline.now;
    judge.ledgerTouched = false;
  });
  timeline.at(from + endAt, check);
}

function perform(world: World, instances: Instances, operator: Operator, act: Act): void {
  world.log(`${world.timeline.now} * ${JSON.stringify(act)}`);
  world.tally(`act ${act.kind}`);
  if (act.kind === 'hand') byHand(world, act);
  else if (act.kind === 'cut') cut(world, act);
  else if (act.kind === 'resolver') misleads(world, act);
  else if (act.kind === 'policy') denies(world, act);
  else if (act.kind === 'crash-nameserver') crashNameserver(world, act);
  else if ('instance' in act) befall(world, instances.get(act.instance) as Instance, operator, act);
  else operator.perform(act);
}

/** Somebody edits the policy of the nameserver, and corrects it later. */
function denies({ primary, timeline, phase }: World, act: Act & { kind: 'policy' }): void {
  const denied = { all: grantedNames, ledger: [ledgerOwner], source: [sourceName] }[act.denies];
  primary.grant(grantedNames.filter((name) => !denied.includes(name)));
  // Updates are tried less and less often: a wrong policy that lasts into the calm would be noticed too late.
  timeline.at(Math.min(timeline.now + act.forMs, phase.endsAt), () => primary.grant(grantedNames));
}

/** Somebody edits the address record of a server, and corrects it later. */
function misleads(
  { resolver, timeline, members }: World,
  { server, says, forMs }: Act & { kind: 'resolver' },
): void {
  const [host, other] = [members[server], members[(server + 1) % members.length]];
  if (host === undefined || other === undefined) return;
  resolver.set(host, { nobody: [nowhere], other: [ipOf(other)], both: [ipOf(host), ipOf(other)] }[says]);
  timeline.after(forMs, () => void resolver.delete(host));
}

/** A cut ends in time, or with the faults. */
function cut(world: World, act: Act & { kind: 'cut' }): void {
  const mends = act.ways.map(([from, to]) => world.network.cut(from, to));
  // When the faults are over, all cuts are mended.
  undo(world, act.forMs, () => {
    for (const mend of mends) mend();
  });
}

/** Does this later, unless the phase has ended by then. */
function undo(world: World, afterMs: number, action: () => void): void {
  const { phase, timeline } = world;
  timeline.after(afterMs, () => timeline.now < phase.endsAt && action());
}

function crashNameserver(world: World, act: Act & { kind: 'crash-nameserver' }): void {
  const { primary, timeline } = world;
  primary.crash(act.when);
  // Where no update came, the nameserver goes away now.
  undo(world, act.when === 'now' ? 0 : act.forMs / 2, () => primary.crash('now'));
  timeline.after(act.forMs, () => primary.start());
}

/** What happens to one instance of source-dns, or through it. */
function befall(world: World, instance: Instance, operator: Operator, act: InstanceAct): void {
  const { members, judge } = world;
  const later = (action: () => void) => undo(world, 'forMs' in act ? act.forMs : 0, action);
  switch (act.kind) {
    case 'crash':
      instance.crash(act.forgets);
      later(() => instance.start());
      break;
    case 'clock':
      instance.machine.stepClock(act.ms);
      if (Math.abs(act.ms) > 1000) judge.clockJumped(instance.name);
      break;
    case 'suspend':
      instance.machine.suspend(act.forMs);
      if (act.forMs > 1000) judge.clockJumped(instance.name);
      break;
    case 'stall':
      instance.machine.stall(act.forMs);
      break;
    case 'freeze':
      instance.command({ kind: 'freeze', reason: 'maintenance', by: 'dba' });
      later(() => instance.command({ kind: 'thaw', by: 'dba' }));
      break;
    case 'follow': {
      const server = members[act.to];
      if (server) instance.command({ kind: 'follow', server, force: act.force, dryRun: false, by: 'dba' });
      break;
    }
    case 'announce': {
      const server = members[act.server];
      if (server) instance.command({ kind: 'announce', server, by: 'failover-tool' });
      break;
    }
    case 'hook':
      for (let count = 0; count < act.times; count += 1)
        instance.command({
          kind: 'follow',
          server: operator.source,
          force: false,
          dryRun: false,
          by: 'failover-tool',
        });
      break;
  }
}
