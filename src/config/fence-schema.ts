/** The schema of `fence`: the second account, which makes a former source read-only. */

import { z } from 'zod';
import { accountFields, checkPassword } from './account-fields.ts';
import type { ConfigIssue } from './config-error.ts';
import { duration } from './fields.ts';
import { childrenOf, valueAt } from './raw.ts';

/** Users that `spare` may not leave: the fence would leave every client. */
const everybody = /^\*+$/;

const spared = z
  .string()
  .min(1)
  .max(64)
  .refine((user) => !everybody.test(user), {
    error: '{value} spares every client; write "kill: none", which ends no connection',
  })
  .refine((user) => !user.includes('@'), {
    error: '{value} has a host; write the user alone: its connections from every host are left',
  });

const exampleFence = {
  user: 'source_dns_fence',
  password_file: '/etc/source-dns/fence.password',
};

/** The server gives up a statement after two seconds, and that must be sooner than we give it up. */
export const fenceSchema = z
  .strictObject({
    ...accountFields('The MySQL account that fences', exampleFence),
    kill: z.enum(['clients', 'none']).default('clients').meta({
      description: 'clients: also end the connections of clients; none: only make the server read-only',
    }),
    spare: z
      .array(spared)
      .max(64)
      .default([])
      .meta({
        description:
          'Users whose connections are never ended, with * for any text; our own two accounts never are',
        examples: [['backup', 'pmm*']],
      }),
    timeout: duration('Time limit of one fence, from the connection to its end', '3s', '60s').prefault('5s'),
  })
  .check((ctx) => {
    const { kill, spare } = ctx.value;
    const fail = (message: string, ...at: string[]) =>
      ctx.issues.push({ code: 'custom', message, path: at, input: undefined });
    checkPassword(ctx.value, { file: exampleFence.password_file, variable: 'FENCE_PASSWORD' }, fail);
    if (kill === 'none' && spare.length > 0)
      fail('is not used with "kill: none", which ends no connection; remove it', 'spare');
  })
  .meta({
    description:
      'Make a former source that still takes writes read-only, after the name has moved; absent: no server is ever changed',
    examples: [exampleFence],
  });

/** The hosts of Amazon RDS and Aurora. */
const rdsHost = /\.rds\.amazonaws\.com(?:\.cn)?\.?$/i;

const hostOf = (server: unknown): unknown =>
  typeof server === 'string' ? server.replace(/:\d+$/, '') : valueAt(server, ['host']);

/** What `fence` must not be together with other sections. */
export function fenceIssues(raw: unknown): readonly ConfigIssue[] {
  return childrenOf(raw, ['clusters']).flatMap(([name, cluster]) => {
    const path = ['clusters', name, 'fence'];
    if (valueAt(cluster, ['fence']) === undefined) return [];
    const issues: ConfigIssue[] = [];
    const user = valueAt(cluster, ['fence', 'user']);
    if (typeof user === 'string' && user === valueAt(cluster, ['mysql', 'user']))
      issues.push({
        path: [...path, 'user'],
        message: `{value} is the account that watches; create a second one, for example ${exampleFence.user}: an account that is asked every second must not have the right to change a server`,
      });
    const servers = valueAt(cluster, ['servers']);
    const hosts = Array.isArray(servers) ? servers.map(hostOf) : [];
    const rds = hosts.find((host): host is string => typeof host === 'string' && rdsHost.test(host));
    if (rds !== undefined)
      issues.push({
        path,
        message: `is not possible with ${rds}: no account of RDS or Aurora may set super_read_only, and the service itself takes the writes from a former source; remove it`,
      });
    return issues;
  });
}
