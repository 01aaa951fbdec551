/** What each command prints with `--json`: one table for `source-dns schema --of` and the tests. */

import { z } from 'zod';
import { adviceShape } from '../../http/shapes/advice-shape.ts';
import { answerShape, daemonShape } from '../../http/shapes/answer-shapes.ts';
import { clusterFields, clusterShape } from '../../http/shapes/cluster-shape.ts';
import { failure, isoTime, list, text, whole } from '../../http/shapes/fields.ts';
import { historyShape } from '../../http/shapes/history-shape.ts';
import type { Check } from '../check-line.ts';
import type { ProblemDocument } from '../complain.ts';
import type { DaemonSeen } from '../daemon-text.ts';
import type { ExitCode } from '../exit-code.ts';
import type { DocumentName } from './document-names.ts';
import { findingsShape } from './findings-shape.ts';

const noDaemon = { running: z.literal(false), socket: text('where no daemon listens') };

const daemon: z.ZodType<DaemonSeen> = z.union([
  daemonShape,
  z.object({ ...noDaemon, warnings: list(failure) }),
  z.object({ running: z.literal(true) }).meta({ description: 'a daemon of an older version' }),
]);

const oneCluster = z.object({ ...clusterFields, daemon });

const state = z.enum(['ok', 'alarm', 'held', 'unreachable']);
const check: z.ZodType<Check> = z.object({
  state,
  exitCode: z.literal([0, 1, 3, 4]) as z.ZodType<ExitCode>,
  sentence: text('the line for people'),
  clusters: list(z.object({ cluster: z.string(), state, sentence: z.string() })),
  daemon: z.union([daemon, z.object(noDaemon)]),
});

const problem: z.ZodType<ProblemDocument> = z.object({
  code: text('stable; for machines'),
  detail: z.string(),
  hint: z.string().exactOptional(),
  status: whole.exactOptional().meta({ description: 'of the answer, if the daemon refused' }),
  title: z.string().exactOptional(),
  type: z.string().exactOptional(),
  errors: list(
    z.object({
      file: z.string(),
      line: whole.exactOptional(),
      column: whole.exactOptional(),
      path: z.string().exactOptional(),
      message: z.string(),
    }),
  ).exactOptional(),
});

/** A line of the log. Its other fields are those of the history's entries. */
const logLine = z.looseObject({
  level: whole.meta({ description: '20 debug, 30 info, 40 warn, 50 error, 60 fatal' }),
  time: isoTime,
  code: text('stable; for machines'),
  msg: z.string(),
});

/** A line of the lab. */
const labLine = z.looseObject({
  event: text('pause, step, note, held and others'),
  atMs: whole.exactOptional().meta({ description: 'since the start' }),
});

const labListLine = z.object({
  name: z.string(),
  summary: z.string(),
  needs: list(text()),
  seconds: z.number().meta({ description: 'how long it takes, about' }),
  default: z.boolean(),
});

const strings = z.array(z.string());
const step = z.object({
  text: z.string(),
  where: z.enum(['this host', 'the nameserver']),
  commands: strings,
});

/** What was written; with `--dry-run` what would be, without secrets. */
const initShape = z.union([
  z.object({
    folder: z.string(),
    written: strings,
    left: strings,
    used: strings,
    findings: strings,
    steps: list(step),
  }),
  z.object({
    dryRun: z.literal(true),
    files: list(
      z.object({
        name: z.string(),
        mode: z.string(),
        text: z.string().optional(),
        secret: z.literal(true).optional(),
      }),
    ),
    steps: list(step),
  }),
]);

/** The shape of each document, by its name. */
export const documentShapes = {
  status: z.union([z.object({ daemon, clusters: list(clusterShape) }), oneCluster]),
  'status-check': check,
  explain: oneCluster,
  advise: adviceShape,
  check: findingsShape,
  history: historyShape,
  follow: answerShape,
  freeze: answerShape,
  thaw: answerShape,
  forget: answerShape,
  init: initShape,
  run: logLine,
  lab: labLine,
  'lab-list': labListLine,
  problem,
} satisfies Readonly<Record<DocumentName, z.ZodType>>;

/** The JSON Schema of what a command prints. Unknown fields are allowed: later versions add some. */
export const documentJsonSchema = (name: DocumentName): Record<string, unknown> => ({
  ...z.toJSONSchema(documentShapes[name], { io: 'input', unrepresentable: 'any' }),
});
