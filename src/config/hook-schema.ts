/** The schema of `hooks`: the programs and URLs that are called after a move and at an alarm. */

import { z } from 'zod';
import { duration } from './fields.ts';

/** Bytes of one argument, one header or one variable. Linux takes 128 KiB. */
const longestValue = 4096;

const hookTimeout = duration('Time limit of one attempt', '100ms', '5m').prefault('10s');
const value = z.string().max(longestValue);
/** Arguments and variables end at a NUL byte (execve(2)). */
const noNul = [/^[^\0]*$/, { error: 'has a NUL byte; remove it' }] as const;

const variableName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: 'is not the name of a variable; use letters, digits and "_"',
  })
  .refine((name) => !name.startsWith('SOURCE_DNS_'), {
    error: 'is set by source-dns itself; choose another name',
  });

/** The request sets these itself; a second one would make it ambiguous (RFC 9112 6.3). */
const ownHeaders = [
  ...['connection', 'content-length', 'content-type', 'expect', 'host', 'idempotency-key', 'keep-alive'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
];
const headerName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'is not the name of a header (RFC 9110 5.1)' })
  .refine((name) => !ownHeaders.includes(name.toLowerCase()), {
    error: 'is set by source-dns itself; remove it',
  });

const headerValue = value.regex(/^[\t\x20-\x7e\x80-\xff]*$/, {
  error: 'has a line break, or another character that no header may have; remove it, or encode it',
});

const commandHook = z.strictObject({
  command: z
    .array(value.min(1).regex(...noNul))
    .min(1)
    .max(64)
    .meta({ description: 'A program and its arguments, run without a shell; everybody can see them in ps' }),
  env: z
    .record(variableName, value.regex(...noNul))
    .optional()
    .meta({ description: 'More variables for the program: here a token is not visible in ps' }),
  timeout: hookTimeout,
});

const urlHook = z.strictObject({
  url: z
    .url({
      protocol: /^https?$/,
      error: 'is not an http or https URL; write it like "https://chat.example.com/hook"',
    })
    .max(2048)
    .meta({ description: 'This URL gets a POST request with JSON' }),
  headers: z
    .record(headerName, headerValue)
    .optional()
    .meta({ description: 'More headers, e.g. Authorization' }),
  timeout: hookTimeout,
});

const hookList = (description: string) =>
  z
    .array(
      z.union([commandHook, urlHook], {
        error: 'is not a hook; write { command: [...] } or { url: "https://..." }',
      }),
    )
    .max(16)
    .default([])
    .meta({ description });

export const hooksSchema = z
  .strictObject({
    after_move: hookList('Called after a move of this instance is in the zone'),
    on_alarm: hookList('Called when this instance raises an alarm, and when the alarm is over'),
  })
  .meta({ description: 'What to call after a move and at an alarm' });

export type HooksFile = z.output<typeof hooksSchema>;
