/** The service inside a command that only observes, once it has asked every server and read every zone. */

import type { LoadedConfig } from '../config/loaded.ts';
import type { Snapshot } from '../core/report/snapshot-types.ts';
import type { Service } from '../daemon/service.ts';
import type { CommandContext } from './context.ts';

/** Added to a probe and two exchanges with the nameserver (find the zone, read it). */
const slackMs = 1000;

/** The caller stops it. Undefined: the start failed, and the reason is printed. */
export async function observeOnce(
  context: CommandContext,
  config: LoadedConfig,
): Promise<Service | undefined> {
  let wake: () => void = () => {};
  const { openObserver } = await import('./one-shot.ts');
  const observer = await openObserver(context, config, () => wake());
  if (observer === undefined) return undefined;
  await new Promise<void>((resolve) => {
    const cancel = context.clock.after(lookMs(config), resolve);
    wake = () => {
      if (!snapshotsOf(observer).every(isComplete)) return;
      cancel();
      resolve();
    };
    // The first events may already be here.
    wake();
  });
  wake = () => {};
  return observer;
}

/** All clusters of a service. */
export const snapshotsOf = (service: Service): readonly Snapshot[] =>
  service.clusters().flatMap((name) => service.snapshot(name) ?? []);

/** Every zone was read or has failed, and every server was asked. */
const isComplete = (snapshot: Snapshot): boolean =>
  snapshot.publications.every(({ ready, readFailure }) => ready || readFailure !== null) &&
  snapshot.servers.every(({ contact }) => contact !== 'unobserved');

function lookMs(config: LoadedConfig): number {
  const longest = config.clusters.map(
    ({ settings }) =>
      settings.watch.probeTimeoutMs +
      2 * Math.max(0, ...settings.publications.map(({ timeoutMs }) => timeoutMs)),
  );
  return Math.max(0, ...longest) + slackMs;
}
