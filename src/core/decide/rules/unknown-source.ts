/** Rule 6: the ledger names a source that is not in this configuration. */

import { type Decision, hold } from '../../model/decision.ts';
import type { Situation } from '../situation.ts';

export function unknownSource({ published, ledger, members, state }: Situation): Decision | undefined {
  if (published !== undefined || ledger === undefined) return undefined;
  const namesake = members.find((member) => member.address === ledger.source);
  if (namesake !== undefined)
    return hold(
      'unknown-source',
      `The ledger names ${ledger.source} as ${ledger.uuid}, but ${namesake.id} answers there: the server was rebuilt, or another server has its address. If it is the source: source-dns follow ${state.settings.cluster} ${ledger.source}`,
    );
  return hold(
    'unknown-source',
    `The ledger of instance ${ledger.by} names ${ledger.source} (${ledger.uuid}), which is not a server of this configuration.`,
  );
}
