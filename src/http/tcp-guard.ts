/**
 * Who may do what over TCP. Reading is open to programs; changing needs the token.
 * A web page of a stranger, in the browser of somebody who can reach us, must do neither (docs/THREATS.md).
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Secret } from '../config/secret.ts';
import { type Problem, problem } from './problem.ts';
import type { TokenTries } from './token-tries.ts';

export interface TcpRules {
  /** Without it nothing can be changed over TCP. */
  readonly token?: Secret | undefined;
  /** In small letters: the names by which clients may call us, beside IP addresses and `localhost`. */
  readonly names: readonly string[];
}

/** For every listener (RFC 9112 3.2). A load balancer may check us with HTTP/1.0 and no Host. */
export function hostProblem(request: IncomingMessage): Problem | undefined {
  const count = valuesOf(request, 'host').length;
  return count === 1 || (count === 0 && request.httpVersion === '1.0')
    ? undefined
    : problem('bad-request', 'the request must have one Host header');
}

/** Why a request is refused whatever it asks for. */
export function foreignRequest(request: IncomingMessage, { names }: TcpRules): Problem | undefined {
  const [host] = valuesOf(request, 'host');
  // Every browser says which host it wants.
  if (host === undefined) return undefined;
  // The name of a stranger that resolves to us (DNS rebinding). Nobody can rebind an IP address.
  const called = hostName(host);
  if (called === undefined || !(isIP(called) > 0 || isLocalhost(called) || names.includes(called)))
    return problem(
      'wrong-host',
      `the request is for the host ${JSON.stringify(host.slice(0, 100))}, which is not a name of this one`,
      'use the IP address, or add the name to http.names in the configuration',
    );
  return fromAnotherSite(request, host)
    ? problem(
        'foreign-origin',
        'the request comes from a web page of another site',
        'is it our own page, behind a proxy? Let the proxy pass on the header Host, and add its name to http.names',
      )
    : undefined;
}

/** Browsers say where a request comes from; programs say nothing. */
function fromAnotherSite({ headers, method }: IncomingMessage, host: string): boolean {
  const { origin } = headers;
  // A proxy in front of us may speak TLS.
  if (origin !== undefined)
    return !['http', 'https'].some((scheme) => origin.toLowerCase() === `${scheme}://${host.toLowerCase()}`);
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  // A link to us in a chat or a wiki: the browser shows our page, and the other site sees nothing of it.
  return !(
    method === 'GET' &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document'
  );
}

const isLocalhost = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost');

/** Without the port and the brackets; undefined: not a host. */
function hostName(host: string): string | undefined {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+?)\.?)(?::\d{1,5})?$/.exec(host);
  return (found?.[1] ?? found?.[2])?.toLowerCase();
}

function valuesOf({ rawHeaders }: IncomingMessage, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** Why a request that changes something is refused; undefined: it has the token. */
export function tokenProblem(
  request: IncomingMessage,
  { token }: TcpRules,
  tries: TokenTries,
): Problem | undefined {
  if (token === undefined)
    return problem(
      'read-only',
      'without http.token_file in the configuration, nothing can be changed over TCP',
      'set token_file and reload, or use the unix socket',
    );
  const given = valuesOf(request, 'authorization');
  if (given.length === 0) return problem('unauthorized', 'the request has no Authorization header', howTo);
  const address = request.socket.remoteAddress ?? 'nowhere';
  if (!tries.mayTry(address))
    return problem(
      'too-many-tries',
      'too many wrong tokens came from this address; the next is read in a minute at most',
      'wait, or use the unix socket',
    );
  const [, text] = /^Bearer +([^\s]+) *$/i.exec(given[0] ?? '') ?? [];
  if (given.length === 1 && text !== undefined && isSame(text, token.reveal())) {
    tries.right(address);
    return undefined;
  }
  tries.wrong(address);
  return problem('unauthorized', 'the token is not the right one', howTo);
}

const howTo = 'send the header "Authorization: Bearer TOKEN", with the contents of http.token_file';

/** In constant time: digests have one length, whatever the texts are. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
