/** The area `host`: whether the resolver of this host knows the servers. */

import { isIP } from 'node:net';
import type { LoadedCluster } from '../../config/loaded.ts';
import { splitAddress } from '../../core/model/observation.ts';
import type { Check } from '../check.ts';
import { type Found, fault, judged, unreachable, warning } from '../found.ts';
import type { SeenServer } from '../world.ts';

export const namesCheck: Check = {
  area: 'host',
  name: 'names',
  codes: ['name-unknown', 'resolver-silent', 'name-loopback', 'name-ambiguous'],
  async look(world) {
    const found = await Promise.all(
      world.clusters.map(async (cluster) =>
        (await world.servers(cluster)).flatMap((server) =>
          judged({ area: 'host', name: 'names' }, server.address, nameFindings(server, cluster), 'resolves'),
        ),
      ),
    );
    return found.flat();
  },
};

function nameFindings({ address, resolution }: SeenServer, { settings }: LoadedCluster): readonly Found[] {
  const { host } = splitAddress(address);
  const inHosts = { where: 'in /etc/hosts of this host, or in the DNS', lines: [`<its IP address> ${host}`] };
  if (resolution.kind === 'failed') {
    return resolution.failure.code === 'host-not-found'
      ? [fault('name-unknown', `the resolver of this host finds no address for ${host}`, inHosts)]
      : [unreachable('resolver-silent', `the resolver of this host did not answer for ${host} in time`)];
  }
  const server = settings.servers.find((each) => each.address === address);
  if (isIP(host) !== 0 || server?.publish !== undefined) return [];
  const { addresses } = resolution;
  if (!settings.allowLoopback && addresses.some((each) => /^127\.|^::1$/.test(each)))
    return [
      fault(
        'name-loopback',
        `${host} is ${addresses.join(', ')} on this host: clients on other machines cannot use it. The line of /etc/hosts with 127.0.1.1 is for this machine only`,
        inHosts,
      ),
    ];
  const families = [4, 6].filter((family) => addresses.filter((each) => isIP(each) === family).length > 1);
  return families.length === 0
    ? []
    : [
        warning(
          'name-ambiguous',
          `${host} has several addresses (${addresses.join(', ')}), and source-dns cannot know which of them clients shall get`,
          {
            where: `in the configuration, under clusters: ${settings.cluster}: servers, instead of ${address}`,
            lines: [`- { host: ${host}, port: ${splitAddress(address).port}, publish: ${addresses[0]} }`],
          },
        ),
      ];
}
