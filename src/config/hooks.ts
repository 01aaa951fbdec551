/** The hooks of the configuration as settings, and what is probably wrong with them. */

import { resolve } from 'node:path';
import type { Variables } from './environment.ts';
import { whyNotRunnable } from './hook-program.ts';
import type { HooksFile } from './hook-schema.ts';
import type { HookConfig, HooksConfig } from './loaded.ts';
import { Secret } from './secret.ts';

type HookFile = HooksFile['after_move'][number];

const secrets = (values: Readonly<Record<string, string>> = {}): ReadonlyMap<string, Secret> =>
  new Map(Object.entries(values).map(([name, value]) => [name, new Secret(value)]));

/** A program with a slash is a path, relative to the folder of the configuration as every path of it. */
function loadedHook(hook: HookFile, folder: string): HookConfig {
  if ('url' in hook) {
    const { url, headers, timeout } = hook;
    return { kind: 'url', url: new Secret(url), headers: secrets(headers), timeoutMs: timeout };
  }
  const [program = '', ...args] = hook.command;
  return {
    kind: 'command',
    program: program.includes('/') ? resolve(folder, program) : program,
    args,
    env: secrets(hook.env),
    timeoutMs: hook.timeout,
  };
}

/** `folder`: of the configuration. */
export const loadedHooks = ({ after_move, on_alarm }: HooksFile, folder: string): HooksConfig => ({
  afterMove: after_move.map((hook) => loadedHook(hook, folder)),
  onAlarm: on_alarm.map((hook) => loadedHook(hook, folder)),
});

/** One sentence for each program that cannot be run now: it may still be installed later. */
export async function hookWarnings(hooks: HooksConfig, env: Variables): Promise<readonly string[]> {
  const named = [
    ...hooks.afterMove.map((hook, index) => ({ hook, place: `hooks.after_move[${index}]` })),
    ...hooks.onAlarm.map((hook, index) => ({ hook, place: `hooks.on_alarm[${index}]` })),
  ];
  const warnings = await Promise.all(named.map(({ hook, place }) => warningsOf(hook, place, env)));
  return warnings.flat();
}

async function warningsOf(hook: HookConfig, place: string, env: Variables): Promise<readonly string[]> {
  if (hook.kind === 'command') {
    const why = await whyNotRunnable(hook.program, env['PATH']);
    return why === undefined ? [] : [`${place}.command: ${why}`];
  }
  const url = new URL(hook.url.reveal());
  const isOpen = url.protocol === 'http:' && (url.password !== '' || hook.headers.size > 0);
  return isOpen
    ? [`${place}.url: everybody between us and ${url.host} can read its password or headers; use https`]
    : [];
}
