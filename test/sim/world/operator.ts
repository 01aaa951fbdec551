/**
 * People and failover tools: what they do to the MySQL servers, with their usual mistakes. They know nothing
 * of source-dns.
 */

import type { ServerAddress } from '../../../src/core/model/units.ts';
import { fakeUuid } from '../../support/fake-mysql.ts';
import { createGroupOperator } from './group-operator.ts';
import { closeBy, reopen, takeAway } from './outage.ts';
import type { Act, Chapter } from './script.ts';
import { ledgerIn } from './sight.ts';
import type { World } from './world-types.ts';

export interface Operator {
  /** The server that people mean to be the source. */
  readonly source: ServerAddress;
  perform(act: Act): void;
  /** The server that people left away. */
  readonly left: ServerAddress | undefined;
  /**
   * The faults are over: there is one source, and every other server replicates from it, but for the server
   * that is left away (the members of a group all come back).
   */
  settleOn(source: ServerAddress, leaves?: Chapter['leaves']): void;
}

/** A source that came back read-only is opened by hand after so many milliseconds. */
const openedByHandMs = 2500;

/**
 * Sets up replication from the first server, unless the servers are a group. `onLoss` is told of each server
 * process that ends.
 */
export function createOperator(world: World, onLoss: (server: ServerAddress) => void): Operator {
  if (world.mysql.group) return createGroupOperator(world, world.mysql.group, onLoss);
  const { mysql, timeline, judge, members: addresses } = world;
  let source = addresses[0] as ServerAddress;
  let former = source;
  let left: ServerAddress | undefined;
  let uuids = addresses.length;
  for (const other of others()) mysql.follow(other, source);

  function others(): readonly ServerAddress[] {
    return addresses.filter((address) => address !== source);
  }
  /** Up, of the line, and with no data that the source lacks: a server that a sensible person promotes. */
  const fitHeirs = (): readonly ServerAddress[] =>
    others().filter((address) => {
      const { health, channel } = mysql.server(address);
      return health === 'up' && channel !== undefined && !isStranger(address);
    });
  const isStranger = (address: ServerAddress): boolean => judge.strangers.has(mysql.server(address).uuid);
  const isUp = (address: ServerAddress): boolean => mysql.server(address).health !== 'down';

  function promote(heir: ServerAddress): void {
    world.tally('promotion');
    mysql.promote(heir);
  }

  function kill(server: ServerAddress, tail = 0): void {
    mysql.kill(server, tail);
    onLoss(server);
  }

  /** Lets others replicate from the new source; by mistake only some of them. */
  function repoint(how: 'none' | 'half' | 'no-repoint' | string): void {
    const up = others().filter(
      (address) => isUp(address) && !isStranger(address) && mysql.server(address).channel !== undefined,
    );
    const meant = how === 'half' ? up.slice(0, Math.ceil(up.length / 2)) : how === 'no-repoint' ? [] : up;
    for (const address of meant) mysql.follow(address, source);
  }

  function switchover(act: Act & { kind: 'switchover' }): void {
    const heirs = fitHeirs();
    const heir =
      act.to === 'former'
        ? heirs.find((address) => address === former)
        : heirs[act.to % Math.max(1, heirs.length)];
    if (heir === undefined) return;
    const old = source;
    former = old;
    const demote = () => isUp(old) && source !== old && mysql.demote(old);
    source = heir;
    if (act.mistake !== 'promote-first') demote();
    timeline.after(act.stepMs, () => {
      if (source !== heir) return;
      promote(heir);
      const second = heirs.find((address) => address !== heir);
      if (act.mistake === 'two' && second) mysql.promote(second);
      timeline.after(act.stepMs, () => {
        if (source !== heir) return;
        demote();
        if (isUp(old) && mysql.server(old).health === 'up') mysql.follow(old, heir);
        repoint(act.mistake);
      });
    });
  }

  function failover(act: Act & { kind: 'failover' }): void {
    if (mysql.server(source).health === 'up') return;
    const heirs = fitHeirs();
    const heir = heirs[act.to % Math.max(1, heirs.length)];
    if (heir === undefined) return;
    former = source;
    source = heir;
    promote(heir);
    const second = heirs.find((address) => address !== heir);
    if (act.mistake === 'two' && second) mysql.promote(second);
    timeline.after(act.stepMs, () => source === heir && repoint(act.mistake));
  }

  /**
   * The process or machine of the source is away. The server comes back as it was configured: writable, and
   * some client has written to it.
   */
  function loseSource(act: Act & { kind: 'lose-source' }): void {
    const lost = source;
    if (act.how === 'kill') kill(lost, act.tail);
    else mysql.hang(lost);
    timeline.after(act.backMs, () => {
      if (lost === left) return;
      if (act.how === 'kill' && mysql.server(lost).health === 'down')
        mysql.restart(lost, { readOnly: false });
      else mysql.resume(lost);
      mysql.write(lost, 3);
    });
  }

  function away(act: Act & { kind: 'away' }): void {
    const server = addresses[act.server] as ServerAddress;
    if (!takeAway(world, server, act.how, () => kill(server))) return;
    timeline.after(act.forMs, () => {
      if (server === left) return;
      if (mysql.server(server).health !== 'down') mysql.resume(server);
      // read_only was set at run time, and is not in the configuration file.
      else mysql.restart(server, { readOnly: act.readOnly && server !== source });
    });
  }

  function readOnly(act: Act & { kind: 'read-only' }): void {
    const server = source;
    mysql.demote(server);
    timeline.after(
      act.forMs,
      () => source === server && mysql.server(server).channel === undefined && mysql.promote(server),
    );
  }

  function close(act: Act & { kind: 'switch' }): void {
    const closed = source;
    if (mysql.server(closed).health !== 'up') return;
    closeBy(world, closed, act, () => onLoss(closed));
    const heirs = fitHeirs();
    const heir = act.promotes ? heirs[act.to % Math.max(1, heirs.length)] : undefined;
    if (heir) {
      former = source;
      source = heir;
      promote(heir);
      repoint('none');
    }
    timeline.after(act.forMs, () => reopen(world, closed, act, () => onLoss(closed)));
  }

  function writable({ server: number, reset, forMs }: Act & { kind: 'writable' }): void {
    const server = addresses[number] as ServerAddress;
    const { health, channel } = mysql.server(server);
    if (server === source || health !== 'up' || channel === undefined || isStranger(server)) return;
    if (reset) mysql.promote(server);
    else mysql.unlock(server);
    timeline.after(forMs, () => {
      if (server === source || !isUp(server) || isStranger(server) || world.phase.isCalm) return;
      if (mysql.server(server).channel) mysql.demote(server);
      else mysql.follow(server, source);
    });
  }

  function restart({ who, downMs, readOnly }: Act & { kind: 'restart' }): void {
    const server = who === 'source' ? source : who === 'former' ? former : (addresses[who] as ServerAddress);
    if (mysql.server(server).health !== 'up') return;
    kill(server);
    timeline.after(downMs, () => {
      if (isUp(server) || server === left) return;
      mysql.restart(server, { readOnly });
      // People see that their source takes no writes.
      timeline.after(
        openedByHandMs,
        () =>
          readOnly && server === source && mysql.server(server).channel === undefined && mysql.unlock(server),
      );
    });
  }

  /** The two hosts have the same data. */
  function swap({ forMs }: Act & { kind: 'swap' }): void {
    const server = former;
    const { uuid, health } = mysql.server(server);
    if (server === source || health !== 'up' || isStranger(server)) return;
    const arrives = (as: string): void => {
      mysql.clone(server, server, as);
      onLoss(server);
      mysql.promote(server);
    };
    uuids += 1;
    const other = fakeUuid(uuids);
    judge.strangers.add(other);
    arrives(other);
    // Where people took the other host for the new source, it stays.
    timeline.at(
      Math.min(timeline.now + forMs, world.phase.endsAt - 1),
      () => server !== source && mysql.server(server).uuid === other && arrives(uuid),
    );
  }

  /** An empty server in the place of a replica: another UUID, writable, with nothing of our line. */
  function stranger(server: ServerAddress): void {
    if (
      server === source ||
      world.primary.rrsets().some((rrset) => JSON.stringify(rrset).includes(`=${server}"`))
    )
      return;
    uuids += 1;
    mysql.clone(server, server, fakeUuid(uuids));
    mysql.resetGtids(server);
    mysql.promote(server);
    mysql.write(server, 5);
    judge.strangers.add(mysql.server(server).uuid);
  }

  /**
   * Everything replicates from the source: rebuilt from it, or only pointed at it, and then keeps the
   * transactions that only it has. Nobody looks after the server that was left away.
   */
  function mend(rebuild: boolean): void {
    if (!isUp(source)) mysql.restart(source, { readOnly: false });
    const cared = addresses.filter((address) => address !== left);
    for (const address of cared) mysql.open(address);
    mysql.resume(source);
    if (mysql.server(source).readOnly || mysql.server(source).channel) mysql.promote(source);
    for (const address of cared) if (address !== source) mendReplica(address, rebuild);
  }

  function mendReplica(address: ServerAddress, rebuild: boolean): void {
    if (rebuild || isStranger(address)) mysql.clone(address, source);
    else if (!isUp(address)) mysql.restart(address, { readOnly: true });
    mysql.resume(address);
    mysql.follow(address, source);
    judge.strangers.delete(mysql.server(address).uuid);
  }

  /** A former source that has not rejoined; else this server, unless the name or people mean it. */
  function leftAway({ server }: NonNullable<Chapter['leaves']>): ServerAddress | undefined {
    const published = ledgerIn(world.primary.rrsets())?.uuid;
    const free = others().filter((address) => mysql.server(address).uuid !== published);
    return free.find((address) => judge.stale.has(address)) ?? free.find((one) => one === addresses[server]);
  }

  function leave(leaves: NonNullable<Chapter['leaves']>): void {
    left = leftAway(leaves);
    if (left !== undefined) takeAway(world, left, leaves.how, () => kill(left as ServerAddress));
  }

  function comeBack({ readOnly }: Act & { kind: 'return' }): void {
    const server = left;
    left = undefined;
    if (server === undefined) return;
    world.tally(`return of ${judge.stale.has(server) ? 'a former source' : 'a replica'}`);
    if (isUp(server)) mysql.resume(server);
    else mysql.restart(server, { readOnly });
    mysql.write(server, 3);
  }

  const acting: { readonly [K in Act['kind']]?: (act: Act & { kind: K }) => void } = {
    switchover: switchover,
    'lose-source': loseSource,
    failover: failover,
    away: away,
    'read-only': readOnly,
    switch: close,
    writable: writable,
    restart: restart,
    swap: swap,
    return: comeBack,
    stranger: (act) => stranger(addresses[act.server] as ServerAddress),
    mend: (act) => mend(act.rebuild),
  };
  return {
    get source() {
      return source;
    },
    perform: (act) => (acting[act.kind] as ((act: Act) => void) | undefined)?.(act),
    get left() {
      return left;
    },
    settleOn(next, leaves) {
      source = next;
      left = undefined;
      if (leaves) leave(leaves);
      mend(true);
    },
  };
}
