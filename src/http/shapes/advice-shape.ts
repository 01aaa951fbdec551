/** The shape of `advise --json`. */

import { z } from 'zod';
import { adviceAims, type Procedure, type Step } from '../../core/model/procedure.ts';
import type { AdviceDocument } from '../documents.ts';
import { list, server, text } from './fields.ts';

const step: z.ZodType<Step> = z.object({
  say: z.string(),
  on: z.union([server, z.null()]).meta({ description: 'null: the commands run in a shell' }),
  statements: list(z.string(), 'in one session, in this order'),
  commands: list(z.string()),
  keep: list(z.object({ column: z.string(), placeholder: text('the word in later statements') })),
  verify: list(
    z.object({
      statement: z.string(),
      expect: z.string(),
      atFirst: text('a value that the answer may have for some seconds before: then ask again').optional(),
    }),
  ),
  undo: z.string().nullable(),
});

const procedure: z.ZodType<Procedure> = z.object({
  title: z.string(),
  why: text('why it applies now, and what it means for the data'),
  preconditions: list(z.string(), 'what was seen just now'),
  steps: list(step),
  warnings: list(z.string(), 'what we cannot see'),
});

/** By `kind`. */
export const adviceShape: z.ZodType<AdviceDocument> = z.union([
  z.object({
    cluster: z.string(),
    kind: z.literal('procedures'),
    aim: z.enum(adviceAims),
    server,
    procedures: list(procedure, 'several: a person chooses one; the first is the safe one'),
  }),
  z.object({
    cluster: z.string(),
    kind: z.literal('refused'),
    reason: z.enum([
      'source-unknown',
      'source-silent',
      'source-closed',
      'source-alive',
      'former-source-writable',
      'two-writers',
      'server-silent',
      'data-unknown',
      'received-not-executed',
      'no-answer',
      'unsuitable',
    ]),
    sentence: z.string(),
    first: step.nullable().meta({ description: 'the step without which there is no procedure' }),
  }),
  z.object({ cluster: z.string(), kind: z.literal('nothing'), sentence: z.string() }),
]);
