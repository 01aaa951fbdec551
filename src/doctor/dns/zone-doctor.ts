/** The checks of the areas nameserver, zone and clients, in the order in which they are printed. */
import type { Check } from '../check.ts';
import { ledger, names, ttl } from './content-checks.ts';
import { clock, key, reachable } from './nameserver-checks.ts';
import { nsupdateProgram, transfers, verifyList } from './ns-checks.ts';
import { propagation } from './past-checks.ts';
import { primary, views } from './primary-checks.ts';
import { resolvers } from './resolver-checks.ts';
import { secondaries } from './secondary-checks.ts';
import { shortTtl, timers } from './soa-checks.ts';
import { rights, zone } from './zone-checks.ts';

export const zoneChecks: readonly Check[] = [
  reachable,
  key,
  clock,
  primary,
  views,
  nsupdateProgram,
  secondaries,
  verifyList,
  transfers,
  propagation,
  zone,
  rights,
  names,
  ledger,
  ttl,
  timers,
  shortTtl,
  resolvers,
];
