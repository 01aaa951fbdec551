/** The IP addresses of a server's host, by this machine's resolver (/etc/hosts counts). */

import { isIP } from 'node:net';
import { plainIp } from '../../core/model/ip-address.ts';
import { splitAddress } from '../../core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../core/model/units.ts';
import type { Clock, Resolution } from '../../ports.ts';
import { classify, unknownProblem } from '../answer/failures.ts';
import { withDeadline } from './deadline.ts';
import type { HostLookup } from './host-lookup.ts';

/** Sorted, each address once. Failures: `host-not-found`, `deadline`. Never rejects. */
export function resolveServer(
  clock: Clock,
  hosts: HostLookup,
  server: ServerAddress,
  deadline: MonoMs,
): Promise<Resolution> {
  const { host } = splitAddress(server);
  if (isIP(host) !== 0) return Promise.resolve({ kind: 'addresses', addresses: [host] });
  return withDeadline<Resolution>(clock, deadline, lookUp(hosts, server, host), () => ({
    kind: 'failed',
    failure: unknownProblem(
      server,
      'deadline',
      `the resolver of this machine did not answer for ${host} in time`,
    ).failure,
  }));
}

async function lookUp(hosts: HostLookup, server: ServerAddress, host: string): Promise<Resolution> {
  try {
    const found = await hosts.ask(host);
    return {
      kind: 'addresses',
      addresses: [...new Set(found.map(({ address }) => plainIp(address)))].toSorted(),
    };
  } catch (error) {
    return { kind: 'failed', failure: classify({ server, user: '', encrypted: false }, error).failure };
  }
}
