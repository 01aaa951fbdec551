import type { Scenario } from './scenario.ts';
import { asynchronous } from './scenarios/async.ts';
import { failoverLists } from './scenarios/failover-lists.ts';
import { groupIsolate } from './scenarios/group-isolate.ts';
import { groupKill } from './scenarios/group-kill.ts';
import { groupStop } from './scenarios/group-stop.ts';
import { groupSwitch } from './scenarios/group-switch.ts';
import { mariadb, mariadb118 } from './scenarios/mariadb.ts';
import { semiSync } from './scenarios/semi-sync.ts';

/** Every scenario of the lab, in the order of `--list`. */
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

/** What is played when none is named, and what instead where MySQL cannot be had. */
export const [defaultScenario, fallbackScenario] = [semiSync, mariadb];
