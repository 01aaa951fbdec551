/** Rule 3: a person has frozen the name. */

import { type Decision, hold } from '../../model/decision.ts';
import type { Situation } from '../situation.ts';

export function frozen({ ledger }: Situation): Decision | undefined {
  if (ledger?.frozen === undefined) return undefined;
  return hold(
    'frozen',
    `Frozen by ${ledger.frozen.by}${ledger.frozen.reason === '' ? '' : `: ${ledger.frozen.reason}`}. Thaw it to let the name move.`,
  );
}
