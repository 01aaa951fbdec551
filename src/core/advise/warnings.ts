/** What we cannot see, and what has lost data or time elsewhere. */

import { advise } from '../decide/advice.ts';
import { isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import { names } from '../model/decision.ts';
import { areByGtids } from './checks.ts';
import { foreignChannels } from './promotion.ts';
import type { Told } from './steps.ts';

const placeholders =
  "PASSWORD, and USER where it stands, are placeholders: write the replication account there. Without TLS, MySQL's caching_sha2_password also needs GET_SOURCE_PUBLIC_KEY = 1.";
const config = (address: string): string =>
  `Write read_only=ON into the my.cnf of ${address}: else it is writable after its next restart.`;

/** For a server that becomes a replica. */
export function replicaWarnings(situation: Situation, server: Told): readonly string[] {
  const { topology, state } = situation;
  const { address, known } = server;
  // The source's own replicas are well: its procedure moves them.
  const followers = isPublished(situation, server) ? [] : topology.followersOf(address);
  const lists = known.channels.filter(({ autoFailover }) => autoFailover);
  return [
    ...(followers.length === 0
      ? []
      : [
          `${names(followers)} ${followers.length === 1 ? 'replicates' : 'replicate'} from ${address}, and may have what only ${address} had. Before this procedure ask for another one: ${followers.map((follower) => advise(situation, ` --to rejoin --server ${follower.address}`)).join('; ')}`,
        ]),
    placeholders,
    config(address),
    ...(state.settings.fence !== undefined && isSuperseded(situation, server)
      ? [
          `Until ${address} has rejoined, source-dns makes it read-only whenever it takes writes, and ends the connections of its clients, twice more within some minutes. Nothing lifts that by itself, and at the end it stays a read-only replica. If you must open it before: source-dns freeze ${state.settings.cluster} --reason "..."`,
        ]
      : []),
    `Events that ${address} created run there as before, and its semi-synchronous waits stay on: look at SHOW EVENTS, and at the variables of rpl_semi_sync.`,
    ...(lists.length === 0
      ? []
      : [
          `${address} chooses its source from a list by itself (SOURCE_CONNECTION_AUTO_FAILOVER). If the list has another server with a higher weight, it goes there: look at performance_schema.replication_asynchronous_connection_failover.`,
        ]),
    ...(known.flavour === 'mariadb'
      ? [
          'On MariaDB administrators can write in spite of read_only. gtid_strict_mode=ON stops a replica before its history differs.',
        ]
      : []),
  ];
}

/** Channels from another system stay. */
export const foreignWarnings = (situation: Situation, server: Told): readonly string[] =>
  foreignChannels(situation, server).map(
    ({ name, sourceAddress }) =>
      `${server.address} also has the channel '${name}' from ${sourceAddress}, which is no server of this cluster. No step stops this channel. If it brings data of this cluster after all, detach it before you open ${server.address}.`,
  );

/** For a server that becomes the source. */
export function sourceWarnings({ state, publication, ledger }: Situation, server: Told): readonly string[] {
  const { address, known } = server;
  const { settings } = state;
  return [
    `Events that came by replication are disabled on ${address}: SHOW EVENTS lists them, and ALTER EVENT ... ENABLE enables each.`,
    `Look at rpl_semi_sync on ${address}. If it waits for more replicas than it has, every commit hangs. If it waits for none, a crash can lose commits.`,
    `Take read_only and super_read_only out of the my.cnf of ${address}, or write it into your notes: they count again after its next restart.`,
    ...(settings.mode === 'observe'
      ? [
          'This instance only observes: the name does not move by it. Move it with another instance, or by hand.',
        ]
      : []),
    ...(ledger?.frozen || publication.limits.flapping
      ? [`The name does not move by itself now: source-dns thaw ${settings.cluster} lets it move again.`]
      : []),
    ...(areByGtids(known) && known.flavour === 'mysql'
      ? []
      : known.flavour === 'mysql'
        ? ['Without GTIDs a mistake in FILE or POSITION loses or repeats transactions without an error.']
        : []),
  ];
}
