/** The shape of `history --json`. */

import { z } from 'zod';
import type { HistoryEntry } from '../../core/model/events.ts';
import type { HistoryDocument } from '../../http/documents.ts';
import { alarm } from './cluster-shape.ts';
import { decision, failure, isoTime, list, move, nameserverTime, server, serverId, whole } from './fields.ts';

const common = { at: isoTime, cluster: z.string(), nameserver: z.string() };

/** Each kind of entry. */
export const entryShapes = {
  decision: z.object({ ...common, kind: z.literal('decision'), decision, epoch: whole.optional() }),
  move: z.object({ ...common, kind: z.literal('move'), ...move }),
  propagated: z.object({
    ...common,
    kind: z.literal('propagated'),
    epoch: whole,
    among: z.literal('resolvers').optional(),
    nameservers: list(nameserverTime),
    complete: z.boolean(),
  }),
  'moved-elsewhere': z.object({
    ...common,
    kind: z.literal('moved-elsewhere'),
    epoch: whole,
    source: server,
    uuid: serverId,
    by: z.string(),
    why: z.string(),
  }),
  written: z.object({
    ...common,
    kind: z.literal('written'),
    what: z.string(),
    sentence: z.string(),
    epoch: whole,
  }),
  'update-failed': z.object({
    ...common,
    kind: z.literal('update-failed'),
    what: z.string(),
    outcome: z.enum(['refused', 'unknown']),
    failure,
  }),
  alarm: z.object({ ...common, kind: z.literal('alarm'), alarm, raised: z.boolean() }),
} satisfies Record<HistoryEntry['kind'], z.ZodType<HistoryEntry>>;

export const historyShape: z.ZodType<HistoryDocument> = z.object({
  entries: list<HistoryEntry>(z.union(Object.values(entryShapes)), 'oldest first'),
});
