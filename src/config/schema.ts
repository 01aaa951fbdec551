/** The schema of the whole file. Checks across sections are in cross-checks.ts. */

import { z } from 'zod';
import { clusterSchema, exampleMysql, examplePublish, exampleServers } from './cluster-schema.ts';
import { duration, filePath, host, hostPort, instanceForm, label, port } from './fields.ts';
import { hooksSchema } from './hook-schema.ts';
import { httpSchema } from './http-schema.ts';
import { shareSchema } from './share-schema.ts';

export const nameserverSchema = z
  .strictObject({
    address: host('IP address or host name of the primary nameserver of the zone', '192.0.2.53'),
    port: port('Its port').default(53),
    via: z.enum(['rfc2136', 'nsupdate']).default('rfc2136').meta({
      description: "rfc2136: updates in our own packets; nsupdate: updates by BIND's program",
    }),
    transport: z
      .enum(['tcp', 'udp'])
      .default('tcp')
      .meta({ description: 'tcp: one connection that stays open; udp: changes to tcp above 512 bytes' }),
    key_file: filePath("A file with the TSIG key, in BIND's format", '/etc/source-dns/ddns.key').optional(),
    key_name: z
      .string()
      .min(1)
      .max(254)
      .optional()
      .meta({ description: 'Which key to use, if the file has several' }),
    fudge: duration(
      'How long a signed update stays valid (TSIG fudge): whole seconds',
      '1s',
      '300s',
    ).prefault('30s'),
    nsupdate_args: z
      .array(z.string().min(1).max(255))
      .max(16)
      .default([])
      .meta({ description: 'More arguments for nsupdate, e.g. ["-g"] for GSS-TSIG' }),
    timeout: duration('Time limit of one exchange', '50ms', '30s').prefault('2s'),
    verify: z
      .array(hostPort('address, address:port or [v6]:port', '192.0.2.54', 53))
      .min(1)
      .max(32)
      .optional()
      .meta({
        description: "The authoritative nameservers to wait for; default: those of the zone's NS RRset",
      }),
    resolvers: z
      .array(hostPort('address, address:port or [v6]:port', '192.0.2.1', 53))
      .min(1)
      .max(32)
      .optional()
      .meta({
        description:
          'Resolvers that applications use: after a move source-dns asks them too; they may lag by the TTL',
      }),
  })
  .check((ctx) => {
    const value = ctx.value;
    const fail = (message: string, ...at: (string | number)[]) =>
      ctx.issues.push({ code: 'custom', message, path: at, input: undefined });
    if (value.fudge % 1000 !== 0)
      fail('{value} is not a whole number of seconds, as TSIG needs (RFC 8945 4.2); round it', 'fudge');
    if (value.key_name !== undefined && value.key_file === undefined)
      fail('names a key, but there is no key_file; add key_file, or remove it', 'key_name');
    if (value.via === 'rfc2136') {
      if (value.key_file === undefined)
        fail('has no key; write "key_file: /etc/source-dns/ddns.key": updates are always signed');
      if (value.nsupdate_args.length > 0)
        fail('is only used with "via: nsupdate"; remove it', 'nsupdate_args');
      return;
    }
    // nsupdate would send unsigned updates, and a nameserver that trusts addresses would accept them.
    if (value.key_file === undefined && value.nsupdate_args.length === 0) {
      fail(
        'has no key; write "key_file: ...", or "nsupdate_args: [-g]" for GSS-TSIG: updates are always signed',
      );
    }
    const secretArg = value.nsupdate_args.findIndex((arg) => arg.startsWith('-y'));
    if (secretArg >= 0)
      fail(
        'shows the secret to every user who lists the processes; use key_file instead of -y',
        'nsupdate_args',
        secretArg,
      );
  })
  .meta({ description: 'A primary nameserver that takes updates' });

const atLeastOne = (what: string) => (ctx: z.core.ParsePayload<Record<string, unknown>>) => {
  if (Object.keys(ctx.value).length === 0)
    ctx.issues.push({ code: 'custom', message: `has no ${what}; add one`, input: undefined });
};

/** Input: as YAML gives it. Output: durations in milliseconds, absolute names, every default filled in. */
export const configSchema = z
  .strictObject(
    {
      instance: z
        .string()
        .regex(instanceForm, {
          error:
            '{value} cannot be used as the name of an instance; use 1 to 63 letters, digits, ".", "_", "-", "@", "/" and "+"',
        })
        .optional()
        .meta({ description: "This instance's name in the ledger; default: the host's name" }),
      share: shareSchema.optional(),
      state_dir: filePath('Where the history and the API socket are', '/var/lib/source-dns').optional(),
      clusters: z
        .record(label, clusterSchema)
        .check(atLeastOne('cluster'))
        .meta({
          description: 'The MySQL clusters, by name',
          examples: [{ shop: { servers: exampleServers, mysql: exampleMysql, publish: examplePublish } }],
        }),
      nameservers: z
        .record(label, nameserverSchema)
        .check(atLeastOne('nameserver'))
        .meta({
          description: 'The nameservers, by name',
          examples: [{ ns1: { address: '192.0.2.53', key_file: '/etc/source-dns/ddns.key' } }],
        }),
      hooks: hooksSchema.prefault({}),
      http: httpSchema.optional(),
      log: z
        .strictObject({
          level: z
            .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
            .default('info')
            .meta({ description: 'The lowest level that is logged' }),
        })
        .prefault({})
        .meta({ description: 'The log, on standard output' }),
    },
    {
      error: (issue) =>
        issue.code === 'invalid_type'
          ? 'this is not a configuration; write the sections "clusters:" and "nameservers:"'
          : undefined,
    },
  )
  .meta({ title: 'source-dns', description: 'One DNS name that always answers with the MySQL source' });

export type ConfigFile = z.output<typeof configSchema>;
export type NameserverFile = z.output<typeof nameserverSchema>;
