/** The fields of the schema: text in, checked value out. */

import { z } from 'zod';
import { nobodysKind } from '../core/model/ip-ranges.ts';
import { parseFqdn } from './domain-name.ts';
import { parseScope } from './scope.ts';
import { canonicalIp, type Parsed, parseHost, parseHostPort } from './server-address.ts';

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
type Duration = `${number}${keyof typeof unitMs}`;
const durationForm = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/;

/** `50ms`, `1.5s`, `2m`, `1h` as milliseconds; undefined for other text, and for parts of a millisecond. */
export function durationMs(text: string): number | undefined {
  const match = durationForm.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
  const whole = Math.round(ms);
  return Math.abs(ms - whole) < 1e-6 ? whole : undefined;
}

/** As people write it: `3s`, `1500ms`. */
export function durationText(ms: number): string {
  for (const unit of ['h', 'm', 's'] as const)
    if (ms > 0 && ms % unitMs[unit] === 0) return `${ms / unitMs[unit]}${unit}`;
  return `${ms}ms`;
}

const checked = <T>(ctx: z.RefinementCtx, outcome: Parsed<T>): T => {
  if (outcome.kind === 'parsed') return outcome.value;
  ctx.addIssue({ code: 'custom', message: outcome.problem });
  return z.NEVER;
};

export function duration(what: string, least: Duration, most: Duration) {
  const [leastMs, mostMs] = [durationMs(least) ?? 0, durationMs(most) ?? 0];
  return z
    .string({
      error: (issue) =>
        typeof issue.input === 'number' ? 'needs a unit; write it like 50ms, 1s, 2m or 1h' : undefined,
    })
    .regex(durationForm, {
      error: '{value} is not a duration; write it like 50ms, 1s, 2m or 1h',
      abort: true,
    })
    .transform((text, ctx) => {
      const ms = durationMs(text);
      if (ms === undefined)
        return checked<number>(ctx, {
          kind: 'wrong',
          problem: '{value} is not a whole number of milliseconds; round it',
        });
      if (ms < leastMs)
        return checked<number>(ctx, { kind: 'wrong', problem: `{value} is too short; at least ${least}` });
      if (ms > mostMs)
        return checked<number>(ctx, { kind: 'wrong', problem: `{value} is too long; at most ${most}` });
      return ms;
    })
    .meta({ description: `${what} (${least} to ${most})` });
}

/** An absolute domain name; `room` characters stay free in front of it. */
export const fqdn = (description: string, example: string, room = 0) =>
  z
    .string()
    .transform((value, ctx) => checked(ctx, parseFqdn(value, room)))
    .meta({ description, examples: [example] });

export const ttl = (description: string) =>
  z
    .int({
      error: (issue) =>
        typeof issue.input === 'string'
          ? 'is a number of seconds without a unit; write for example 5'
          : undefined,
    })
    .min(0)
    .max(86_400)
    .meta({ description: `${description}: seconds (0 to 86400)` });

export const port = (description: string) => z.int().min(1).max(65_535).meta({ description });

/** An IP address or host name without a port. */
export const host = (description: string, example: string) =>
  z
    .string()
    .transform((value, ctx) => {
      if (/^[^:]+:\d+$|^\[.*\]:\d+$/.test(value))
        return checked<string>(ctx, {
          kind: 'wrong',
          problem: '{value} contains a port; write the port as "port:"',
        });
      const parsed = parseHost(value);
      return checked(ctx, parsed.kind === 'parsed' ? serversHost(parsed.value, parsed) : parsed);
    })
    .meta({ description, examples: [example] });

export const hostPort = (description: string, example: string, defaultPort: number) =>
  z
    .string()
    .transform((value, ctx) => {
      const parsed = parseHostPort(value, defaultPort);
      return checked(ctx, parsed.kind === 'parsed' ? serversHost(parsed.value.host, parsed) : parsed);
    })
    .meta({ description, examples: [example] });

function serversHost<T>(address: string, parsed: Parsed<T>): Parsed<T> {
  const kind = nobodysKind(address);
  return kind === undefined ? parsed : { kind: 'wrong', problem: `{value} is ${kind}, which no server has` };
}

export const scope = z
  .string()
  .max(253)
  .transform((text, ctx) => checked(ctx, parseScope(text)));

const ipAddress = z.string().transform((text, ctx) => {
  const ip = canonicalIp(text);
  if (ip === undefined)
    return checked<string>(ctx, {
      kind: 'wrong',
      problem: '{value} is not an IP address; write it like 203.0.113.13 or 2001:db8::13',
    });
  return ip;
});

/** A single value or a list becomes a list. */
export function oneOrList<T extends z.ZodType<string>>(
  item: T,
  most: number,
  description: string,
  example: string,
) {
  return z
    .union([item, z.array(item).min(1).max(most)], {
      error: `must be one value or a list; write for example ${example}`,
    })
    .transform((value): readonly string[] => (Array.isArray(value) ? value : [value]))
    .meta({ description, examples: [example] });
}

/** So many IPv6 addresses fit into `form=` of the ledger (255 bytes): 5 of 39, with type and TTL. */
const mostAddresses = 5;

export const ipAddresses = (description: string) =>
  oneOrList(ipAddress, mostAddresses, description, '203.0.113.13');

/** The name of a cluster or a nameserver: it is used in TXT RRs and URLs. */
const labelForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
export const label = z.string().regex(labelForm, {
  error:
    'this name is not allowed; use 1 to 63 letters, digits, ".", "_" and "-", and begin with a letter or digit',
});

/** The ledger has it as `by=<instance>` and `frozen=<by>: <reason>`. */
export const instanceForm = /^[A-Za-z0-9._@/+-]{1,63}$/;

/** A path, relative to the folder of the configuration. */
export const filePath = (description: string, example: string) =>
  z
    .string()
    .min(1)
    .max(4096)
    .meta({ description, examples: [example] });
