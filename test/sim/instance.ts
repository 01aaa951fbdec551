/** One running source-dns: drives `step` and performs its effects; crashes, sleeps, stalls, and has clocks that step. */

import type { Command, Effect, Event, HistoryEntry, Remembered } from '../../src/core/events.ts';
import type { ClusterState } from '../../src/core/state.ts';
import type { MonoMs, Now, ServerAddress, WallMs } from '../../src/core/units.ts';
import { describeEvent } from './describe.ts';
import type { Reach } from './errands.ts';
import { createErrands } from './errands.ts';
import type { InstanceName } from './settings.ts';
import { settingsOf } from './settings.ts';
import type { World } from './world-types.ts';
import { beginning } from './world-types.ts';

export interface Instance {
  readonly name: InstanceName;
  readonly reach: Reach;
  readonly isRunning: boolean;
  start(): void;
  /** Loses all that it has in memory; and its history too, if it `forgets`. */
  crash(forgets: boolean): void;
  stepClock(ms: number): void;
  /** The wall clock is right again. */
  setClock(): void;
  /** The machine sleeps: nothing happens, the monotonic clock stands, the wall clock goes on. */
  suspend(forMs: number): void;
  /** The process gets no time, but both clocks go on (SIGSTOP, or a busy machine). */
  stall(forMs: number): void;
  command(command: Command): void;
  connectionLost(server: ServerAddress): void;
}

export function createInstance(world: World, name: InstanceName): Instance {
  const { timeline, judge, core } = world;
  const settings = settingsOf(name, world.script.weather);
  const reach: Reach = { cutFrom: new Set(), cutFromNameserver: false };
  const begin = createErrands(world, name, reach);
  let state: ClusterState | undefined;
  let life = 0;
  let wakes = 0;
  let wallOffset = 0;
  let sleptMs = 0;
  let asleepUntil = 0;
  let commands = 0;
  let remembered: Remembered | undefined;

  const mono = (): MonoMs => (timeline.now - sleptMs) as MonoMs;
  const wall = (): WallMs => (beginning + timeline.now + wallOffset) as WallMs;
  const now = (): Now => ({ mono: mono(), wall: wall(), token: world.chance.token() });

  /** For an event that began in that life; a sleeping machine takes it when it wakes. */
  function post(event: Event, born: number, before?: () => void): void {
    if (state === undefined || born !== life) return;
    if (timeline.now < asleepUntil) {
      // What waited is not all taken in one moment.
      timeline.at(asleepUntil + world.chance.int(20), () => post(event, born, before));
      return;
    }
    before?.();
    if (event.kind === 'zone-read') judge.zoneRead(name, event.reading);
    if (event.kind === 'update-done') judge.updateDone(name, event.try, event.outcome);
    const [next, effects] = core.step(state, event, now());
    state = next;
    world.log(`${timeline.now} ${name} ${describeEvent(event)}`);
    for (const effect of effects) perform(effect, life);
  }

  function perform(effect: Effect, born: number): void {
    if (effect.kind === 'wake') wake(effect.at, born);
    else if (effect.kind === 'record') record(effect.entry);
    else if (effect.kind === 'reply') {
      judge.answered(name, effect.id);
      world.log(`${timeline.now} ${name}   answer ${JSON.stringify(effect.answer.results)}`);
    } else begin(effect, Math.max(0, effect.deadline - mono()), wall(), (event, before) => post(event, born, before));
  }

  /** Replaces the wake before it. */
  function wake(at: number, born: number): void {
    wakes += 1;
    const mine = wakes;
    timeline.at(at + sleptMs, () => mine === wakes && post({ kind: 'tick' }, born));
  }

  function record(entry: HistoryEntry): void {
    judge.recorded(name, entry);
    world.log(`${timeline.now} ${name}   ${JSON.stringify({ ...entry, at: undefined, cluster: undefined, nameserver: undefined })}`);
    if (entry.kind !== 'move') return;
    const { nameserver, epoch, to } = entry;
    remembered = { nameserver, epoch, source: to.server, uuid: to.uuid };
  }

  return {
    name,
    reach,
    get isRunning() {
      return state !== undefined;
    },
    start() {
      life += 1;
      judge.started(name, remembered);
      state = core.initialState(settings, remembered ? [remembered] : [], now());
      post({ kind: 'tick' }, life);
    },
    crash(forgets) {
      if (forgets) remembered = undefined;
      life += 1;
      state = undefined;
      judge.crashed(name);
    },
    stepClock(ms) {
      wallOffset += ms;
      if (Math.abs(ms) > 1000) judge.clockJumped(name);
    },
    setClock() {
      this.stepClock(-wallOffset);
    },
    suspend(forMs) {
      if (timeline.now < asleepUntil) return;
      sleptMs += forMs;
      asleepUntil = timeline.now + forMs;
      if (forMs > 1000) judge.clockJumped(name);
    },
    stall(forMs) {
      asleepUntil = Math.max(asleepUntil, timeline.now + forMs);
    },
    command(command) {
      commands += 1;
      const id = `${name}${commands}`;
      post({ kind: 'command', id, command }, life, () => judge.commanded(name, id, command));
    },
    connectionLost(server) {
      if (!reach.cutFrom.has(server)) timeline.after(1, () => post({ kind: 'connection-lost', server }, life));
    },
  };
}
