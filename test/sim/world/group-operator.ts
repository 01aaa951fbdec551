/**
 * The people and servers of one group: they start and stop members, name a primary, and make the usual
 * mistakes. The group itself elects.
 */

import { contains } from '../../../src/core/gtid/gtid.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { FakeGroup } from './fake-group.ts';
import type { Operator } from './operator.ts';
import { takeAway } from './outage.ts';
import type { Act } from './script.ts';
import type { World } from './world-types.ts';

/** So many milliseconds after a restart somebody notices that a member does not start by itself. */
const startedByHandMs = 3000;

/** `onLoss` is told of each server process that ends. */
export function createGroupOperator(
  world: World,
  group: FakeGroup,
  onLoss: (server: ServerAddress) => void,
): Operator {
  const { mysql, timeline, members: addresses } = world;
  let last = addresses[0] as ServerAddress;

  const primary = (): ServerAddress => {
    last = group.primary ?? last;
    return last;
  };
  const later = (ms: number, action: () => void): void =>
    timeline.after(ms, () => !world.phase.isCalm && action());
  const secondaries = (): readonly ServerAddress[] =>
    addresses.filter((address) => address !== primary() && group.isOnline(address));
  const makeWritable = (address: ServerAddress): void =>
    void Object.assign(mysql.server(address), { readOnly: false, superReadOnly: false });

  function kill(server: ServerAddress): void {
    mysql.kill(server);
    onLoss(server);
  }

  /**
   * `byItself`: group_replication_start_on_boot. Without it, and without read_only in its configuration file,
   * the server is writable and in no group.
   */
  function restart(server: ServerAddress, byItself: boolean): void {
    mysql.resume(server);
    if (mysql.server(server).health !== 'down') return;
    mysql.restart(server, { readOnly: byItself });
    if (byItself) group.start(server);
  }

  /** By mistake somebody makes another member writable. */
  function switchover(act: Act & { kind: 'switchover' }): void {
    const heirs = secondaries();
    const heir = heirs[(act.to === 'former' ? 0 : act.to) % Math.max(1, heirs.length)];
    if (heir === undefined || !group.setAsPrimary(heir)) return;
    const second = heirs.find((address) => address !== heir);
    if (act.mistake === 'two' && second)
      later(act.stepMs, () => group.isOnline(second) && makeWritable(second));
  }

  /**
   * The group needs no person; by mistake somebody thinks that the group is gone, and starts a second one.
   */
  function failover(act: Act & { kind: 'failover' }): void {
    const server = addresses[act.to] as ServerAddress;
    if (
      act.mistake !== 'two' ||
      mysql.server(primary()).health === 'up' ||
      mysql.server(server).health !== 'up'
    )
      return;
    group.bootstrap(server);
  }

  /**
   * With a lost tail the machine was rebuilt in haste: the server does not start its plugin, and some client
   * writes to it.
   */
  function loseSource(act: Act & { kind: 'lose-source' }): void {
    const lost = primary();
    if (mysql.server(lost).health !== 'up') return;
    if (act.how === 'kill') kill(lost);
    else mysql.hang(lost);
    timeline.after(act.backMs, () => {
      restart(lost, act.tail === 0);
      mysql.write(lost, 3);
    });
  }

  function away(act: Act & { kind: 'away' }): void {
    const server = addresses[act.server] as ServerAddress;
    if (!takeAway(world, server, act.how, () => kill(server))) return;
    timeline.after(act.forMs, () => {
      restart(server, act.readOnly);
      later(
        startedByHandMs,
        () => mysql.server(server).health === 'up' && !group.isStarted(server) && group.start(server),
      );
    });
  }

  function leave(act: Act & { kind: 'leave' }): void {
    const server = addresses[act.server] as ServerAddress;
    if (mysql.server(server).health !== 'up' || !group.isMember(server)) return;
    group.stop(server);
    later(
      act.forMs,
      () => mysql.server(server).health === 'up' && !group.isStarted(server) && group.start(server),
    );
  }

  function readOnly(act: Act & { kind: 'read-only' }): void {
    const server = primary();
    mysql.demote(server);
    timeline.after(
      act.forMs,
      () => group.primary === server && group.isOnline(server) && makeWritable(server),
    );
  }

  /**
   * All servers are up, and each server in no group, or alone in one, joins the group of this server. Where
   * this server has no group, everything is stopped first.
   */
  function bringBack(head: ServerAddress, how: { readonly rebuild: boolean; readonly anew: boolean }): void {
    for (const address of addresses) {
      mysql.resume(address);
      if (how.anew) group.stop(address);
    }
    if (mysql.server(head).health === 'down') mysql.restart(head, { readOnly: true });
    if (how.anew) group.bootstrap(head);
    else if (group.isOnline(head)) makeWritable(head);
    for (const address of addresses.filter((other) => other !== head)) {
      if (group.isOnline(address)) mysql.demote(address);
      else join(address, head, how.rebuild);
    }
  }

  function join(address: ServerAddress, head: ServerAddress, rebuild: boolean): void {
    if (group.isMember(address) && mysql.server(address).health !== 'down') return;
    const isErrant = !contains(mysql.server(head).executed, mysql.server(address).executed);
    group.stop(address);
    if (rebuild && isErrant) mysql.clone(address, head);
    else if (mysql.server(address).health === 'down') mysql.restart(address, { readOnly: true });
    group.start(address);
  }

  /** Without a majority the group is bootstrapped anew, from the member that has most. */
  function mend(rebuild: boolean): void {
    const { executed } = mysql.server(primary());
    const ahead =
      addresses.find(
        (address) => address !== primary() && contains(mysql.server(address).executed, executed),
      ) ?? primary();
    const isLost = group.primary === undefined;
    bringBack(isLost ? ahead : primary(), { rebuild, anew: isLost });
  }

  return {
    get source() {
      return primary();
    },
    perform(act) {
      if (act.kind === 'switchover') switchover(act);
      else if (act.kind === 'lose-source') loseSource(act);
      else if (act.kind === 'failover') failover(act);
      else if (act.kind === 'away') away(act);
      else if (act.kind === 'read-only') readOnly(act);
      else if (act.kind === 'leave') leave(act);
      else if (act.kind === 'mend') mend(act.rebuild);
    },
    left: undefined,
    settleOn: (source) =>
      bringBack(source, {
        rebuild: true,
        anew: group.primary !== source || !addresses.every(group.isOnline),
      }),
  };
}
