/** A command's surroundings: what it prints, its signals, its configuration, and a small world. */

import type { CommandContext, SignalName } from '../../src/cli/context.ts';
import type { LoadResult } from '../../src/config/load.ts';
import type { LoadedConfig } from '../../src/config/loaded.ts';
import { systemClock, systemRandom } from '../../src/daemon/clock.ts';
import { config, type SmallWorld, smallWorld } from './small-world.ts';

/** `load` sets the configuration; `send` sends a signal. */
export function commandSession(folder: string, json = false, world: SmallWorld = smallWorld()) {
  const signals = new Map<SignalName, Set<() => void>>();
  const exits: number[] = [];
  const state = { out: '', err: '', closed: false };
  let result: LoadResult = { kind: 'loaded', config: config(folder) };
  const context: CommandContext = {
    terminal: {
      out(text) {
        state.out += text;
      },
      err(text) {
        state.err += text;
      },
      interactive: false,
      colours: false,
      columns: undefined,
      rows: undefined,
      closed: () => state.closed,
    },
    json,
    load: async () => result,
    outline: async () => (result.kind === 'loaded' ? { ...result, kind: 'outline' } : result),
    version: '1.2.3',
    pid: 4711,
    loadMaker: async () => world.maker,
    clock: systemClock,
    random: systemRandom,
    operator: 'eve@host',
    onSignal(signal, listener) {
      const listeners = signals.get(signal) ?? new Set();
      signals.set(signal, listeners.add(listener));
      return () => void listeners.delete(listener);
    },
    exit: (code) => void exits.push(code),
  };
  return {
    context,
    world,
    exits,
    state,
    send: (signal: SignalName) => {
      for (const listener of [...(signals.get(signal) ?? [])]) listener();
    },
    listeners: () => [...signals.values()].reduce((sum, { size }) => sum + size, 0),
    load(next: LoadResult | LoadedConfig) {
      result = 'kind' in next ? next : { kind: 'loaded', config: next };
    },
  };
}
