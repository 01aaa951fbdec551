/** What `check --json` prints. */

import { z } from 'zod';
import type { Findings } from '../../doctor/check.ts';
import { areas } from '../../doctor/finding.ts';
import { list, text, whole } from '../../http/shapes/fields.ts';

const mend = z.object({
  where: text('where to paste the lines'),
  lines: z.array(z.string()).readonly(),
});

const finding = z.object({
  area: z.enum(areas),
  code: text('stable: docs/OPERATING.md, "The doctor"; of an ok finding, the name of the check'),
  subject: text('the server, nameserver, file or name'),
  verdict: z.enum(['ok', 'warning', 'fault', 'unreachable']),
  sentence: z.string(),
  mends: list(mend),
});

export const findingsShape: z.ZodType<Findings> = z.object({
  findings: list(finding, 'by area'),
  counts: z.object({ ok: whole, warning: whole, fault: whole, unreachable: whole }),
});
