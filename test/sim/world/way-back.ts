/** Which former sources have truly rejoined by now, whatever their gtid_mode shows. */

import { contains } from '../../../src/core/gtid/gtid.ts';
import type { GtidSet } from '../../../src/core/gtid/gtid-set.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { FakeServer } from '../../support/fake-mysql.ts';
import { ledgerIn } from './sight.ts';
import type { World } from './world-types.ts';

/** Is called again and again, and tells the judge which former sources have rejoined. */
export function createWayBack({ judge, mysql, primary }: World): () => void {
  /** What the source had when each of its replicas attached. */
  const attached = new Map<ServerAddress, { readonly source: string; readonly had: GtidSet }>();
  let before: { readonly source: string; readonly executed: GtidSet } | undefined;

  /** Through one channel after the other, but through no former source that has not rejoined. */
  function receivesFrom(source: FakeServer, server: FakeServer, below: readonly FakeServer[] = []): boolean {
    const { channel } = server;
    if (channel?.receiver !== 'ON' || below.includes(server)) return false;
    if (channel.sourceUuid === source.uuid) return true;
    const middle = [...mysql.servers.values()].find(
      ({ uuid, address }) => uuid === channel.sourceUuid && !judge.stale.has(address),
    );
    return middle !== undefined && receivesFrom(source, middle, [...below, server]);
  }

  /**
   * The former source receives from the source, directly or through others, has all that was there when it
   * attached, and has no GTID that the source lacks. Its own writes without a GTID are unknown to everybody;
   * with gtid_mode OFF a set is old and says nothing.
   */
  function hasRejoined(server: FakeServer, source: FakeServer): boolean {
    if (!receivesFrom(source, server)) {
      attached.delete(server.address);
      return false;
    }
    const had = before?.source === source.uuid ? before.executed : source.executed;
    if (attached.get(server.address)?.source !== source.uuid)
      attached.set(server.address, { source: source.uuid, had });
    if (!judge.stale.has(server.address)) return false;
    const since = attached.get(server.address)?.had ?? had;
    const tellGtids = server.gtidMode !== 'OFF' && source.gtidMode !== 'OFF';
    return (
      contains(server.executed, since) &&
      (!tellGtids || contains(source.executed, mysql.named(server.executed)))
    );
  }

  return () => {
    if (mysql.group) {
      noteGroup(judge.stale, mysql.group);
      return;
    }
    const ledger = ledgerIn(primary.rrsets());
    const source = [...mysql.servers.values()].find((server) => server.uuid === ledger?.uuid);
    if (source === undefined) return;
    for (const server of mysql.servers.values())
      if (hasRejoined(server, source)) judge.stale.delete(server.address);
    before = { source: source.uuid, executed: source.executed };
  };

  function noteGroup(stale: Set<ServerAddress>, group: NonNullable<World['mysql']['group']>): void {
    const head = group.primary;
    for (const address of head ? stale : []) {
      // The primary itself has what the others have, and at any moment more.
      const hasAll =
        address === head || contains(mysql.server(head as string).executed, mysql.server(address).executed);
      if (group.isOnline(address) && hasAll) stale.delete(address);
    }
  }
}
