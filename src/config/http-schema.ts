/** The section `http`: the API over TCP, beside the unix socket. */

import { z } from 'zod';
import { unsafeKind } from '../core/model/ip-ranges.ts';
import type { ConfigIssue } from './config-error.ts';
import { filePath, host, hostPort } from './fields.ts';
import type { HttpConfig } from './loaded.ts';
import { valueAt } from './raw.ts';
import type { Secret } from './secret.ts';

export const httpSchema = z
  .strictObject({
    listen: hostPort('Address and port to listen on', '127.0.0.1:8053', 8053).prefault('127.0.0.1:8053'),
    token_file: filePath(
      'A file with the token that a client needs to change something; without it, TCP is only for reading',
      '/etc/source-dns/api.token',
    ).optional(),
    names: z.array(host('Host name', 'watcher-1.example.com')).max(16).default([]).meta({
      description: 'The names by which clients may call this host; IP addresses and localhost always work',
    }),
  })
  .meta({ description: 'HTTP over TCP, beside the unix socket; absent: the unix socket alone' });

/** Whether only programs of this host can connect. A name may lead anywhere, but for `localhost`. */
export const isLoopback = (address: string): boolean =>
  address === 'localhost' || unsafeKind(address, false) === 'a loopback address';

/** Everybody who can connect may read, so the operator must have thought of tokens. */
export function httpIssues(raw: unknown): readonly ConfigIssue[] {
  const { data } = httpSchema.safeParse(valueAt(raw, ['http']));
  if (data === undefined || isLoopback(data.listen.host) || data.token_file !== undefined) return [];
  return [
    {
      path: ['http', 'listen'],
      message:
        '{value} can be reached from other hosts, so it needs a token; add "token_file:", or write "listen: 127.0.0.1:8053"',
    },
  ];
}

/** At least 96 bits if it is random; a token is one word of a header (RFC 6750 2.1). */
export const tokenProblem = (text: string): string | undefined =>
  /^[A-Za-z0-9._~+/-]{16,512}=*$/.test(text)
    ? undefined
    : 'has no token: one line of 16 to 512 characters of A-Z a-z 0-9 . _ ~ + / - is needed; make one with "openssl rand -hex 32"';

export const loadedHttp = (
  { listen, names }: z.output<typeof httpSchema>,
  token: Secret | undefined,
): HttpConfig => ({ ...listen, names, ...(token && { token }) });
