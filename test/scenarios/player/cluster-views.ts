/**
 * Clusters that know their members, as each server sees them, and server_id of MariaDB, beyond the fake
 * servers of a transcript.
 */

import type { Group, GroupMember, ServerFacts, Wsrep } from '../../../src/core/model/observation.ts';
import type { ServerAddress, ServerId } from '../../../src/core/model/units.ts';
import type { FakeMysql } from '../../support/fake-mysql.ts';

interface GroupWords {
  readonly name: string;
  /** Absent for a member. */
  readonly out?: 'OFFLINE' | 'ERROR';
  readonly members: readonly ServerAddress[];
  /** Absent in multi-primary mode. */
  readonly primary: ServerAddress | undefined;
}

interface GaleraWords {
  readonly members: readonly ServerAddress[];
  readonly view: number;
}

const groupNames = ['a', 'b', 'c'].map((letter) => `${letter.repeat(8)}-aaaa-11f1-8000-000000000000`);
const clusterUuid = 'cccccccc-cccc-11f1-8000-000000000000';

export class ClusterViews {
  readonly #groups = new Map<ServerAddress, GroupWords>();
  /** Every node that ever was in the Galera cluster, with the last view that had the node. */
  readonly #nodes = new Map<ServerAddress, GaleraWords>();
  readonly #serverIds = new Map<ServerAddress, number>();
  #view = 0;

  /**
   * From now on these servers are one group, with that primary; without a primary the group is in
   * multi-primary mode. A server of their old group that is not named has left it in order. Servers that were
   * in no group form a new group.
   */
  group(members: readonly ServerAddress[], primary: ServerAddress | undefined): void {
    const before = members.flatMap((member) => this.#groups.get(member) ?? []);
    const names = new Set([...this.#groups.values()].map(({ name }) => name));
    const name = before[0]?.name ?? groupNames[names.size] ?? '';
    for (const former of before.filter(({ out }) => out === undefined).flatMap((words) => words.members))
      if (before.some((words) => words.members === this.#groups.get(former)?.members))
        this.out(former, 'OFFLINE');
    for (const member of members) this.#groups.set(member, { name, members, primary });
  }

  /** OFFLINE: the server has left its group, or was not started again. ERROR: it was expelled. */
  out(server: ServerAddress, out: 'OFFLINE' | 'ERROR'): void {
    const words = this.#groups.get(server);
    if (words === undefined) throw new Error(`${server} is in no group`);
    this.#groups.set(server, { ...words, out });
  }

  /** From now on these nodes are the primary component of the Galera cluster; the others have left it. */
  galera(members: readonly ServerAddress[]): void {
    this.#view += 1;
    for (const member of members) this.#nodes.set(member, { members, view: this.#view });
  }

  /** The server is a MariaDB server with that `server_id`. */
  serverId(server: ServerAddress, id: number): void {
    this.#serverIds.set(server, id);
  }

  decorate(server: ServerAddress, known: ServerFacts, mysql: FakeMysql): ServerFacts {
    const serverId = this.#serverIds.get(server);
    const facts: ServerFacts = serverId === undefined ? known : { ...known, flavour: 'mariadb', serverId };
    const group = this.#groups.get(server);
    const node = this.#nodes.get(server);
    if (group)
      return { ...facts, group: group.out === undefined ? groupNow(group, mysql) : outside(group, facts) };
    if (node === undefined) return facts;
    // As on MariaDB: each node numbers for itself, so the numbers cannot be compared.
    const { gtidExecuted: _own, ...others } = facts;
    return { ...others, wsrep: this.#wsrepNow(server, node, mysql) };
  }

  #wsrepNow(server: ServerAddress, { members, view }: GaleraWords, mysql: FakeMysql): Wsrep {
    const isIn = view === this.#view;
    return {
      clusterUuid,
      primaryComponent: isIn,
      ready: isIn,
      state: isIn ? 'synced' : 'undefined',
      size: isIn ? members.length : 1,
      ...(isIn ? { index: members.indexOf(server), view } : {}),
      lastCommitted: mysql.server(server).executed.size > 0 ? 100 + view : 0,
      closed: false,
      desynced: false,
    };
  }
}

/** A server that is in no group shows itself alone. */
const outside = ({ name, primary, out = 'OFFLINE' }: GroupWords, { id }: ServerFacts): Group => ({
  name,
  singlePrimary: primary !== undefined,
  members: [{ id, state: out, role: '' }],
});

function groupNow({ name: groupName, members: names, primary }: GroupWords, mysql: FakeMysql): Group {
  const members = names.map((name): GroupMember => {
    const { uuid, health } = mysql.server(name);
    const state = health === 'up' ? 'ONLINE' : 'UNREACHABLE';
    return {
      id: uuid as ServerId,
      state,
      role: primary === undefined || name === primary ? 'PRIMARY' : 'SECONDARY',
      address: name,
    };
  });
  return { name: groupName, singlePrimary: primary !== undefined, members, lagSeconds: 0 };
}
