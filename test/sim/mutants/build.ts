/** What runs in the world: the code of this source tree, or a copy of it that is wrong, older, or newer. */

import { initialState } from '../../../src/core/model/state.ts';
import { snapshot } from '../../../src/core/report/snapshot.ts';
import { step } from '../../../src/core/step.ts';
import { createMemory, readLines } from '../../../src/daemon/history-lines.ts';
import { type Core, createClusterRuntime } from '../../../src/daemon/runtime.ts';
import { createRfc2136Client } from '../../../src/dns/client/rfc2136.ts';
import { transportsOn } from '../../../src/dns/transport/open.ts';
import { FenceAct } from '../../../src/mysql/fence/act.ts';
import { fenceSetOf } from '../../../src/mysql/flavour/fence-set.ts';
import { querySetOf, readTraits } from '../../../src/mysql/flavour/flavour.ts';

export interface Build {
  readonly core: Core;
  readonly createClusterRuntime: typeof createClusterRuntime;
  readonly createMemory: typeof createMemory;
  readonly readLines: typeof readLines;
  readonly transportsOn: typeof transportsOn;
  readonly createRfc2136Client: typeof createRfc2136Client;
  readonly readTraits: typeof readTraits;
  readonly querySetOf: typeof querySetOf;
  readonly FenceAct: typeof FenceAct;
  readonly fenceSetOf: typeof fenceSetOf;
}

export const thisBuild: Build = {
  core: { initialState, step, snapshot },
  createClusterRuntime,
  createMemory,
  readLines,
  transportsOn,
  createRfc2136Client,
  readTraits,
  querySetOf,
  FenceAct,
  fenceSetOf,
};
