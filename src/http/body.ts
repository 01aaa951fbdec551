/** The JSON bodies of requests. */

import { z } from 'zod';
import { hookTools } from '../hook/claim.ts';

/** In bytes: our own bodies have some hundred. */
export const bodyLimit = 64 * 1024;

/** The ledger keeps it in one character-string. */
const reasonLimit = 200;
const text = (limit: number) => z.string().min(1).max(limit);

/** Who gives the command: becomes part of `frozen=<by>: <reason>`, so no colon and no space. */
const by = z
  .string()
  .regex(/^[A-Za-z0-9._@-]{1,64}$/, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ @ -')
  .optional();

export const followBody = z.strictObject({
  server: text(300),
  force: z.boolean().optional(),
  althoughReadOnly: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  reason: text(reasonLimit).optional(),
  id: text(200).optional(),
  by,
});
export const freezeBody = z.strictObject({ reason: text(reasonLimit), dryRun: z.boolean().optional(), by });
export const thawBody = z.strictObject({ dryRun: z.boolean().optional(), by });
/** A tool names a server by its name and by its IP address. */
const places = z
  .array(z.strictObject({ host: text(300), port: z.int().min(1).max(65_535).optional() }))
  .max(4);
/** See `Claim`. */
export const hookBody = z.strictObject({
  tool: z.enum(hookTools),
  act: z.enum(['moved', 'moving', 'announced', 'status']),
  cluster: text(300).optional(),
  names: z.array(text(300)).max(4),
  former: places,
  successor: places,
  by: by.unwrap(),
  reason: text(reasonLimit).optional(),
  id: text(200).optional(),
});
export const forgetBody = z.strictObject({ server: text(300), by });
