/** Which former sources have rejoined by now, in truth: whatever their gtid_mode lets anybody see of it. */

import { contains } from '../../../src/core/gtid/gtid.ts';
import type { GtidSet } from '../../../src/core/gtid/gtid-set.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { FakeServer } from '../../support/fake-mysql.ts';
import { ledgerIn } from './sight.ts';
import type { World } from './world-types.ts';

/** Called again and again, it tells the judge who is stale no more. */
export function createWayBack({ judge, mysql, primary }: World): () => void {
  /** What the source had when each of its replicas attached. */
  const attached = new Map<ServerAddress, { readonly source: string; readonly had: GtidSet }>();
  let before: { readonly source: string; readonly executed: GtidSet } | undefined;

  /** By one channel after the other; through no former source that has not rejoined itself. */
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
   * It receives from the source, directly or through others, has got all that was there when it began to, and nothing with a GTID that the source lacks. What it wrote without
   * one nobody can know; with gtid_mode OFF a set is a relic.
   */
  function hasRejoined(server: FakeServer, source: FakeServer): boolean {
    if (!receivesFrom(source, server)) {
      attached.delete(server.address);
      return false;
    }
    const had = before?.source === source.uuid ? before.executed : source.executed;
    if (attached.get(server.address)?.source !== source.uuid)
      attached.set(server.address, { source: source.uuid, had });
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
      // The primary itself has what the others have, and more at any moment.
      const hasAll =
        address === head || contains(mysql.server(head as string).executed, mysql.server(address).executed);
      if (group.isOnline(address) && hasAll) stale.delete(address);
    }
  }
}
