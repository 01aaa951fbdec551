/** The alarms of writing the zone: refused updates, changed ones, left out names, and wildcards. */

import type { Situation } from '../decide/situation.ts';
import type { Alarm } from '../model/events.ts';
import type { Failure } from '../model/observation.ts';
import type { Fqdn } from '../model/units.ts';
import type { AlarmCode } from '../model/vocabulary.ts';
import { type Rrset, rdataWords } from '../model/zone.ts';
import type { Altered, ZoneView } from '../model/zone-view.ts';
import { isSettled } from '../publish/altered.ts';
import { isSide, managedQuestions } from '../publish/desired.ts';
import { isSideTrouble, noProgress } from '../publish/refusals.ts';
import { isLookingAround } from '../publish/wanted-replicas.ts';

export const writeAlarms = (situation: Situation): readonly Alarm[] => [
  ...refused(situation),
  ...leftOut(situation),
  ...altered(situation),
  ...wildcards(situation),
];

function refused({ publication, settings }: Situation): readonly Alarm[] {
  const { refusals, failure } = publication.writing;
  const { nameserver } = settings;
  // A refused move is sent again at once, without its side names.
  if (refusals?.what === 'move' && isSideTrouble(publication)) return [];
  const stuck = noProgress(publication);
  if (stuck !== undefined) return [{ code: 'no-progress', subject: nameserver, sentence: stuck }];
  return failure ? [ofFailure('update-refused', nameserver, failure)] : [];
}

/** Until an update with a side name is applied, or while a side name is outside the zone. */
function leftOut({ publication, settings, ledger }: Situation): readonly Alarm[] {
  const { leftOut: said, whyRefused } = publication.writing;
  const { view } = publication.zone;
  const { source, nameserver } = settings;
  const outside = view?.outside ?? [];
  const failure = outside[0]?.failure ?? said;
  if (failure === undefined) return [];
  // A later update may have been refused with the same words, and inspected.
  const found =
    whyRefused.find((refusal) => refusal.found && refusal.said.message === failure.message)?.found ?? failure;
  const sides = managedQuestions(settings, ledger?.replicas?.name).filter((question) =>
    isSide(source, question),
  );
  const left = [...new Set((outside.length > 0 ? outside : sides).map(({ name }) => name))].join(' and ');
  const why =
    outside.length > 0
      ? 'Nothing can be read or written there.'
      : `Nameserver ${nameserver} refuses an update of the source's name together with them. Each is tried again alone.`;
  return [
    {
      code: 'left-out',
      subject: source.name,
      sentence: `${source.name} is written without ${left}, which may be out of date. ${why} ${found.message}`,
      hint: found.hint,
    },
  ];
}

function altered({ publication, settings }: Situation): readonly Alarm[] {
  const found = publication.zone.view?.altered.filter(isSettled) ?? [];
  if (found.length === 0) return [];
  return [
    {
      code: 'write-altered',
      subject: settings.nameserver,
      sentence: `${settings.nameserver} accepted our update but changed it: ${found.map(alteredWords).join('; ')}. It is not written again. ${alteredCause(found)}`,
    },
  ];
}

function alteredWords({ wrote, shows }: Altered): string {
  const what = `${wrote.name} ${wrote.type}`;
  if (wrote.rrset === undefined)
    return `${what} was removed, but is still there (${shows ? rrsetWords(shows) : 'nothing'})`;
  return `${what} was written as ${rrsetWords(wrote.rrset)}, but ${shows ? `is ${rrsetWords(shows)}` : 'is not there'}`;
}

const rrsetWords = (rrset: Rrset): string => `${rdataWords(rrset)} with TTL ${rrset.ttlSeconds}`;

function alteredCause(found: readonly Altered[]): string {
  const cut = found.find(({ wrote, shows }) => wrote.rrset !== undefined && shows !== undefined);
  if (cut?.shows !== undefined)
    return `If the nameserver limits TTLs (max-zone-ttl), set ttl: ${cut.shows.ttlSeconds} in the configuration. Otherwise find out what rewrites that RRset.`;
  return 'An RRset of another type at that name may prevent it (RFC 2136 3.4.2.2).';
}

/** Only for names that clients use: they get the wildcard's address, or SERVFAIL, instead of no address. */
function wildcards(situation: Situation): readonly Alarm[] {
  const { publication, settings, state } = situation;
  const { view } = publication.zone;
  const { inFlight, awaiting } = publication.writing;
  if (view === undefined || !publication.ready || isLookingAround(situation)) return [];
  const clients: readonly (Fqdn | undefined)[] = [settings.source.name, settings.replicas?.name];
  const found = [...view.synthesized, ...view.looping].filter(({ name }) => clients.includes(name));
  // The update on its way may publish the name.
  const isKnown = (name: Fqdn): boolean =>
    state.alarms.some(({ code, subject }) => code === 'wildcard' && subject === name);
  const shown = [...new Set(found.map(({ name }) => name))].filter(
    (name) => isKnown(name) || !(inFlight || awaiting),
  );
  return shown.map((name) => ({
    code: 'wildcard',
    subject: name,
    sentence: `${name} is not stored in the zone ${view.zone}, but ${wildcardWords(view, name)}`,
  }));
}

function wildcardWords({ synthesized, looping }: ZoneView, name: Fqdn): string {
  const answered = synthesized
    .filter((rrset) => rrset.name === name)
    .map((rrset) => `${rrset.type} ${rdataWords(rrset)}`);
  const loop = looping.find((each) => each.name === name);
  const answers = `the nameserver answers for it (${answered.join(', ')}), as a wildcard does`;
  if (loop === undefined)
    return `${answers}. Applications that use this name are sent there. Remove the wildcard, or stop using the name.`;
  const why =
    answered.length > 0
      ? `${answers}, and that alias`
      : `the nameserver answers SERVFAIL for it: the wildcard ${loop.wildcard} seems to be a CNAME that`;
  return `${why} leads back to itself. Applications that use this name get SERVFAIL. Remove the wildcard, or give it a target that it does not cover.`;
}

/** An alarm with the words and the hint of a failure. */
export const ofFailure = (code: AlarmCode, subject: string, failure: Omit<Failure, 'code'>): Alarm => ({
  code,
  subject,
  sentence: failure.message,
  hint: failure.hint,
});
