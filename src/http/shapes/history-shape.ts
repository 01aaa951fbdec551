/** The shape of `history --json`. */

import { z } from 'zod';
import type { Alarm, HistoryEntry } from '../../core/model/events.ts';
import type { HistoryDocument } from '../documents.ts';
import { alarm } from './cluster-shape.ts';
import {
  decision,
  failure,
  isoTime,
  list,
  move,
  nameserverTime,
  server,
  serverId,
  text,
  whole,
} from './fields.ts';

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
  fenced: z.object({
    ...common,
    kind: z.literal('fenced'),
    server,
    uuid: serverId,
    again: z
      .literal(true)
      .optional()
      .meta({ description: 'it was read-only already, and only connections of clients were ended' }),
    killed: whole.optional().meta({ description: 'connections of clients that were ended' }),
    spared: whole.optional().meta({ description: 'connections that were left' }),
  }),
  hook: z.object({
    ...common,
    kind: z.literal('hook'),
    place: text('where the configuration has it, e.g. after_move[0]'),
    hook: text('the program, or the scheme, host and port of the URL'),
    about: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('move'), epoch: whole }),
      z.object({
        kind: z.literal('alarm'),
        code: text<Alarm['code']>('a code of docs/DECISIONS.md'),
        subject: z.string(),
        raised: z.boolean(),
      }),
    ]),
    outcome: z.enum(['done', 'failed', 'timed-out', 'dropped']),
    sentence: z.string(),
    hint: z.string().optional(),
    exitCode: whole.optional(),
    signal: z.string().optional(),
    status: whole.optional().meta({ description: 'of HTTP' }),
    attempts: whole,
    ms: whole,
    output: z.string().optional(),
    inARow: whole.optional().meta({ description: 'so many calls of this hook in a row have failed' }),
    count: whole.optional().meta({ description: 'of calls that were dropped' }),
  }),
} satisfies Record<HistoryEntry['kind'], z.ZodType<HistoryEntry>>;

export const historyShape: z.ZodType<HistoryDocument> = z.object({
  entries: list<HistoryEntry>(z.union(Object.values(entryShapes)), 'oldest first'),
});
