/** Short ways to write a finding about a nameserver or a zone. */
import type { Failure } from '../../core/model/observation.ts';
import { type Endpoint, showEndpoint } from '../../dns/transport/endpoint.ts';
import type { Area, Finding, Mend } from '../finding.ts';

/** What a finding is about. */
export interface About {
  readonly area: Area;
  readonly subject: string;
}

export const right = (about: About, code: string, sentence: string): Finding => ({
  ...about,
  code,
  verdict: 'ok',
  sentence,
  mends: [],
});

export const wrong = (
  about: About,
  code: string,
  sentence: string,
  mends: readonly Mend[] = [],
): Finding => ({ ...about, code, verdict: 'fault', sentence, mends });

export const risky = (
  about: About,
  code: string,
  sentence: string,
  mends: readonly Mend[] = [],
): Finding => ({ ...about, code, verdict: 'warning', sentence, mends });

/** With the hint: where there is no line to paste, the hint says what to do. */
export const words = ({ message, hint }: Failure): string =>
  hint === undefined ? message : `${message} ${hint}`;

/** One mend: where to paste these lines. */
export const paste = (where: string, ...lines: readonly string[]): Mend => ({ where, lines });

/** The shell of a host: the subject of a finding is an address with a port, and a host has none. */
export const shellOf = (endpoint: string): string =>
  `in a shell on ${endpoint.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')}`;

/** A name as BIND and people write it, without the final dot. */
export const bare = (name: string): string => (name === '.' ? name : name.replace(/\.$/, ''));

/** No answer came, or nothing could be sent: nothing is known of the other side. */
const silent = new Set([
  'no-answer',
  'connection-refused',
  'connection-failed',
  'connection-lost',
  'connect-timeout',
  'no-route',
  'nameserver-not-found',
  'client-closed',
  'expired',
  'queue-full',
]);

export const isSilent = ({ code }: Failure): boolean => silent.has(code);

/** `unreachable` for silence, else `fault`. */
export const failed = (
  about: About,
  code: string,
  failure: Failure,
  mends: readonly Mend[] = [],
): Finding => ({
  ...about,
  code,
  verdict: isSilent(failure) ? 'unreachable' : 'fault',
  sentence: words(failure),
  mends,
});

/** Where a line of a cluster's `publish` belongs. `part`: as `source`. */
export const inPublish = (file: string, cluster: string, part?: 'source' | 'replicas'): string =>
  `in ${file}, under clusters: ${cluster}: publish:${part === undefined ? '' : ` ${part}:`}`;

/** Where a setting of a nameserver belongs. */
export const inNameserver = (file: string, name: string): string => `in ${file}, under nameservers: ${name}:`;

/** As YAML wants an address: with quotes if it has colons. */
export const addressLine = (address: string): string =>
  `address: ${address.includes(':') ? `"${address}"` : address}`;

export const verifyLine = (endpoints: readonly Endpoint[]): string =>
  `verify: [${endpoints.map((endpoint) => `"${showEndpoint(endpoint)}"`).join(', ')}]`;
