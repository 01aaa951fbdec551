/** Rule 2: the name belongs to another cluster, or to somebody without a ledger. */

import { type Decision, hold } from '../../model/decision.ts';
import type { Situation } from '../situation.ts';

export function foreignLedger({ ledger, state, settings }: Situation): Decision | undefined {
  if (ledger === undefined || ledger.cluster === state.settings.cluster) return undefined;
  return hold(
    'foreign-ledger',
    `The ledger of ${settings.source.name} belongs to cluster ${ledger.cluster} (instance ${ledger.by}), not to ${state.settings.cluster}.`,
  );
}

export function foreignRrset({ ledger, publication, settings }: Situation): Decision | undefined {
  if (ledger !== undefined || settings.adopt || publication.zone.remembered !== undefined) return undefined;
  const there = publication.zone.view?.rrsets.filter((rrset) => rrset.name === settings.source.name) ?? [];
  if (there.length === 0) return undefined;
  return hold(
    'foreign-rrset',
    `${settings.source.name} has ${there.map((rrset) => rrset.type).join(' and ')}, but no ledger: somebody else keeps it. To take it over, set adopt: true under publish.`,
  );
}
