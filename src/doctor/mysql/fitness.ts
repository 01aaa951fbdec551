/** Whether each candidate gets all that the source has, in time and by GTIDs. */

import { starting, stopping, undelaying } from '../../core/decide/advice.ts';
import type { Channel, ServerFacts } from '../../core/model/observation.ts';
import type { Check } from '../check.ts';
import { type Found, warning } from '../found.ts';
import { type Answering, type ClusterView, onServer, serverCheck, variable } from './cluster-view.ts';

export const fitnessCheck: Check = serverCheck(
  {
    name: 'candidate',
    codes: ['replica-filtered', 'replica-delayed', 'auto-position-off'],
    ok: 'nothing that we see keeps data from it',
  },
  (server, view) => {
    const { facts } = server;
    if (facts === undefined || facts.channels.length === 0 || isNever(server, view)) return undefined;
    if ([view.source, view.published].some((source) => source?.address === server.address)) return undefined;
    return [
      ...filtered(server),
      ...facts.channels.flatMap((channel) => delayed(server, facts, channel)),
      ...byPlaces(server, facts),
    ];
  },
);

const isNever = ({ address }: Answering, { cluster }: ClusterView): boolean =>
  cluster.settings.servers.some((server) => server.address === address && server.candidate === 'never');

const orNever = 'Or write "candidate: never" for it';

function filtered({ report: { filters } }: Answering): readonly Found[] {
  if (filters.length === 0) return [];
  return [
    warning(
      'replica-filtered',
      `the replica leaves out a part of what the source sends (${filters.join('; ')}): its promotion loses that part. Remove the filter and build the replica anew. ${orNever}`,
    ),
  ];
}

/** MariaDB deletes what is held back when the delay changes, so it has no line. */
function delayed({ address }: Answering, facts: ServerFacts, channel: Channel): readonly Found[] {
  const { name, delaySeconds = 0 } = channel;
  if (delaySeconds === 0) return [];
  const lines = [
    stopping(facts, name, ' SQL_THREAD'),
    undelaying(facts, name),
    starting(facts, name, ' SQL_THREAD'),
  ].map((each) => `${each};`);
  const runs = channel.receiver !== 'off' && channel.applier !== 'off' && facts.flavour !== 'mariadb';
  return [
    warning(
      'replica-delayed',
      `the replica is ${delaySeconds} s late on purpose: after its promotion, clients see old data until it has caught up. ${orNever}`,
      ...(runs ? [onServer(address, lines)] : []),
    ),
  ];
}

function byPlaces(server: Answering, { channels }: ServerFacts): readonly Found[] {
  const { byPlaces: names } = server.report;
  if (variable(server, 'gtid_mode') !== 'ON') return [];
  return channels
    .filter(({ name }) => names.includes(name))
    .map(({ name }) =>
      warning(
        'auto-position-off',
        `GTIDs are on, but the channel "${name}" begins at a place of the binary log (SOURCE_AUTO_POSITION is 0): no tool can lead it to another source. source-dns advise prints the statements for such a move`,
      ),
    );
}
