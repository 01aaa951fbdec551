/** Two instances disagree about the replicas' RRset: one keeps it, and the other one only raises an alarm. */

import type { Situation } from '../decide/situation.ts';
import type { Alarm } from '../model/events.ts';
import type { Ledger } from '../model/ledger.ts';
import type { ReplicasName } from '../model/settings.ts';
import { findRrset } from '../model/zone.ts';
import { doRulesDiffer, wantedReplicas } from '../publish/wanted-replicas.ts';

export function replicasAlarms(situation: Situation, ledger: Ledger): readonly Alarm[] {
  const { settings, publication, published } = situation;
  const { replicas, nameserver } = settings;
  if (doRulesDiffer(situation, ledger))
    return [
      {
        code: 'config-differs',
        subject: nameserver,
        sentence: `Instance ${ledger.by} keeps ${rulesInWords(ledger.replicas)}, but this configuration says ${rulesInWords(replicas)}. This instance changes nothing: make the two configurations the same.`,
      },
    ];
  if (
    !publication.replicas.yielded ||
    publication.replicas.wrongSince === undefined ||
    replicas === undefined ||
    published === undefined
  )
    return [];
  const rrsets = publication.zone.view?.rrsets ?? [];
  const there = (['A', 'AAAA'] as const).flatMap(
    (type) => (findRrset(rrsets, replicas.name, type)?.rdata ?? []) as readonly string[],
  );
  const wanted = wantedReplicas(situation, published.address).flatMap(
    (want) => (want.rrset?.rdata ?? []) as readonly string[],
  );
  return [
    {
      code: 'replicas-differ',
      subject: replicas.name,
      sentence: `Instance ${ledger.by} took over ${replicas.name} and publishes ${inWords(there)}. This instance would publish ${inWords(wanted)}, but changes nothing. One of the two instances sees a server wrongly.`,
    },
  ];
}

const inWords = (addresses: readonly string[]): string => addresses.toSorted().join(' ') || 'nothing';

const rulesInWords = (replicas: ReplicasName | undefined): string =>
  replicas === undefined
    ? 'no replicas'
    : `${replicas.name} (ttl ${replicas.ttlSeconds} s, max_lag ${replicas.maxLagMs / 1000} s, when_empty ${replicas.whenEmpty})`;
