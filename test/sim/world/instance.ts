/**
 * One running source-dns: the real runtime, zone client and transports on a simulated machine. Only its
 * sockets, its servers and its disk are simulated.
 */

import type { Command, Effect, Event, HistoryEntry } from '../../../src/core/model/events.ts';
import type { ClusterState } from '../../../src/core/model/state.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { createMemory, entryLine, readLines } from '../../../src/daemon/history-lines.ts';
import type { ClusterRuntime, Core } from '../../../src/daemon/runtime.ts';
import type { Sockets } from '../../../src/dns/transport/exchange.ts';
import { describeEvent } from '../run/describe.ts';
import { createCrowd } from './crowd.ts';
import { SimulatedDatagrams } from './datagrams.ts';
import { createFencer } from './fencer.ts';
import { createMachine, type Life, type Machine } from './machine.ts';
import { createProber, type SimulatedProber } from './prober.ts';
import { clientKey, exchangeMs, type InstanceName, nameserverHosts, settingsOf } from './settings.ts';
import { type Ends, SimulatedStream } from './stream.ts';
import type { World } from './world-types.ts';

export interface Instance {
  readonly name: InstanceName;
  readonly isRunning: boolean;
  readonly machine: Machine;
  start(): void;
  /**
   * The process loses its memory and what was not yet on its disk; if it `forgets`, also all of its history.
   */
  crash(forgets: boolean): void;
  command(command: Command): void;
  serverDied(server: ServerAddress): void;
}

/** A crash loses at most so many of the newest lines of the history. */
const unwrittenLines = 2;

interface Running {
  readonly life: Life;
  readonly runtime: ClusterRuntime;
  readonly prober: SimulatedProber;
}

export function createInstance(world: World, name: InstanceName): Instance {
  const { judge, chance, script } = world;
  const machine = createMachine(world, script.shape.drift[name] ?? 0);
  let running: Running | undefined;
  let disk = '';

  function record(entry: HistoryEntry): void {
    disk += entryLine(entry);
    judge.recorded(name, entry);
    world.log(
      `${world.timeline.now} ${name}   ${JSON.stringify({ ...entry, at: undefined, cluster: undefined, nameserver: undefined })}`,
    );
  }

  function begin(): Running {
    world.tally('start of an instance');
    const build = world.buildOf(name);
    const life = machine.begin();
    const memory = build.createMemory();
    for (const entry of build.readLines(disk).entries) memory.note(entry);
    const remembered = memory.remembered('shop');
    // What the disk says, not what this build reads in it.
    const told = createMemory();
    for (const entry of readLines(disk).entries) told.note(entry);
    judge.started(name, told.remembered('shop')[0]);
    const prober = createProber(world, name, life, build);
    const token = () => chance.token();
    const client = build.createRfc2136Client({
      name: 'ns1',
      address: '198.51.100.1',
      port: 53,
      transport: script.shape.transport,
      key: clientKey,
      fudgeSeconds: script.weather.fudgeMs / 1000,
      timeoutMs: exchangeMs,
      verify: [...nameserverHosts.keys()].map((host) => ({ host, port: 53 })),
      clock: life.clock,
      messageId: () => chance.int(65_536),
      openTransport: build.transportsOn(socketsOf(world, name, life)),
    });
    const runtime = build.createClusterRuntime({
      ...createCrowd(world, life),
      settings: settingsOf(name, script.weather, script.shape),
      remembered,
      clock: life.clock,
      random: { token },
      prober,
      fencer: createFencer(world, name, life, build),
      zoneClients: new Map([['ns1', client]]),
      core: watched(world, name, build.core),
      onRecord: record,
      onBug: (error) =>
        judge.breaks(`BUG ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    });
    return { life, runtime, prober };
  }

  return {
    name,
    machine,
    get isRunning() {
      return running !== undefined;
    },
    start() {
      if (running !== undefined) return;
      running = begin();
      running.runtime.start();
    },
    crash(forgets) {
      running?.life.end();
      running = undefined;
      judge.crashed(name);
      disk = forgets
        ? ''
        : torn(
            disk,
            () => chance.int(unwrittenLines + 1),
            (below) => chance.int(below),
          );
    },
    command(command) {
      const { runtime, life } = running ?? {};
      life?.deliver(() => void runtime?.command(command));
    },
    serverDied: (server) => running?.prober.serverDied(server),
  };
}

/** What a crash leaves of a file: the newest lines are missing, or one of them is cut. */
function torn(text: string, lines: () => number, pick: (below: number) => number): string {
  const kept = text.split('\n').slice(0, -1);
  const lost = kept.splice(Math.max(0, kept.length - lines()));
  const whole = kept.map((line) => `${line}\n`).join('');
  return whole + (lost[0] ?? '').slice(0, pick((lost[0] ?? '').length + 1));
}

function socketsOf(world: World, client: InstanceName, life: Life): Sockets {
  const ends = (address: string): Ends => ({
    world,
    life,
    client,
    server: nameserverHosts.get(address) === 'ns1' ? world.primary : world.secondary,
  });
  return {
    connect: (address) => new SimulatedStream(ends(address)) as unknown as ReturnType<Sockets['connect']>,
    datagrams: () => new SimulatedDatagrams(ends) as unknown as ReturnType<Sockets['datagrams']>,
  };
}

/** The core, while the judge watches its input and its wishes. */
function watched(world: World, name: InstanceName, core: Core): Core {
  const { judge, timeline, log, sightings } = world;
  function told(event: Event): void {
    if (event.kind === 'observed') judge.observed(name, event.server, sightings.get(event.probe));
    else if (event.kind === 'zone-read') judge.zoneRead(name, event.reading);
    else if (event.kind === 'update-done') judge.updateDone(name, event.try, event.outcome);
    else if (event.kind === 'fenced') judge.fenceDone(name, event.server, event.result);
    else if (event.kind === 'command') judge.commanded(name, event.id, event.command);
  }
  function wants(effect: Effect): void {
    if (effect.kind === 'update') judge.wants(name, effect.try);
    else if (effect.kind === 'inspect-refusal') judge.inspects(name, effect.about);
    else if (effect.kind === 'read-zone') judge.reads(name, effect.questions);
    else if (effect.kind === 'fence') judge.wantsFence(name, effect);
    else if (effect.kind === 'reply') judge.answered(name, effect.id);
    if (effect.kind === 'reply')
      log(`${timeline.now} ${name}   answer ${JSON.stringify(effect.answer.results)}`);
    if (effect.kind === 'fence') log(`${timeline.now} ${name} -> ${attemptText(effect)}`);
    if (effect.kind === 'update')
      log(`${timeline.now} ${name} -> ${effect.try} ${JSON.stringify(effect.plan.changes)}`);
  }
  return {
    ...core,
    step(state, event, now) {
      told(event);
      log(`${timeline.now} ${name} ${describeEvent(event)}`);
      const result = core.step(state, event, now);
      result[1].forEach(wants);
      countRefusals(world, state.fences, result[0].fences);
      return result;
    },
  };
}

const attemptText = ({ finishes, server, uuid }: Effect & { kind: 'fence' }): string =>
  `${finishes ? 'end clients of' : 'fence'} ${server} ${uuid}`;

type Fences = ClusterState['fences'];

/** Why a superseded source that takes writes is not fenced: each reason counts when it comes up. */
function countRefusals({ tally }: World, before: Fences, after: Fences): void {
  if (before === after) return;
  for (const [server, { verdict }] of after) {
    const earlier = before.get(server)?.verdict;
    if (verdict?.kind !== 'not' || (earlier?.kind === 'not' && earlier.because === verdict.because)) continue;
    tally(`no fence: ${verdict.because.replaceAll(/db\d:3306/g, 'a server')}`);
  }
}
