/**
 * Single-primary Group Replication among all servers of a fake cluster: what its members have agreed on, and
 * what each member believes. Times are shorter than in MySQL (5 s of suspicion, 5 s until a member is
 * expelled), and some things are simpler: the member that reaches most members speaks for the group.
 */

import { contains, union } from '../../../src/core/gtid/gtid.ts';
import { emptyGtidSet, type GtidSet } from '../../../src/core/gtid/gtid-set.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Row } from '../../../src/mysql/answer/row.ts';
import type { FakeServer } from '../../support/fake-mysql.ts';

/** Also the UUID of all transactions that the group commits. */
export const groupName = 'aaaaaaaa-0000-11f1-8000-000000000000';
/** What all servers have executed when the world begins. */
export const groupLine = `${groupName}:1-100`;

export interface FakeGroup {
  /** The primary that the largest group with a majority has agreed on, present or not. */
  readonly primary: ServerAddress | undefined;
  /** Lets the group go on until this time. */
  advance(now: number): void;
  /** The result of `groupQuery`. */
  rows(address: ServerAddress): readonly Row[];
  /**
   * Whether the server is in that group: ONLINE, SECONDARY unless it is the primary, and heard by the others.
   */
  isOnline(address: ServerAddress): boolean;
  /**
   * Whether the server believes that it is a member: it does not know yet that it was expelled, or no member
   * hears it.
   */
  isMember(address: ServerAddress): boolean;
  /** Whether the plugin of the server runs, so that a write waits for a majority. */
  isStarted(address: ServerAddress): boolean;
  /** Whether a majority took the transactions. */
  commit(address: ServerAddress, transactions: number): boolean;
  /** START GROUP_REPLICATION: the server joins a group as soon as it finds one with a majority. */
  start(address: ServerAddress): void;
  /** The same with group_replication_bootstrap_group=ON: a new group of this server. */
  bootstrap(address: ServerAddress): void;
  /** STOP GROUP_REPLICATION. */
  stop(address: ServerAddress): void;
  /** group_replication_set_as_primary(); works only where all members hear each other. */
  setAsPrimary(address: ServerAddress): boolean;
  /**
   * Which server has been the primary of a majority of all servers since then; undefined where such a
   * majority was missing at some time.
   */
  primariesSince(time: number): ReadonlySet<ServerAddress> | undefined;
}

/** What the members of a group agree on, from one change to the next. */
interface View {
  readonly number: number;
  readonly members: ReadonlyMap<ServerAddress, 'ONLINE' | 'RECOVERING'>;
  readonly primary: ServerAddress | undefined;
}

/** A group since its bootstrap. */
interface Lineage {
  view: View;
  /** Members that the speakers of the group do not hear, and since when. */
  readonly missing: Map<ServerAddress, number>;
  /** The number of the newest transaction of the group. */
  newest: number;
}

interface Member {
  readonly server: FakeServer;
  process: number;
  state: 'OFFLINE' | 'ERROR' | 'RECOVERING' | 'ONLINE';
  lineage: Lineage | undefined;
  /** The newest view that the member received. */
  view: View | undefined;
  /** Since when the member does not hear from others. */
  readonly lost: Map<ServerAddress, number>;
  /** In the relay log of the member. */
  received: GtidSet;
  /** When the member tries to join. */
  startsAt: number | undefined;
  recoveredAt: number | undefined;
  /** When the member learns that it was expelled. */
  noticesAt: number | undefined;
  /** When the member becomes writable, as the new primary. */
  opensAt: number | undefined;
}

export interface GroupSurroundings {
  readonly servers: ReadonlyMap<ServerAddress, FakeServer>;
  readonly isOpen: (from: ServerAddress, to: ServerAddress) => boolean;
  readonly between: (from: number, to: number) => number;
}

/** A member that is silent for so many milliseconds is UNREACHABLE. */
const suspectMs = 300;
const expelMs = [1000, 2000] as const;
const noticeMs = [100, 800] as const;
const rejoinMs = [500, 2000] as const;
const recoverMs = [300, 1500] as const;
const openMs = [0, 300] as const;
/** A group that is bootstrapped anew takes its numbers from a new block, as each member does in truth. */
const blockSize = 1_000_000;
/** Longer than any evidence of a move. */
const rememberedMs = 30_000;

/** One group of all servers, ONLINE; the first server is the primary. */
export function createFakeGroup({ servers, isOpen, between }: GroupSurroundings): FakeGroup {
  const members = new Map<ServerAddress, Member>(
    [...servers.values()].map((server) => [server.address, newMember(server)]),
  );
  const within = ([from, to]: readonly [number, number]): number => now + between(from, to);
  const expelAfterMs = between(...expelMs);
  let now = 0;
  let lineages: Lineage[] = [];
  /** For a majority of all servers: each primary and when it began. */
  let reigns: { readonly from: number; readonly primary: ServerAddress | undefined }[] = [];

  const first = found([...members.keys()], newestIn(groupLine));
  for (const [address, member] of members) if (address !== first.view.primary) close(member);

  function found(addresses: readonly ServerAddress[], newest: number): Lineage {
    const view: View = {
      number: 1,
      members: new Map(addresses.map((address) => [address, 'ONLINE'])),
      primary: addresses[0],
    };
    const lineage: Lineage = { view, missing: new Map(), newest };
    lineages.push(lineage);
    for (const address of addresses) Object.assign(of(address), { lineage, view, state: 'ONLINE' });
    return lineage;
  }

  /** A new process has forgotten the group. Its relay log was applied, or went with a CLONE. */
  function of(address: ServerAddress): Member {
    const member = members.get(address) as Member;
    if (member.process === member.server.process) return member;
    member.process = member.server.process;
    leave(member, 'OFFLINE');
    member.received = emptyGtidSet;
    return member;
  }

  const holds = (address: ServerAddress, lineage: Lineage): boolean =>
    isRunning(of(address).server) && of(address).lineage === lineage;
  const hears = (a: ServerAddress, b: ServerAddress): boolean => a === b || (isOpen(a, b) && isOpen(b, a));

  /** The members that speak for the group: the member that most others hear, and these others. */
  function coreOf(lineage: Lineage): readonly ServerAddress[] {
    const there = [...lineage.view.members.keys()].filter((address) => holds(address, lineage));
    return there
      .map((hub) => there.filter((address) => hears(hub, address)))
      .reduce<readonly ServerAddress[]>((best, core) => (core.length > best.length ? core : best), []);
  }

  /** The core of the group, where it can agree on anything. */
  function majorityOf(lineage: Lineage): readonly ServerAddress[] | undefined {
    const core = coreOf(lineage);
    return core.length > lineage.view.members.size / 2 ? core : undefined;
  }

  /** The group that counts. */
  function largest(): { readonly lineage: Lineage; readonly core: readonly ServerAddress[] } | undefined {
    const able = lineages.flatMap((lineage) => {
      const core = majorityOf(lineage);
      return core ? [{ lineage, core }] : [];
    });
    return able.toSorted((a, b) => b.core.length - a.core.length)[0];
  }

  function agree(lineage: Lineage): void {
    const core = coreOf(lineage);
    for (const address of lineage.view.members.keys()) {
      if (!core.includes(address)) lineage.missing.set(address, lineage.missing.get(address) ?? now);
      else if (lineage.missing.delete(address)) catchUp(of(address), core);
    }
    // Without a majority nothing is agreed on: the primary stays the primary, and cannot commit.
    if (core.length <= lineage.view.members.size / 2) return;
    const { primary: old } = lineage.view;
    const next = nextMembers(lineage, core);
    const heir = [...members.keys()].find(
      (address) => core.includes(address) && next.get(address) === 'ONLINE',
    );
    change(lineage, next, old !== undefined && next.has(old) ? old : heir);
    for (const address of core) deliver(of(address), lineage.view);
  }

  /** Drops the members that are missing for too long; a member that has recovered is ONLINE. */
  function nextMembers({ view, missing }: Lineage, core: readonly ServerAddress[]): View['members'] {
    const next = new Map<ServerAddress, 'ONLINE' | 'RECOVERING'>();
    for (const [address, state] of view.members) {
      const since = missing.get(address);
      const hasRecovered = state === 'RECOVERING' && core.includes(address) && isRecovered(of(address), core);
      if (since !== undefined && now - since >= expelAfterMs) missing.delete(address);
      else next.set(address, hasRecovered ? 'ONLINE' : state);
    }
    return next;
  }

  /** A member that comes back before it was expelled receives again what it missed. */
  function catchUp(member: Member, core: readonly ServerAddress[]): void {
    member.received = core.map((address) => heldBy(of(address))).reduce(union, member.received);
  }

  function isRecovered(member: Member, core: readonly ServerAddress[]): boolean {
    const donor = core.find((address) => of(address).state === 'ONLINE');
    if (donor === undefined || (member.recoveredAt ?? 0) > now) return false;
    catchUp(member, core);
    member.state = 'ONLINE';
    return true;
  }

  function change(lineage: Lineage, next: View['members'], primary: ServerAddress | undefined): void {
    const { view } = lineage;
    const isSame =
      primary === view.primary &&
      next.size === view.members.size &&
      [...next].every(([address, state]) => view.members.get(address) === state);
    if (!isSame) lineage.view = { number: view.number + 1, members: next, primary };
  }

  /** A member changes read_only when it becomes or stops being the primary; else a person may have set it. */
  function deliver(member: Member, view: View): void {
    const { address } = member.server;
    const was = member.view?.primary === address;
    const is = view.primary === address;
    member.view = view;
    if (is && !was) member.opensAt = within(openMs);
    if (was && !is) close(member);
  }

  /**
   * A member that is not in the newest view learns so from a member that it reaches; without any, it never
   * learns so.
   */
  function notice(member: Member, lineage: Lineage): void {
    const { address } = member.server;
    if (lineage.view.members.has(address) || !coreOf(lineage).some((other) => hears(address, other))) {
      member.noticesAt = undefined;
      return;
    }
    member.noticesAt ??= within(noticeMs);
    if (now < member.noticesAt) return;
    leave(member, 'ERROR');
    close(member);
    member.startsAt = within(rejoinMs);
  }

  function believe(member: Member): void {
    for (const address of member.view?.members.keys() ?? []) {
      if (
        of(address).lineage === member.lineage &&
        isRunning(of(address).server) &&
        hears(member.server.address, address)
      )
        member.lost.delete(address);
      else if (!member.lost.has(address)) member.lost.set(address, now);
    }
  }

  function join(member: Member): void {
    const { address, executed } = member.server;
    const found = largest();
    // The former self of this member must have been expelled too.
    if (
      found === undefined ||
      found.lineage.view.members.has(address) ||
      !found.core.some((other) => hears(address, other))
    ) {
      member.startsAt = within(rejoinMs);
      return;
    }
    member.startsAt = undefined;
    close(member);
    const { lineage, core } = found;
    if (!core.some((other) => contains(heldBy(of(other)), executed))) {
      member.state = 'ERROR';
      return;
    }
    change(lineage, new Map([...lineage.view.members, [address, 'RECOVERING']]), lineage.view.primary);
    Object.assign(member, {
      lineage,
      view: lineage.view,
      state: 'RECOVERING',
      recoveredAt: within(recoverMs),
    });
  }

  function goOn(member: Member): void {
    const { server } = member;
    if (member.opensAt !== undefined && now >= member.opensAt) {
      member.opensAt = undefined;
      if (member.view?.primary === server.address)
        Object.assign(server, { readOnly: false, superReadOnly: false });
    }
    if (member.lineage === undefined && member.startsAt !== undefined && now >= member.startsAt) join(member);
  }

  function noteReign(): void {
    const found = largest();
    const primary = found && found.core.length > members.size / 2 ? found.lineage.view.primary : undefined;
    if (reigns.at(-1)?.primary !== primary || reigns.length === 0) reigns.push({ from: now, primary });
    reigns = reigns.filter(
      (_, index) => (reigns[index + 1]?.from ?? now) > now - rememberedMs || index === reigns.length - 1,
    );
  }

  return {
    get primary() {
      return largest()?.lineage.view.primary;
    },
    advance(to) {
      now = Math.max(now, to);
      for (const member of members.values()) {
        member.server.executed = heldBy(member);
        member.received = emptyGtidSet;
      }
      for (const lineage of lineages) agree(lineage);
      const running = [...members.keys()].map(of).filter(({ server }) => isRunning(server));
      for (const member of running) {
        believe(member);
        if (member.lineage) notice(member, member.lineage);
        goOn(member);
      }
      lineages = lineages.filter((lineage) =>
        [...members.values()].some((member) => member.lineage === lineage),
      );
      noteReign();
    },
    rows: (address) => groupRows(of(address), servers, now),
    isOnline(address) {
      const { lineage, core } = largest() ?? {};
      return (
        core?.includes(address) === true &&
        lineage?.view.members.get(address) === 'ONLINE' &&
        of(address).state === 'ONLINE'
      );
    },
    isMember: (address) => of(address).lineage !== undefined && of(address).lineage === largest()?.lineage,
    isStarted: (address) => of(address).lineage !== undefined,
    commit(address, transactions) {
      const { lineage, state } = of(address);
      const core = lineage && majorityOf(lineage);
      if (lineage === undefined || state !== 'ONLINE' || !core?.includes(address)) return false;
      const written: GtidSet = new Map([[groupName, [[lineage.newest + 1, lineage.newest + transactions]]]]);
      lineage.newest += transactions;
      for (const other of core) of(other).received = union(of(other).received, written);
      of(address).server.executed = union(of(address).server.executed, written);
      return true;
    },
    start: (address) => void Object.assign(of(address), { startsAt: within(rejoinMs) }),
    bootstrap(address) {
      this.stop(address);
      const newest = Math.max(0, ...lineages.map((lineage) => lineage.newest));
      found([address], (Math.floor(newest / blockSize) + 1) * blockSize);
      of(address).opensAt = now;
    },
    stop(address) {
      const member = of(address);
      const { lineage } = member;
      leave(member, 'OFFLINE');
      close(member);
      // The others notice a good-bye at once, and a silent member after some time.
      if (lineage === undefined || !lineage.view.members.has(address) || majorityOf(lineage) === undefined)
        return;
      const { members: rest, primary } = lineage.view;
      const next = new Map([...rest].filter(([other]) => other !== address));
      change(lineage, next, primary === address ? undefined : primary);
    },
    setAsPrimary(address) {
      const { lineage, core } = largest() ?? {};
      if (
        lineage === undefined ||
        core?.length !== lineage.view.members.size ||
        of(address).state !== 'ONLINE'
      )
        return false;
      if (!core.includes(address)) return false;
      change(lineage, lineage.view.members, address);
      for (const other of core) deliver(of(other), lineage.view);
      return true;
    },
    primariesSince(time) {
      const held = reigns.filter((_, index) => (reigns[index + 1]?.from ?? Number.POSITIVE_INFINITY) > time);
      // The newest transaction may not have been noted yet.
      const primaries = [...held.map(({ primary }) => primary), largest()?.lineage.view.primary];
      return held.length === 0 || primaries.includes(undefined)
        ? undefined
        : new Set(primaries as ServerAddress[]);
    },
  };
}

const newMember = (server: FakeServer): Member => ({
  server,
  process: server.process,
  state: 'OFFLINE',
  lineage: undefined,
  view: undefined,
  lost: new Map(),
  received: emptyGtidSet,
  startsAt: undefined,
  recoveredAt: undefined,
  noticesAt: undefined,
  opensAt: undefined,
});

const newestIn = (line: string): number => Number(line.split('-').at(-1));

/** The member has stopped, or knows that it is out. */
function leave(member: Member, state: 'OFFLINE' | 'ERROR'): void {
  Object.assign(member, { state, lineage: undefined, view: undefined });
  Object.assign(member, {
    startsAt: undefined,
    recoveredAt: undefined,
    noticesAt: undefined,
    opensAt: undefined,
  });
  member.lost.clear();
}

/** group_replication_exit_state_action=READ_ONLY, and the state in which every member begins. */
const close = ({ server }: Member): void =>
  void Object.assign(server, { readOnly: true, superReadOnly: true });

const isRunning = ({ health }: FakeServer): boolean => health === 'up' || health === 'refusing';

const heldBy = ({ server, received }: Member): GtidSet => union(server.executed, received);

/** A member that is in no group shows itself alone. */
function groupRows(
  { server, state, view, lost }: Member,
  servers: GroupSurroundings['servers'],
  now: number,
): readonly Row[] {
  const cells = { group_name: groupName, single_primary: '1' };
  if (view === undefined) return [{ ...cells, member_id: server.uuid, member_state: state, member_role: '' }];
  return [...view.members].map(([address, agreed]) => {
    const isLost = now - (lost.get(address) ?? now) >= suspectMs;
    return {
      ...cells,
      member_id: (servers.get(address) as FakeServer).uuid,
      member_state: address === server.address ? state : isLost ? 'UNREACHABLE' : agreed,
      member_role: view.primary === address ? 'PRIMARY' : 'SECONDARY',
    };
  });
}
