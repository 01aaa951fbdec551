/** Which server an address in a replica's configuration means: it may be spelled in another way than ours. */

import { splitAddress } from '../model/observation.ts';
import type { ServerAddress } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import type { Situation } from './situation.ts';

/**
 * The member that an address in a replica's configuration means: by the configured address, a short name, an
 * IP address, or a channel to the same address that showed the member's identity.
 */
export function memberAt(
  { topology, members, state }: Situation,
  address: ServerAddress,
): ServerView | undefined {
  const named = members.find((server) => isSpelledLike(server.address, address));
  if (named) return named;
  const { host, port } = splitAddress(address);
  const resolved = members.find(
    (server) =>
      splitAddress(server.address).port === port &&
      state.servers.get(server.address)?.addresses?.includes(host),
  );
  if (resolved) return resolved;
  const known = topology.servers
    .flatMap(({ upstreams }) => upstreams)
    .find(({ channel, member }) => member && channel.sourceAddress === address);
  return members.find((server) => server.address === known?.member);
}

/** `db1` and `db1.example.com` are one host. */
function isSpelledLike(a: ServerAddress, b: ServerAddress): boolean {
  const [one, other] = [splitAddress(a), splitAddress(b)];
  return (
    one.port === other.port &&
    (one.host === other.host ||
      one.host.startsWith(`${other.host}.`) ||
      other.host.startsWith(`${one.host}.`))
  );
}

/** The name that we publish: it always leads to the source. */
export const isOurName = ({ settings }: Situation, address: ServerAddress): boolean =>
  `${splitAddress(address).host.replace(/\.$/, '')}.` === settings.source.name;
