/**
 * S8, S9 and what a fence may do: judged by what was delivered to its sender until it left, and by the truth
 * when it takes effect. Where the conditions last, a fence must leave, too; and where clients came back to a
 * server that the sender has fenced, the sender must end their connections.
 */

import { newestOf } from '../../../src/core/gtid/gtid.ts';
import type { FenceResult } from '../../../src/core/model/fence.ts';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import { isWritable, type ServerFacts } from '../../../src/core/model/observation.ts';
import type { ServerAddress, ServerId } from '../../../src/core/model/units.ts';
import type { Asked } from '../world/fencing-session.ts';
import { exchangeMs, type InstanceName } from '../world/settings.ts';
import { certainFacts, freshFacts, ledgerIn, type Sight, upstreams } from '../world/sight.ts';
import type { World } from '../world/world-types.ts';

export interface FenceJudge {
  /** The fences that took effect. */
  readonly landed: number;
  /** A new process has asked for nothing. */
  started(instance: InstanceName): void;
  /** Each returns the broken promise, or undefined. */
  wants(
    sender: Sender,
    request: { readonly server: ServerAddress; readonly uuid: string; readonly finishes: boolean },
  ): string | undefined;
  done(instance: InstanceName, server: ServerAddress, result: FenceResult): string | undefined;
  lands(asked: Asked, target: ServerAddress): string | undefined;
  /** Called again and again. */
  waits(sender: Sender): string | undefined;
}

/** An instance, and what it was told. */
export interface Sender {
  readonly name: InstanceName;
  readonly sight: Sight;
  /** Whether an update of this process is wanted and not done. */
  readonly writes: boolean;
}

/** Where the conditions last, a fence leaves within so many milliseconds. */
const patienceMs = 12_000;
/** The same for clients that came back, since no cache leads them there any more. */
const clientsPatienceMs = 20_000;
/** What the sender did not end so long after its fence, it may leave. */
const clientsForMs = 90_000;

export function createFenceJudge(world: World): FenceJudge {
  const { timeline, script, mysql, primary } = world;
  const { freshForMs } = script.shape.pace;
  /** A reading of the zone counts so long: fresh_for, an exchange and a short sleep. */
  const readingForMs = freshForMs + exchangeMs + 1000;
  /** Since when the conditions hold and no fence left. */
  const waiting = new Map<string, number>();
  /** By the GTIDs the sender of the present attempt could know that the server was a replica meanwhile. */
  const told = new Set<string>();
  /** When the present attempt left. */
  const left = new Map<string, number>();
  /** What its sender knows to have fenced. */
  const fenced = new Map<string, { readonly uuid: string; readonly at: number }>();
  let landed = 0;

  /** Since when the zone names these identities as former sources. */
  const formers = new Map<string, number>();
  /** When each server was last read-only, and when each process of source-dns began. */
  const closedAt = new Map<ServerAddress, number>();
  const begunAt = new Map<string, number>();

  /** Takes the zone as it truly is, and the servers. */
  function look(): void {
    for (const [address, { readOnly }] of mysql.servers) if (readOnly) closedAt.set(address, timeline.now);
    const named = new Set<string>(ledgerIn(primary.rrsets())?.was.map((former) => former.uuid));
    for (const known of formers.keys()) if (!named.has(known)) formers.delete(known);
    for (const each of named) if (!formers.has(each)) formers.set(each, timeline.now);
  }

  const keyOf = (instance: InstanceName, server: ServerAddress): string => `${instance} ${server}`;

  function unfit(
    { sight, writes }: Sender,
    server: ServerAddress,
    uuid: string,
    finishes = false,
  ): string | undefined {
    if (!script.shape.fences) return 'FENCE leaves although nobody asked for fences';
    if (writes) return 'S9 a fence leaves while an update is in flight';
    const { ledger } = sight;
    if (ledger === undefined) return 'S8 a fence leaves without a ledger';
    if (ledger.uuid === uuid || ledger.source === server)
      return 'S8 a fence leaves at the source of the ledger';
    if (!ledger.was.some((former) => former.uuid === uuid))
      return 'S8 a fence leaves at a server that the ledger does not name as former';
    if (sight.epoch > ledger.epoch) return 'S8 a fence leaves by a ledger that is not the newest';
    if (timeline.now - sight.goodReadAt > readingForMs) return 'S8 a fence leaves by a ledger of long ago';
    return (
      unprovenMove(sight, { ledger, server, uuid, finishes }) ??
      (ledgerIn(primary.rrsets())?.uuid === uuid
        ? 'S8 a fence leaves at the source of the newest ledger'
        : undefined)
    );
  }

  /** What the sender had been told of the two servers. */
  function unprovenMove(
    sight: Sight,
    {
      ledger,
      server,
      uuid,
      finishes,
    }: { ledger: Ledger; server: ServerAddress; uuid: string; finishes: boolean },
  ): string | undefined {
    const { now } = timeline;
    const [facts, source] = [freshFacts(sight, server, now), freshFacts(sight, ledger.source, now)];
    if (facts?.id !== uuid) return 'FENCE leaves at a server that did not answer lately';
    if (source?.id !== ledger.uuid) return 'FENCE leaves although the source did not answer lately';
    const own = upstreams(sight, certainFacts(sight, server, now) ?? facts);
    const opened = sight.promoted.get(server);
    const reasons: readonly (readonly [against: boolean, words: string])[] = [
      [isWritable(facts) === finishes, finishes ? 'to finish at an open server' : 'at a read-only server'],
      [!isWritable(source), 'although the source is read-only'],
      [!hasMark(source, ledger), 'although the source is not of the line'],
      [ledger.frozen !== undefined, 'although the name is frozen'],
      [ledger.next?.uuid === uuid, 'at a server that was announced'],
      [facts.group !== undefined, 'at a member of a group'],
      [own.some(({ channel, member }) => channel.receiver === 'on' && member !== server), 'at a replica'],
      [
        opened?.provable === true && opened.at > (formers.get(uuid) ?? now),
        'at a server that somebody opened',
      ],
      [certainFollowers(sight, server).length > 0, 'at a server that others follow'],
    ];
    const against = reasons.find(([isAgainst]) => isAgainst)?.[1];
    return against && `FENCE leaves ${against}`;
  }

  /** The members that say, in an answer that is fresh beyond doubt, that they receive from this server. */
  const certainFollowers = (sight: Sight, server: ServerAddress): readonly ServerAddress[] =>
    sight.members.filter((other) => {
      const facts = other === server ? undefined : certainFacts(sight, other, timeline.now);
      return (
        facts !== undefined &&
        upstreams(sight, facts).some(({ channel, member }) => member === server && channel.receiver === 'on')
      );
    });

  /**
   * Whether the server that people mean to be the source can be the source. It cannot while it has not
   * rejoined and the source of the ledger takes writes: then the name stays (S5), and so do the clients.
   */
  function isMeantRightly(target: ServerAddress, ledger: Ledger | undefined): boolean {
    const source = ledger && mysql.server(ledger.source);
    return (
      (!world.judge.stale.has(target) && !world.judge.ledgerTouched) ||
      source === undefined ||
      source.uuid !== ledger?.uuid ||
      source.health === 'down' ||
      source.readOnly
    );
  }

  /** Whether the conditions hold beyond doubt: then a fence must leave. `finishes`: connections must end. */
  function isDue(sender: Sender, server: ServerAddress, finishes: boolean): boolean {
    const { sight } = sender;
    const { now } = timeline;
    const [facts, source] = [
      certainFacts(sight, server, now),
      sight.ledger && certainFacts(sight, sight.ledger.source, now),
    ];
    // Another channel, or a follower of any age, may be a reason to wait.
    return (
      facts !== undefined &&
      source !== undefined &&
      facts.channels.length === 0 &&
      !hasReplicated(sight, facts) &&
      !isRightlyMarked(sight.ledger, server, facts.id) &&
      provesLine(source, sight.ledger) &&
      sight.former.get(facts.id)?.opened === false &&
      now - sight.goodReadAt < freshForMs &&
      sight.commands.size === 0 &&
      // While a third server is writable as well, the name is in doubt, and nobody is fenced.
      world.judge.decisions.get(sender.name)?.reason === 'steady' &&
      unfit(sender, server, facts.id, finishes) === undefined &&
      !sight.members.some((other) => {
        const its = sight.answers.get(other)?.facts;
        return (
          its !== undefined &&
          other !== server &&
          upstreams(sight, its).some(({ member }) => member === server)
        );
      })
    );
  }

  /** The ledger says that it was opened, and it was in truth closed since the move, or just before. */
  const isRightlyMarked = (ledger: Ledger | undefined, server: ServerAddress, uuid: ServerId): boolean =>
    ledger?.opened?.includes(uuid) === true &&
    (closedAt.get(server) ?? 0) > (formers.get(uuid) ?? 0) - readingForMs;

  /** The sender has to end connections that no cache leads there any more. */
  function hasLeftClients(sender: Sender, server: ServerAddress): boolean {
    const { connections } = world;
    const key = keyOf(sender.name, server);
    const own = fenced.get(key);
    if (own === undefined) return false;
    const { ledger } = sender.sight;
    const facts = freshFacts(sender.sight, server, timeline.now);
    const isOver =
      timeline.now - own.at > clientsForMs ||
      // The fence was lifted, another server is there, the server has rejoined, or the name leads there.
      (facts !== undefined && (facts.id !== own.uuid || isWritable(facts))) ||
      (ledger !== undefined && !ledger.was.some(({ uuid }) => uuid === own.uuid)) ||
      connections.published() === server;
    if (isOver) fenced.delete(key);
    return (
      !isOver &&
      !connections.isCached(server) &&
      connections.holds(server, timeline.now) &&
      isDue(sender, server, true)
    );
  }

  /** Since when something is to be done, and too long. */
  function lasts(key: string, isWanted: boolean, forMs: number): boolean {
    if (!isWanted) waiting.delete(key);
    else if (!waiting.has(key)) waiting.set(key, timeline.now);
    return timeline.now - (waiting.get(key) ?? timeline.now) > forMs;
  }

  return {
    get landed() {
      return landed;
    },
    started(instance) {
      begunAt.set(instance, timeline.now);
      for (const known of [waiting, left, fenced])
        for (const key of known.keys()) if (key.startsWith(`${instance} `)) known.delete(key);
    },
    wants(sender, { server, uuid, finishes }) {
      const key = keyOf(sender.name, server);
      waiting.delete(key);
      waiting.delete(`${key} clients`);
      left.set(key, timeline.now);
      const facts = sender.sight.answers.get(server)?.facts;
      if (facts !== undefined && hasReplicated(sender.sight, facts)) told.add(key);
      else told.delete(key);
      world.tally(finishes ? 'end of clients asked' : 'fence asked');
      const isMarked = !finishes && sender.sight.ledger?.opened?.some((each) => each === uuid);
      return (
        unfit(sender, server, uuid, finishes) ??
        (isMarked ? 'FENCE leaves at a server that the ledger names as opened' : undefined)
      );
    },
    done(instance, server, result) {
      world.tally(`fence ended: ${result.kind}`);
      if (result.kind !== 'fenced' && result.kind !== 'finished') return undefined;
      const key = keyOf(instance, server);
      const { uuid } = mysql.server(server);
      if (result.kind === 'fenced') fenced.set(key, { uuid, at: timeline.now });
      if (ledgerIn(primary.rrsets())?.source === server) return undefined;
      return world.connections.holds(server, left.get(key) ?? 0)
        ? `FENCE leaves clients connected to ${server}`
        : undefined;
    },
    lands({ by, server, uuid, dueAt }, target) {
      landed += 1;
      const at = mysql.server(target);
      if (at.uuid !== uuid) return `FENCE takes effect at another server than it names at ${server}`;
      if (timeline.now > dueAt) return 'FENCE takes effect after its deadline';
      const ledger = ledgerIn(primary.rrsets());
      // A person named it meanwhile. No other way leads back to a former source that has not rejoined.
      if (ledger?.uuid === at.uuid && ledger.why !== 'commanded')
        return 'S8 a fence takes effect at the source of the ledger';
      if (world.meant() !== target || !isMeantRightly(target, ledger)) return undefined;
      // People opened it before the sender began. Without traces in the GTIDs nothing tells that.
      const isUntold =
        (closedAt.get(target) ?? 0) < (begunAt.get(by) ?? 0) && !told.has(keyOf(by as InstanceName, server));
      if (!isUntold) return 'FENCE takes effect at the source';
      world.tally('a fence took effect at what people had opened before the sender began');
      return undefined;
    },
    waits(sender) {
      look();
      if (waiting.size === 0 && !sender.sight.ledger?.was.length) return undefined;
      for (const server of sender.sight.members) {
        const key = keyOf(sender.name, server);
        if (lasts(key, isDue(sender, server, false), patienceMs)) return `FENCE of ${server} never leaves`;
        if (lasts(`${key} clients`, hasLeftClients(sender, server), clientsPatienceMs))
          return `FENCE leaves clients at ${server} that came back`;
      }
      return undefined;
    },
  };
}

/** The server has executed what the source wrote since that source was published. */
function hasReplicated({ ledger }: Sight, { gtidExecuted }: ServerFacts): boolean {
  if (gtidExecuted === undefined || ledger?.own === undefined) return false;
  return (newestOf(gtidExecuted, ledger.own.uuid) ?? 0) > ledger.own.gno;
}

/** Without a mark, or without GTIDs, nothing shows that the source is of the line, and nobody is fenced. */
const provesLine = (source: ServerFacts, ledger: Ledger | undefined): boolean =>
  source.gtidExecuted !== undefined && ledger?.line !== undefined && hasMark(source, ledger);

/** Whether the server has the transaction that every server of the line has. */
function hasMark({ gtidExecuted }: ServerFacts, { line }: Ledger): boolean {
  if (line === undefined || gtidExecuted === undefined) return true;
  return (newestOf(gtidExecuted, line.uuid) ?? 0) >= line.gno;
}
