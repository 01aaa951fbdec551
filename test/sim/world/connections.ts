/**
 * Who is connected to the simulated servers of a world with fencing: applications that keep their connections
 * and write on an old source as long as it lets them, readers of the binary log, and accounts to be spared.
 * The applications look the name up at a resolver that keeps each answer for its TTL.
 */

import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Rrset } from '../../../src/core/model/zone.ts';
import { hostOf, ipOf, sourceName, ttlSeconds } from './settings.ts';
import type { World } from './world-types.ts';

/** One row of the list of connections. */
export interface Row {
  readonly id: number;
  readonly user: string;
  readonly host: string;
  readonly command: 'Sleep' | 'Query' | 'Binlog Dump GTID' | 'Daemon' | 'Connect';
  readonly seconds: string;
  readonly state: string;
}

const rowOf = (id: number, user: string, host: string, command: Row['command']): Row => ({
  id,
  user,
  host,
  command,
  seconds: '1',
  state: '',
});

export interface Connections {
  /** What the list of connections of that server shows now. */
  rows(server: ServerAddress): readonly Row[];
  /** Returns whether there was such a connection. */
  kill(server: ServerAddress, id: number): boolean;
  /** Whether an application is connected to it since before this moment. */
  holds(server: ServerAddress, before: number): boolean;
  /** The server that the name answers with now. */
  published(): ServerAddress | undefined;
  /** Whether the resolver still answers with it. */
  isCached(server: ServerAddress): boolean;
}

/** The account that watches, and the account that the configuration spares. */
export const watcherAccount = 'source_dns';
export const sparedAccount = 'backup';

/** Each application writes so often, in milliseconds. */
const writeEveryMs = 250;
const applications = 3;
/** Somebody looks the name up so often, in milliseconds. */
const lookUpEveryMs = 1000;
const numberOf = { scheduler: 1, watcher: 2, spared: 3, reader: 4, applier: 5, replicas: 100, clients: 1000 };

/** One connection of an application to one process of a server. */
interface Connection {
  readonly id: number;
  readonly server: ServerAddress;
  readonly process: number;
  readonly openedAt: number;
}

/** The applications begin at once. They reach every server, whatever is cut between other hosts. */
export function createConnections({ mysql, members, primary, script, timeline }: World): Connections {
  const open = new Map<number, Connection>();
  let opened = 0;
  /** What the resolver has. */
  let cached: { readonly server: ServerAddress | undefined; readonly until: number } | undefined;

  const stored = (): Rrset | undefined => primary.find(sourceName, script.shape.alias ? 'CNAME' : 'A');

  function published(): ServerAddress | undefined {
    const [shown] = stored()?.rdata ?? [];
    return members.find((address) => (script.shape.alias ? hostOf(address) : ipOf(address)) === shown);
  }

  function lookUp(): ServerAddress | undefined {
    if (cached === undefined || timeline.now >= cached.until)
      cached = { server: published(), until: timeline.now + 1000 * (stored()?.ttlSeconds ?? ttlSeconds) };
    return cached.server;
  }

  function keepsLookingUp(): void {
    timeline.after(lookUpEveryMs, keepsLookingUp);
    lookUp();
  }

  const isAlive = ({ server, process }: Connection): boolean =>
    mysql.server(server).health !== 'down' && mysql.server(server).process === process;

  /** Writes where its connection leads; without a connection it asks the name again. */
  function write(application: number): void {
    timeline.after(writeEveryMs, () => write(application));
    const kept = open.get(application);
    if (kept !== undefined && isAlive(kept)) {
      mysql.write(kept.server);
      return;
    }
    open.delete(application);
    const server = lookUp();
    if (server === undefined || mysql.server(server).health !== 'up') return;
    opened += 1;
    const { process } = mysql.server(server);
    open.set(application, { id: numberOf.clients + opened, server, process, openedAt: timeline.now });
  }

  const clientsOf = (server: ServerAddress): readonly Row[] =>
    [...open.values()]
      .filter((connection) => connection.server === server && isAlive(connection))
      .map(({ id }) => rowOf(id, 'app', '192.0.2.200:40000', 'Sleep'));

  /** The other members that stream from this server now. */
  const streamsOf = (server: ServerAddress): readonly (readonly [number, ServerAddress])[] =>
    members.flatMap((member, index) => {
      const { channel, health } = mysql.server(member);
      const isStreaming = health !== 'down' && channel?.receiver === 'ON' && channel.source === server;
      return isStreaming ? [[numberOf.replicas + index, member] as const] : [];
    });

  for (let application = 0; application < applications; application += 1) write(application);
  keepsLookingUp();
  return {
    rows: (server) => [
      rowOf(numberOf.scheduler, 'event_scheduler', 'localhost', 'Daemon'),
      rowOf(numberOf.watcher, watcherAccount, '192.0.2.210:40000', 'Sleep'),
      rowOf(numberOf.spared, sparedAccount, '192.0.2.220:40000', 'Query'),
      rowOf(numberOf.reader, 'cdc', '192.0.2.230:40000', 'Binlog Dump GTID'),
      rowOf(numberOf.applier, 'system user', '', 'Connect'),
      ...streamsOf(server).map(([id]) => rowOf(id, 'repl', '192.0.2.240:40000', 'Binlog Dump GTID')),
      ...clientsOf(server),
    ],
    kill(server, id) {
      for (const [application, connection] of open)
        if (connection.id === id && connection.server === server && isAlive(connection))
          return open.delete(application);
      const replica = streamsOf(server).find(([stream]) => stream === id)?.[1];
      const channel = replica && mysql.server(replica).channel;
      if (channel) channel.receiver = 'CONNECTING';
      return channel !== undefined || id < numberOf.replicas;
    },
    holds: (server, before) =>
      [...open.values()].some(
        (connection) => connection.server === server && connection.openedAt < before && isAlive(connection),
      ),
    published,
    isCached: (server) => cached !== undefined && cached.server === server && timeline.now < cached.until,
  };
}
