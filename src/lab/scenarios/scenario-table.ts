/** Every scenario of the lab. */

import type { Scenario } from '../stage/scenario.ts';
import { asynchronous } from './async.ts';
import { failoverLists } from './failover-lists.ts';
import { groupIsolate } from './group-isolate.ts';
import { groupKill } from './group-kill.ts';
import { groupStop } from './group-stop.ts';
import { groupSwitch } from './group-switch.ts';
import { mariadb, mariadb118 } from './mariadb.ts';
import { semiSync } from './semi-sync.ts';

/** In the order of `--list`. */
export const scenarios: readonly Scenario[] = [
  semiSync,
  asynchronous,
  failoverLists,
  groupSwitch,
  groupKill,
  groupStop,
  groupIsolate,
  mariadb,
  mariadb118,
];

/** Played if none is named. */
export const defaultScenario: Scenario = semiSync;
/** Played instead if MySQL is not available. */
export const fallbackScenario: Scenario = mariadb;
