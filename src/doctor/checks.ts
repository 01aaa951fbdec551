/** All checks of `source-dns check`: the registry. */

import type { Check } from './check.ts';
import { zoneChecks } from './dns/zone-doctor.ts';

/** Areas: configuration, host, mysql. */
const serverChecks: readonly Check[] = [];

export const checks: readonly Check[] = [...serverChecks, ...zoneChecks];
