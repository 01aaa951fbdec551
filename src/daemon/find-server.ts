/** Which server a person means by `host`, `host:port` or `[v6]:port`. Pure. */

import { parseHostPort, serverAddress } from '../config/server-address.ts';
import type { ServerAddress } from '../core/model/units.ts';
import { closest } from '../suggest.ts';

const defaultPort = 3306;
/** Shows whether the text has a port: without one, another default gives another port. */
const otherPort = 1;

type FoundServer =
  | { readonly kind: 'found'; readonly server: ServerAddress }
  /** `sentence` has a suggestion, or all servers. */
  | { readonly kind: 'not-found'; readonly sentence: string };

/** `known`: the cluster's servers. Without a port: 3306 if there is one, else the only port of the host. */
export function findServer(text: string, known: readonly ServerAddress[]): FoundServer {
  const parsed = parseHostPort(text, defaultPort);
  if (parsed.kind === 'wrong')
    return { kind: 'not-found', sentence: parsed.problem.replace('{value}', JSON.stringify(text)) };
  const exact = serverAddress(parsed.value.host, parsed.value.port);
  if (known.includes(exact)) return { kind: 'found', server: exact };
  const portGiven = samePort(parsed, parseHostPort(text, otherPort));
  const host = exact.slice(0, exact.lastIndexOf(':'));
  const onHost = known.filter((server) => server.slice(0, server.lastIndexOf(':')) === host);
  if (!portGiven && onHost.length === 1) return { kind: 'found', server: onHost[0] as ServerAddress };
  if (!portGiven && onHost.length > 1)
    return {
      kind: 'not-found',
      sentence: `${text} has several servers; say which one: ${onHost.join(', ')}`,
    };
  const near = closest(exact, known);
  const hint = near === undefined ? `its servers are ${known.join(', ')}` : `did you mean ${near}?`;
  return { kind: 'not-found', sentence: `${text} is not a server of the cluster; ${hint}` };
}

type HostPort = ReturnType<typeof parseHostPort>;

const samePort = (a: HostPort, b: HostPort): boolean =>
  a.kind === 'parsed' && b.kind === 'parsed' && a.value.port === b.value.port;
