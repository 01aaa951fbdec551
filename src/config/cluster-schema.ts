/** The schema of one cluster. Checks across sections are in cross-checks.ts. */

import { z } from 'zod';
import { accountFields, checkPassword } from './account-fields.ts';
import { fenceSchema } from './fence-schema.ts';
import {
  duration,
  durationText,
  filePath,
  fqdn,
  host,
  hostPort,
  ipAddresses,
  label,
  oneOrList,
  port,
  scope,
  ttl,
} from './fields.ts';

/** `_source-dns.` and `_mysql._tcp.` go in front of the name of the source: twelve characters each. */
const roomForLedger = '_source-dns.'.length;

/** Shown where a whole section is missing. */
export const exampleServers = ['db1.example.com', 'db2.example.com'];
export const exampleMysql = { user: 'source_dns', password_file: '/etc/source-dns/mysql.password' };
export const examplePublish = { nameserver: 'ns1', source: { name: 'source.shop.db.example.com.' } };

const server = z.strictObject({
  host: host('Host name or IP address of the MySQL server', 'db1.example.com'),
  port: port('Port of the MySQL server').default(3306),
  publish: ipAddresses('The addresses to publish, if they differ from the addresses of the host').optional(),
  candidate: z
    .enum(['auto', 'never'])
    .default('auto')
    .meta({ description: 'never: observe the server, but never publish it as the source' }),
});

/** One entry of `servers`, in its short or its long form. */
export const serverSchema = z
  .union(
    [
      hostPort('host, host:port or [v6]:port', 'db1.example.com', 3306).transform(
        (address): z.output<typeof server> => ({
          ...address,
          candidate: 'auto',
        }),
      ),
      server,
    ],
    {
      error:
        'is not a server; write db1.example.com, db1.example.com:3307 or { host: db1.example.com, publish: 203.0.113.13 }',
    },
  )
  .meta({ description: 'A MySQL server of the cluster' });

const mysql = z
  .strictObject({
    ...accountFields('The MySQL account that observes', exampleMysql),
    tls: z.enum(['disabled', 'preferred', 'required', 'verify']).default('preferred').meta({
      description:
        'preferred and required encrypt, but do not check the server, so a false server can get the password; verify checks the certificate and the host name',
    }),
    ca_file: filePath(
      'PEM certificates of the authorities to trust, with tls: verify; default: those that Node.js trusts',
      '/etc/source-dns/ca.pem',
    ).optional(),
    allow_public_key_retrieval: z.boolean().default(false).meta({
      description:
        'true: without TLS, encrypt the password with the public key that the server sends; an attacker in between can send another key and get the password',
    }),
    connect_timeout: duration('Time limit to connect and log in', '10ms', '60s').prefault('1s'),
    query_timeout: duration('Time limit for all queries of one probe', '10ms', '60s').prefault('1s'),
  })
  .check((ctx) => {
    const { tls, ca_file } = ctx.value;
    const fail = (message: string, ...at: string[]) =>
      ctx.issues.push({ code: 'custom', message, path: at, input: undefined });
    checkPassword(ctx.value, { file: exampleMysql.password_file, variable: 'DB_PASSWORD' }, fail);
    if (ca_file !== undefined && tls !== 'verify')
      fail(`is not used with "tls: ${tls}"; write "tls: verify", or remove it`, 'ca_file');
    if (ctx.value.allow_public_key_retrieval && (tls === 'required' || tls === 'verify')) {
      fail(`is not used with "tls: ${tls}", which always encrypts; remove it`, 'allow_public_key_retrieval');
    }
  })
  .meta({ description: 'How to log in to the servers', examples: [exampleMysql] });

const watch = z
  .strictObject({
    interval: duration('How often to ask each server while nothing is suspicious', '10ms', '1h').prefault(
      '1s',
    ),
    suspect_interval: duration(
      'How often to ask in the first seconds of a suspicion; then less and less often',
      '10ms',
      '1m',
    ).prefault('10ms'),
    fresh_for: duration('How long an observation is fresh', '50ms', '1h').prefault('3s'),
    settle: duration('How long weak evidence must last before it counts', '10ms', '1h').prefault('30s'),
    gone_after: duration(
      'After how long without an answer a server no longer counts for the majority',
      '1s',
      '168h',
    ).prefault('10m'),
    max_moves: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .meta({ description: 'More moves than this within max_moves_window are held as flapping (1 to 100)' }),
    max_moves_window: duration('The window of max_moves', '1s', '168h').prefault('10m'),
  })
  .check((ctx) => {
    const value = ctx.value;
    const fail = (at: string, message: string) =>
      ctx.issues.push({ code: 'custom', message, path: [at], input: undefined });
    const shown = (at: 'interval' | 'suspect_interval' | 'fresh_for' | 'gone_after') =>
      durationText(value[at]);
    if (value.suspect_interval > value.interval) {
      fail(
        'suspect_interval',
        `${shown('suspect_interval')} must not be longer than interval (${shown('interval')}): while something is suspicious, servers are asked more often`,
      );
    }
    if (value.fresh_for <= value.interval) {
      fail(
        'fresh_for',
        `${shown('fresh_for')} must be longer than interval (${shown('interval')}), or every observation is stale before the next one`,
      );
    }
    if (value.gone_after <= value.fresh_for) {
      fail(
        'gone_after',
        `${shown('gone_after')} must be longer than fresh_for (${shown('fresh_for')}): a server must be stale before it is gone`,
      );
    }
  })
  .meta({ description: 'How often to ask the servers, and how long to trust their answers' });

const source = z
  .strictObject({
    name: fqdn(
      "The name that always answers with the source's address",
      'source.shop.db.example.com.',
      roomForLedger,
    ),
    ttl: ttl('Its TTL').default(5),
    type: z
      .enum(['address', 'cname'])
      .default('address')
      .meta({ description: "address: A and AAAA records; cname: an alias of the server's host name" }),
    srv: z
      .boolean()
      .default(false)
      .meta({ description: 'Also publish the SRV record _mysql._tcp.<name> with the port' }),
  })
  .meta({ description: 'The name of the source', examples: [examplePublish.source] });

const replicas = z
  .strictObject({
    name: fqdn(
      'The name that answers with the addresses of the healthy replicas',
      'replicas.shop.db.example.com.',
    ),
    ttl: ttl('Its TTL').default(5),
    max_lag: duration('A replica with more lag than this is left out', '0s', '24h').prefault('10s'),
    when_empty: z.enum(['source', 'keep', 'withdraw']).default('source').meta({
      description:
        'What the name answers when no replica is healthy: the source, the addresses it had before, or nothing',
    }),
  })
  .meta({ description: 'The name of the replicas' });

const publish = z
  .strictObject({
    nameserver: oneOrList(
      label,
      8,
      'A name from the section nameservers, or a list of names; each one is a publication with its own ledger',
      'ns1',
    ),
    zone: fqdn('The zone of the names; default: found by an SOA query', 'db.example.com.').optional(),
    source,
    replicas: replicas.optional(),
    adopt: z
      .boolean()
      .default(false)
      .meta({ description: 'true: take over a name that exists without a ledger' }),
  })
  .meta({ description: 'What is published, and where', examples: [examplePublish] });

/** The fields one by one: a check of two fields does not wait for a third. */
export const publishFields = publish.shape;
export const sourceFields = source.shape;
export const replicasFields = replicas.shape;

const discoverWithin = z
  .array(scope)
  .max(32)
  .default([])
  .meta({
    description:
      'Where more servers of the cluster may be discovered (they get the password): host name suffixes, networks, addresses; default: nowhere',
    examples: [['.db.example.com', '10.1.0.0/16']],
  });

export const clusterSchema = z
  .strictObject({
    mode: z
      .enum(['active', 'observe'])
      .default('active')
      .meta({ description: 'observe: decide and report everything, write nothing' }),
    servers: z
      .array(serverSchema)
      .min(1)
      .max(100)
      .meta({ description: 'The MySQL servers', examples: [exampleServers] }),
    discover_within: discoverWithin,
    mysql,
    watch: watch.prefault({}),
    publish,
    on_no_source: z.enum(['keep', 'withdraw']).default('keep').meta({
      description:
        'withdraw: remove the name when every member was seen and none is a source; never while a member is unknown',
    }),
    gtid_guard: z.enum(['warn', 'hold']).default('warn').meta({
      description: 'What to do with a candidate that lacks transactions of a reachable member',
    }),
    allow_loopback: z
      .boolean()
      .default(false)
      .meta({ description: 'Allow loopback addresses in DNS, for a lab' }),
    fence: fenceSchema.optional(),
  })
  .meta({ description: 'A MySQL replication cluster' });

export type ClusterFile = z.output<typeof clusterSchema>;
export type ServerFile = z.output<typeof serverSchema>;
export type PublishFile = z.output<typeof publish>;
