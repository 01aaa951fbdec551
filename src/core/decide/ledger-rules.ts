/** What the zone itself says before any server is looked at: rules 1 to 3, and 6. */

import { type Decision, hold, pointTo } from '../model/decision.ts';
import type { ServerView } from '../observe/topology.ts';
import { disqualification, isLedgerBehind, reachable, type Situation } from './situation.ts';

/** Rule 1. */
export function unreadableLedger({ reading, publication, settings }: Situation): Decision | undefined {
  if (publication.readFailure) {
    return hold(
      'ledger-unknown',
      `Nameserver ${settings.nameserver} could not be read: ${publication.readFailure.message}`,
    );
  }
  if (reading === undefined)
    return hold('ledger-unknown', `Nameserver ${settings.nameserver} has not been read yet.`);
  if (reading.kind !== 'unreadable') return undefined;
  return hold(
    'ledger-unknown',
    `The ledger at _source-dns.${settings.source.name} ${reading.why}; it is left alone.`,
  );
}

/** Rule 2, first part. */
export function foreignLedger({ ledger, state, settings }: Situation): Decision | undefined {
  if (ledger === undefined || ledger.cluster === state.settings.cluster) return undefined;
  return hold(
    'foreign-ledger',
    `The ledger of ${settings.source.name} is cluster ${ledger.cluster}'s (instance ${ledger.by}), not ${state.settings.cluster}'s.`,
  );
}

/** Rule 2, second part. */
export function foreignRrset({ ledger, publication, settings }: Situation): Decision | undefined {
  if (ledger !== undefined || settings.adopt || publication.remembered !== undefined) return undefined;
  const there = publication.view?.rrsets.filter((rrset) => rrset.name === settings.source.name) ?? [];
  if (there.length === 0) return undefined;
  return hold(
    'foreign-rrset',
    `${settings.source.name} has ${there.map((rrset) => rrset.type).join(' and ')} but no ledger: somebody else keeps it. To take it over, set adopt: true under publish.`,
  );
}

/** Rule 2, third part: published again only while the remembered source is a healthy candidate, and only when the loss lasts. */
export function lostLedger(situation: Situation): Decision | undefined {
  const { publication, ledger, state, command } = situation;
  const { remembered, lostSince, view } = publication;
  // Whoever names a server by hand knows more than our memory of the ledger.
  if (command !== undefined) return undefined;
  // A person has frozen it as it is: rule 3.
  if (ledger?.frozen) return undefined;
  if (remembered === undefined || lostSince === undefined || (ledger && !isLedgerBehind(situation)))
    return undefined;
  const said = ledger ? `went back to epoch ${ledger.epoch}` : 'vanished';
  const healthy = reachable(situation.members).find((member) => member.id === remembered.uuid);
  const wrong = healthy ? disqualificationWithoutLedger(situation, healthy) : 'is not seen';
  // That it lasts a read must say: time alone would restore it after a single old one.
  const lasted = (view?.readAt ?? lostSince) - lostSince;
  if (healthy && wrong === undefined && lasted >= state.settings.watch.freshForMs) {
    return pointTo(
      'ledger-restored',
      healthy,
      `The ledger ${said}; epoch ${remembered.epoch} named ${healthy.address}, which is healthy, so it is published again.`,
    );
  }
  return hold(
    'ledger-lost',
    `The ledger ${said}, but epoch ${remembered.epoch} was seen (${remembered.source}${wrong === undefined ? '' : `, which ${wrong}`}).`,
  );
}

/** The remembered source is judged by its own state alone: the line is what was lost. */
function disqualificationWithoutLedger(situation: Situation, server: ServerView): string | undefined {
  return disqualification({ ...situation, ledger: undefined, published: undefined }, server);
}

/** Rule 3. */
export function frozen({ ledger }: Situation): Decision | undefined {
  if (ledger?.frozen === undefined) return undefined;
  return hold(
    'frozen',
    `Frozen by ${ledger.frozen.by}${ledger.frozen.reason === '' ? '' : `: ${ledger.frozen.reason}`}. Thaw it to let the name move.`,
  );
}

/** Rule 6. */
export function unknownSource({ published, ledger, members, state }: Situation): Decision | undefined {
  if (published !== undefined || ledger === undefined) return undefined;
  const namesake = members.find((member) => member.address === ledger.source);
  if (namesake !== undefined)
    return hold(
      'unknown-source',
      `The ledger names ${ledger.source} as ${ledger.uuid}, but who answers there is ${namesake.id}: it was rebuilt, or another server has its address. If it is the source: source-dns follow ${state.settings.cluster} ${ledger.source}`,
    );
  return hold(
    'unknown-source',
    `The ledger names ${ledger.source} (${ledger.uuid}), published by ${ledger.by}, which is no server of this configuration.`,
  );
}
