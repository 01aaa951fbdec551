/** gtid_mode in the world: the same everywhere, or changed online as the manual has it (19.1.4.2), one step on all servers, one server after the other, before the next step. */

import { gtidModes } from '../../src/core/observation.ts';
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
  const steps = [...down, ...gtidModes.slice(1)].flatMap((mode) => members.map((address) => ({ mode, address })));
  for (const [index, { mode, address }] of steps.entries())
    timeline.at((index + 1) * pauseMs, () => {
      mysql.server(address).gtidMode = mode;
    });
}
