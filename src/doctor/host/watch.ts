/** What the daemon of this host says of the clusters: its alarms and holds are findings, too. */

import { alarmText, withHint } from '../../daemon/entry-text.ts';
import type { ClusterDocument } from '../../http/documents.ts';
import type { Check } from '../check.ts';
import type { Finding } from '../finding.ts';
import { fault } from '../found.ts';
import type { World } from '../world.ts';

const area = 'host';

export const watchCheck: Check = {
  area,
  name: 'watch',
  codes: ['alarm', 'hold'],
  look: async (world) => {
    const answer = await world.daemon();
    return answer.kind === 'document' ? documentsOf(world, answer.body).flatMap(findingsOf) : [];
  },
};

/** Of a daemon that is older or newer, some keys may be missing. */
type Said = Pick<ClusterDocument, 'cluster'> & Partial<Pick<ClusterDocument, 'alarms' | 'publications'>>;

function documentsOf({ clusters }: World, body: unknown): readonly Said[] {
  const { clusters: said } = (body ?? {}) as { readonly clusters?: unknown };
  const names = new Set(clusters.map(({ settings }) => settings.cluster));
  return Array.isArray(said) ? (said as readonly Said[]).filter(({ cluster }) => names.has(cluster)) : [];
}

function findingsOf({ cluster, alarms = [], publications = [] }: Said): readonly Finding[] {
  const holds = publications.flatMap(({ decision }) =>
    decision.kind === 'hold'
      ? [{ area, subject: cluster, ...fault('hold', `${decision.reason}: ${decision.sentence}`) } as const]
      : [],
  );
  const raised = alarms.map((alarm) => {
    const { code, hint } = alarm;
    const sentence = `${code}: ${withHint(alarmText(alarm), hint)}`;
    return { area, subject: cluster, ...fault('alarm', sentence) } as const;
  });
  if (holds.length + raised.length > 0) return [...holds, ...raised];
  const sentence = 'the daemon has no alarm and holds nothing';
  return [{ area, code: 'watch', subject: cluster, verdict: 'ok', sentence, mends: [] }];
}
