/** The shape of a cluster, as `status` and `explain` print it and the API sends it. */

import { z } from 'zod';
import type { Alarm } from '../../core/model/events.ts';
import type { ClusterDocument } from '../documents.ts';
import {
  decision,
  failure,
  fqdn,
  hold,
  isoTime,
  list,
  move,
  nameserverTime,
  pointTo,
  sentences,
  server,
  serverId,
  text,
  whole,
} from './fields.ts';

export const alarm: z.ZodType<Alarm> = z.object({
  code: text<Alarm['code']>('a code of docs/DECISIONS.md'),
  subject: text('the server or nameserver that it is about'),
  sentence: z.string(),
  hint: z.string().optional(),
  count: whole.optional(),
});

const ledger = z
  .object({
    epoch: whole,
    source: server,
    uuid: serverId,
    by: text('the instance that wrote it'),
    at: isoTime,
    why: z.string(),
    was: list(text(), 'former sources that have not rejoined'),
    frozen: z.object({ by: z.string(), reason: z.string() }).nullable(),
    next: z
      .object({ uuid: serverId, server: server.nullable(), until: text('ISO 8601, UTC') })
      .nullable()
      .meta({ description: 'announced by a failover tool, until that time' }),
  })
  .nullable();

const published = list(text(), "the addresses (or the CNAME's target) of the last answer");

const reached = { complete: z.boolean(), nameservers: list(nameserverTime) };

const publication = z.object({
  nameserver: z.string(),
  zone: fqdn.nullable(),
  name: fqdn,
  ready: z.boolean().meta({ description: 'decided at least once on a zone that was read' }),
  decision,
  wouldChange: sentences,
  ledger,
  published,
  readFailure: failure.nullable(),
  writeFailure: failure.nullable(),
  pendingUpdates: whole.meta({ description: 'updates that may still be applied although no answer came' }),
  lastMove: z.object(move).nullable(),
  propagation: z
    .object({ epoch: whole, ...reached, resolvers: z.object(reached).exactOptional() })
    .nullable(),
});

const lack = z.object({ server, transactions: whole.optional(), bytes: whole.optional() }).nullable();

const replicatesFrom = z.object({
  channel: z.string(),
  source: z.string(),
  receiver: z.string(),
  applier: z.string(),
  autoFailover: z.boolean(),
  failoverSources: list(
    z.object({ address: server, weight: whole, managed: z.string().exactOptional() }),
  ).nullable(),
  managedGroups: list(z.object({ name: z.string(), primaryWeight: whole, secondaryWeight: whole })),
});

const serverShape = z.object({
  server,
  discovered: z
    .object({
      by: server,
      how: z.enum(['replicas', 'channel', 'group']),
      state: z.enum(['unverified', 'stale', 'verified']),
    })
    .nullable(),
  uuid: serverId.nullable(),
  version: z.string().nullable(),
  role: z.enum(['source', 'replica', 'superseded', 'stranger', 'writable', 'read-only', 'unknown']),
  contact: z.enum(['reachable', 'alive', 'unknown', 'unobserved']),
  reachable: z.boolean(),
  writable: z.boolean().nullable(),
  lagSeconds: z.number().nullable(),
  way: z
    .object({
      hops: list(
        z.object({
          server,
          how: z.enum(['channel', 'group', 'galera', 'aurora']),
          lagSeconds: z.number().nullable(),
        }),
      ),
      broken: z.string().nullable(),
      sentence: z.string(),
    })
    .nullable(),
  gtidExecuted: z.string().nullable(),
  lacks: z.object({ executed: lack, received: lack }).nullable(),
  replicatesFrom: list(replicatesFrom),
  evidence: sentences,
  observed: sentences,
  missing: sentences,
  promotion: z.string().nullable(),
  alarms: list(text(), 'codes'),
  fence: z.object({ stage: z.enum(['fenced', 'wanted', 'would', 'not']), sentence: z.string() }).nullable(),
  failure: failure.nullable(),
});

/** The fields of a cluster, without `daemon`. */
export const clusterFields = {
  cluster: z.string(),
  name: fqdn.nullable(),
  instance: z.string(),
  mode: z.enum(['active', 'observe']),
  decision: z.discriminatedUnion('kind', [
    z.object({ ...pointTo, source: server }),
    z.object({ ...hold, source: z.null() }),
  ]),
  ledger,
  published,
  servers: list(serverShape),
  alarms: list(alarm),
  publications: list(publication),
};

export const clusterShape: z.ZodType<ClusterDocument> = z.object(clusterFields);
