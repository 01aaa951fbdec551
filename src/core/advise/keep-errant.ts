/** A server keeps the transactions that only it has: the source gets an empty transaction for each. */

import { saveFirst } from '../decide/advice.ts';
import { plural } from '../decide/lack.ts';
import type { Situation } from '../decide/situation.ts';
import { countGtids, union } from '../gtid/gtid.ts';
import { emptyGtidSet, type GtidSet } from '../gtid/gtid-set.ts';
import type { Procedure } from '../model/procedure.ts';
import { hasExecuted, setText } from './checks.ts';
import { closedStep, rejoinSteps, seenOf, titleOf } from './rejoin-steps.ts';
import { onServer, type Told } from './steps.ts';
import { replicaWarnings } from './warnings.ts';

/** More of them are a reason to rebuild the server, and no text that a person pastes. */
const emptyAtMost = 100;

/** A server with transactions of its own, and the source that lacks them. */
interface Errant {
  readonly source: Told;
  readonly server: Told;
  readonly errant: GtidSet;
}

/** Undefined: not on MariaDB, which compares positions, and not for too many transactions. */
export function keepProcedure(
  situation: Situation,
  { source, server, errant }: Errant,
): Procedure | undefined {
  const count = countGtids(errant);
  const set = setText(errant);
  if (server.known.flavour === 'mariadb' || count > emptyAtMost || set === undefined) return undefined;
  const [close, ...rest] = rejoinSteps(
    situation,
    {
      ...source,
      known: { ...source.known, gtidExecuted: union(source.known.gtidExecuted ?? emptyGtidSet, errant) },
    },
    server,
  );
  return {
    title: `${titleOf(source, server)}, and keep its own ${plural(count)}`,
    why: `${server.address} has ${plural(count)} that ${source.address} lacks: ${set}. Empty transactions with the same GTIDs make the sets equal. The DATA stay different: ${server.address} keeps rows that no other server has. Choose this only if you know that these transactions do not matter.`,
    preconditions: seenOf(situation, source, server),
    steps: [
      close ?? closedStep(situation, server),
      onServer(
        source,
        `Give ${source.address} an empty transaction for each. All replicas get them, too. Run these in one session: the last statement ends the use of given GTIDs.`,
        { statements: emptyTransactions(errant), verify: [hasExecuted(source.known, set)] },
      ),
      ...rest,
    ],
    warnings: [
      `Before you begin, ${saveFirst}: when ${server.address} is rebuilt later, they are gone.`,
      `The data of ${server.address} differ from those of all other servers. A later write to such a row stops its replication (errors 1032, 1062), and a promotion of ${server.address} shows these rows to clients. Compare the tables with a checksum, or rebuild the server.`,
      ...replicaWarnings(situation, server),
    ],
  };
}

function emptyTransactions(errant: GtidSet): readonly string[] {
  const gtids = [...errant].flatMap(([key, intervals]) =>
    intervals.flatMap(([first, last]) =>
      Array.from({ length: last - first + 1 }, (_, index) => `${key}:${first + index}`),
    ),
  );
  return [
    ...gtids.flatMap((gtid) => [`SET GTID_NEXT = '${gtid}'`, 'BEGIN', 'COMMIT']),
    "SET GTID_NEXT = 'AUTOMATIC'",
  ];
}
