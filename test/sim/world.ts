/** One run of the simulated world: four MySQL servers, one nameserver, two instances of source-dns, and a script of misfortunes; then calm. */

import { createHash } from 'node:crypto';
import { contains } from '../../src/core/gtid.ts';
import type { ServerAddress } from '../../src/core/units.ts';
import { calm, unsettled } from './calm.ts';
import { createFakeMysql, fakeUuid } from './fake-mysql.ts';
import { byHand } from './hand.ts';
import type { Instance } from './instance.ts';
import { createInstance } from './instance.ts';
import { createJudge } from './judge.ts';
import { createNameserver } from './nameserver.ts';
import type { Operator } from './operator.ts';
import { createOperator } from './operator.ts';
import { createPrng } from './prng.ts';
import type { Act, InstanceAct, Script } from './script.ts';
import { addresses, instanceNames, ipOf, sourceName } from './settings.ts';
import { ledgerIn } from './sight.ts';
import { createTimeline } from './timeline.ts';
import type { Core, Instances, World } from './world-types.ts';

export interface Outcome {
  readonly seed: number;
  /** The first promise that was broken. */
  readonly broken?: string;
  /** When, in milliseconds since the world began. */
  readonly at: number;
  readonly hash: string;
  readonly moves: number;
  readonly events: number;
  /** Only if it was asked for. */
  readonly log: readonly string[];
}

/** Runs the script until a promise breaks or all is well. */
export function runWorld(script: Script, core: Core, options: { readonly keepLog?: boolean } = {}): Outcome {
  const hash = createHash('sha256');
  const log: string[] = [];
  let events = 0;
  const timeline = createTimeline();
  const judge = createJudge(() => timeline.now);
  const world = {
    core,
    script,
    weather: script.weather,
    timeline,
    judge,
    chance: createPrng(script.seed ^ 0x5eed),
    mysql: createFakeMysql(addresses, { line: `${fakeUuid(1)}:1-100` }),
    noteRejoined: () => noteRejoined(world),
    log(line: string) {
      events += 1;
      hash.update(line);
      if (options.keepLog) log.push(line);
    },
  } as { -readonly [K in keyof World]: World[K] };
  world.nameserver = createNameserver(world);
  const instances = new Map(instanceNames.map((name) => [name, createInstance(world, name)]));
  const operator = createOperator(world, (server) => {
    for (const instance of instances.values()) instance.connectionLost(server);
  });
  beginWith(world, instances, operator);
  timeline.runUntil(script.endAt, () => judge.broken !== undefined);
  return {
    seed: script.seed,
    ...(judge.broken ? { broken: judge.broken } : {}),
    at: timeline.now,
    hash: hash.digest('hex'),
    moves: judge.moves,
    events,
    log,
  };
}

function beginWith(world: World, instances: Instances, operator: Operator): void {
  const { timeline, script, judge } = world;
  const replicate = (): void => {
    world.mysql.advance(timeline.now);
    world.noteRejoined();
    timeline.after(50, replicate);
  };
  const write = (): void => {
    const [ip] = world.nameserver.zone.find(sourceName, 'A')?.rdata ?? [];
    const published = addresses.find((address) => ipOf(address) === ip);
    if (published) world.mysql.write(published);
    timeline.after(500, write);
  };
  replicate();
  write();
  [...instances.values()].forEach((instance, index) => {
    timeline.at(index * 700, () => instance.start());
  });
  for (const act of script.acts) timeline.at(act.at, () => perform(world, instances, operator, act));
  timeline.at(script.calmAt, () => calm(world, instances, operator));
  timeline.at(script.settledAt, () => {
    for (const promise of unsettled(world, operator)) judge.breaks(promise);
    judge.silentFrom = timeline.now;
  });
}

function perform(world: World, instances: Instances, operator: Operator, act: Act): void {
  world.log(`${world.timeline.now} * ${JSON.stringify(act)}`);
  if (act.kind === 'hand') byHand(world, act);
  else if ('instance' in act) befall(world, instances.get(act.instance) as Instance, act);
  else operator.perform(act);
}

/** What happens to one instance of source-dns, or through it. */
function befall({ timeline, script }: World, instance: Instance, act: InstanceAct): void {
  const later = (action: () => void) => timeline.after('forMs' in act ? act.forMs : 0, () => timeline.now < script.calmAt && action());
  switch (act.kind) {
    case 'partition':
      instance.reach.cutFrom = new Set(act.servers.map((index) => addresses[index] as ServerAddress));
      later(() => Object.assign(instance.reach, { cutFrom: new Set() }));
      break;
    case 'cut-nameserver':
      instance.reach.cutFromNameserver = true;
      later(() => Object.assign(instance.reach, { cutFromNameserver: false }));
      break;
    case 'crash':
      instance.crash(act.forgets);
      later(() => instance.start());
      break;
    case 'clock':
      instance.stepClock(act.ms);
      break;
    case 'suspend':
      instance.suspend(act.forMs);
      break;
    case 'stall':
      instance.stall(act.forMs);
      break;
    case 'freeze':
      instance.command({ kind: 'freeze', reason: 'maintenance', by: 'dba' });
      later(() => instance.command({ kind: 'thaw', by: 'dba' }));
      break;
    case 'follow':
      instance.command({ kind: 'follow', server: addresses[act.to] as ServerAddress, force: act.force, dryRun: false, by: 'dba' });
      break;
  }
}

/** A former source has rejoined, in truth, when it receives from the published source and has nothing that this one lacks. */
function noteRejoined({ judge, mysql, nameserver }: World): void {
  if (judge.stale.size === 0) return;
  const ledger = ledgerIn(nameserver.zone.all());
  const source = [...mysql.servers.values()].find((server) => server.uuid === ledger?.uuid);
  if (source === undefined) return;
  for (const server of mysql.servers.values()) {
    const attached = server.channel?.receiver === 'ON' && server.channel.sourceUuid === source.uuid;
    if (attached && contains(source.executed, server.executed)) judge.stale.delete(server.address);
  }
}
