/** When to write the replicas' RRset, and which instance writes it. */

import { differingForm } from '../decide/form.ts';
import { isKeeper } from '../decide/keeper.ts';
import type { Situation } from '../decide/situation.ts';
import { type Ledger, replicasText, withReplicas } from '../model/ledger.ts';
import { replicasEveryMs, replicasTakeoverIntervals } from '../model/limits.ts';
import type { Wanted } from '../model/zone.ts';
import type { ServerView } from '../observe/topology.ts';
import { freshUntil, rewritten, type Write } from './intended.ts';
import {
  areReplicasWrong,
  doRulesDiffer,
  isLookingAround,
  leftoverReplicas,
  wantedReplicas,
} from './wanted-replicas.ts';

/** The replicas' RRset, by the rules of the keeper. */
export function replicasWrite(situation: Situation, ledger: Ledger, target: ServerView): Write | undefined {
  const { publication, state, now, settings } = situation;
  const { writtenAt } = publication.replicas;
  const { instance } = state.settings;
  const ours = isKeeper(situation, ledger);
  const leftover = ours ? leftoverReplicas(situation, ledger) : [];
  const rules = leftover === undefined ? ledger.replicas : settings.replicas;
  const wanted = wantedReplicas(situation, target.address);
  const isNew = ours && replicasText(rules) !== replicasText(ledger.replicas);
  if (!isNew && !areReplicasWrong(situation, wanted)) return undefined;
  if (isLookingAround(situation)) return undefined;
  if (writtenAt !== undefined && now.mono - writtenAt < replicasEveryMs) return undefined;
  if (!ours && !mayTakeOver(situation, ledger, target)) return undefined;
  return {
    what: 'replicas',
    aim: `replicas ${replicasText(rules)} ${JSON.stringify(wanted.map((want) => want.rrset?.rdata))}`,
    sentence: replicasSentence(situation, ledger, wanted, leftover),
    ledger: rewritten(situation, withReplicas(ledger, rules), { by: instance }),
    wanted: [...(leftover ?? []), ...wanted],
    notAfter: freshUntil(situation, target),
  };
}

/** Only if the instance in `by=` seems gone and had the same rules: else the two overwrite each other. */
function mayTakeOver(situation: Situation, ledger: Ledger, target: ServerView): boolean {
  const { publication, state, now } = situation;
  const { wrongSince, yielded } = publication.replicas;
  const wrongFor = wrongSince === undefined ? 0 : now.mono - wrongSince;
  const differs = doRulesDiffer(situation, ledger) || differingForm(situation, ledger, target) !== undefined;
  return !yielded && !differs && wrongFor >= replicasTakeoverIntervals * state.settings.watch.intervalMs;
}

function replicasSentence(
  situation: Situation,
  ledger: Ledger,
  wanted: readonly Wanted[],
  leftover?: readonly Wanted[],
): string {
  const { settings, state } = situation;
  const name = settings.replicas?.name;
  const shown = wanted.flatMap((want) => (want.rrset?.rdata ?? []) as readonly string[]).join(' ');
  const former = leftover === undefined || ledger.replicas?.name === name ? undefined : ledger.replicas?.name;
  const isKept = wanted.length === 0;
  return [
    ...(name === undefined
      ? []
      : [isKept ? `${name} stays as it is.` : `${name} is now ${shown || 'withdrawn'}.`]),
    ...(former === undefined
      ? []
      : [
          leftover && leftover.length > 0
            ? `${former} is no longer configured, and was removed.`
            : `${former} is no longer configured, but was left as it is.`,
        ]),
    ...(ledger.by === state.settings.instance
      ? []
      : [
          isKeeper(situation, ledger)
            ? `Instance ${ledger.by} does not watch ${ledger.cluster}, so this instance keeps it from now on.`
            : `Instance ${ledger.by} left it wrong, so this instance keeps it from now on.`,
        ]),
  ].join(' ');
}
