/** All checks of `source-dns check`: the registry. */

import type { Check } from './check.ts';

/** Areas: configuration, host, mysql. */
const serverChecks: readonly Check[] = [];

/** Areas: nameserver, zone, clients. */
const zoneChecks: readonly Check[] = [];

export const checks: readonly Check[] = [...serverChecks, ...zoneChecks];
