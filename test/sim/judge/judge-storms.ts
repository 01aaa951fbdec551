/** How many updates an instance sends: also one whose updates are refused gives the nameserver time. */

import type { InstanceName } from '../world/settings.ts';

const windowMs = 1000;
/** Some follow each other at once: without what was refused, or after a lost race. */
const mostInWindow = 30;

/** Is called for each update that leaves. The returned function returns the broken promise, or undefined. */
export function createStormJudge(): (sender: InstanceName, now: number) => string | undefined {
  const left = new Map<InstanceName, number[]>();
  return (sender, now) => {
    const times = left.get(sender) ?? [];
    left.set(sender, times);
    times.push(now);
    while ((times[0] ?? now) <= now - windowMs) times.shift();
    return times.length > mostInWindow ? `L2 sends ${times.length} updates within a second` : undefined;
  };
}
