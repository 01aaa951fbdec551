/** Fields that several of the printed documents have. */

import { z } from 'zod';
import type { Decision } from '../../core/model/decision.ts';
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, ServerAddress, ServerId } from '../../core/model/units.ts';

/** A text with a type of its own. */
export const text = <Type extends string = string>(description?: string): z.ZodType<Type> =>
  (description === undefined ? z.string() : z.string().meta({ description })) as unknown as z.ZodType<Type>;

export const list = <Type>(shape: z.ZodType<Type>, description?: string): z.ZodType<readonly Type[]> =>
  description === undefined ? z.array(shape) : z.array(shape).meta({ description });

export const whole = z.int().min(0);
export const server = text<ServerAddress>('host:port, in lower case; IPv6 in brackets');
export const serverId = text<ServerId>('server_uuid, mariadb:<server_id>@host:port or aurora:<instance>');
export const fqdn = text<Fqdn>('an absolute domain name, with the final dot');
export const isoTime = z.iso.datetime().meta({ description: 'ISO 8601, UTC' });
export const sentences = list(text(), 'for people: the words may change in the next version');

export const failure: z.ZodType<Failure> = z.object({
  code: text('stable; for machines'),
  message: text('for people'),
  hint: z.string().exactOptional().meta({ description: 'what to do next' }),
});

export const pointTo = {
  kind: z.literal('point-to'),
  reason: text<Extract<Decision, { readonly kind: 'point-to' }>['reason']>('a code of docs/DECISIONS.md'),
  sentence: text(),
};

export const hold = {
  kind: z.literal('hold'),
  reason: text<Extract<Decision, { readonly kind: 'hold' }>['reason']>('a code of docs/DECISIONS.md'),
  sentence: text(),
  asking: z.literal(true).exactOptional().meta({ description: 'it ends when the servers have answered' }),
};

export const decision: z.ZodType<Decision> = z.discriminatedUnion('kind', [
  z.object({ ...pointTo, source: server }),
  z.object(hold),
]);

export const nameserverTime = z.object({
  nameserver: z.string(),
  at: isoTime.optional().meta({ description: 'when it answered the new RRset; absent: not yet' }),
  serial: whole.optional(),
  failure: failure.optional(),
});

const movedServer = z.object({ server, uuid: serverId });

/** One move of the name. */
export const move = {
  epoch: whole,
  from: movedServer.optional(),
  to: movedServer,
  reason: z.string(),
  sentence: z.string(),
  name: fqdn,
  seenAt: isoTime,
  decidedAt: isoTime,
  sentAt: isoTime,
  appliedAt: isoTime,
};
