/** What the routes answer, by the name that the OpenAPI document gives it. */

import { z } from 'zod';
import { adviceShape } from './advice-shape.ts';
import { answerShape, daemonShape, hookAnswerShape, problemShape } from './answer-shapes.ts';
import { clusterFields, clusterShape } from './cluster-shape.ts';
import { list } from './fields.ts';
import { historyShape } from './history-shape.ts';

export const apiShapes = {
  Health: z.object({ status: z.literal('ok') }),
  Readiness: z.object({ status: z.literal('ready') }),
  Clusters: z.object({ daemon: daemonShape, clusters: list(clusterShape) }),
  Cluster: z.object({ ...clusterFields, daemon: daemonShape }),
  History: historyShape,
  Advice: adviceShape,
  Answer: answerShape,
  HookAnswer: hookAnswerShape,
  OpenApi: z.looseObject({ openapi: z.string() }),
  Problem: problemShape,
} satisfies Readonly<Record<string, z.ZodType>>;

export type ShapeName = keyof typeof apiShapes;
