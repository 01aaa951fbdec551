/**
 * gtid_mode in the world: the same everywhere, or changed online by the manual (19.1.4.2): one step on all
 * servers, one server after the other, before the next step.
 */

import { gtidModes } from '../../../src/core/model/observation.ts';
import type { Shape } from './script.ts';
import type { World } from './world-types.ts';

/** Milliseconds from one server to the next. */
const pauseMs = 1300;

export function changeModes({ script, members, mysql, timeline }: World): void {
  const { gtidMode } = script.shape;
  if (gtidMode !== 'changing') {
    for (const address of members) mysql.server(address).gtidMode = gtidMode;
    return;
  }
  const down = gtidModes.toReversed().slice(1);
  const steps = [...down, ...gtidModes.slice(1)].flatMap((mode) =>
    members.map((address) => ({ mode, address })),
  );
  for (const [index, { mode, address }] of steps.entries())
    timeline.after((index + 1) * pauseMs, () => {
      mysql.server(address).gtidMode = mode;
    });
}

/**
 * In every seventh world without a group gtid_mode is not always ON; in every second of these a replica takes
 * some time to catch up.
 */
export function inOtherModes(seed: number, shape: Shape): Shape {
  if (seed % 7 !== 4 || shape.group) return shape;
  const round = Math.floor(seed / 7);
  const gtidMode = (['OFF_PERMISSIVE', 'changing', 'OFF', 'ON_PERMISSIVE'] as const)[
    round % 4
  ] as Shape['gtidMode'];
  return { ...shape, gtidMode, delayMs: round % 8 < 4 ? 1500 : 0 };
}
