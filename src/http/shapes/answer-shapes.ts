/** The shapes of what a command answers, of a problem, and of what the API says about the daemon. */

import { z } from 'zod';
import type { Answer, CommandResult } from '../../core/model/events.ts';
import type { DaemonDocument } from '../documents.ts';
import type { HookAnswer } from '../hook-answer.ts';
import type { Problem } from '../problem.ts';
import { failure, isoTime, list, text, whole } from './fields.ts';

const results: z.ZodType<readonly CommandResult[]> = list(
  z.object({
    nameserver: z.string(),
    kind: z.enum(['done', 'held', 'lost-race', 'unreachable', 'failed']),
    code: text("the decision's reason, or the failure's code"),
    sentence: z.string(),
    hint: z.string().optional(),
    plan: z.custom<CommandResult['plan']>().optional(),
  }),
  'one a publication',
);

export const answerShape: z.ZodType<Answer> = z.object({ results });

export const hookAnswerShape: z.ZodType<HookAnswer> = z.object({
  cluster: z.string(),
  server: z.string(),
  results,
});

export const problemShape: z.ZodType<Problem & { readonly type: string }> = z.object({
  type: z.string(),
  status: whole,
  code: text('stable; for machines'),
  title: text('the same for every occurrence'),
  detail: text('what happened, and to what'),
  hint: text('what to do next').exactOptional(),
  cluster: z.string().exactOptional().meta({ description: 'of a hook: the cluster that it meant' }),
  results: results.exactOptional(),
});

export const daemonShape: z.ZodType<DaemonDocument> = z.object({
  running: z.literal(true),
  instance: z.string(),
  version: z.string(),
  pid: whole,
  since: isoTime,
  share: z
    .object({
      instances: list(z.string()),
      watchers: whole.meta({ description: 'how many of them watch each cluster' }),
      watched: whole.meta({ description: 'how many clusters this instance watches' }),
      elsewhere: whole.meta({ description: 'how many only others watch' }),
    })
    .exactOptional()
    .meta({ description: 'absent: this instance watches all clusters' }),
  warnings: list(failure, 'what to mend, although all works'),
});
