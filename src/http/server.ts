/** The HTTP API: one table of routes, two listeners. All that it holds is bounded, and gone after `close`. */

import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpConfig } from '../config/loaded.ts';
import type { Command, CommandResult, HistoryEntry } from '../core/model/events.ts';
import type { Failure } from '../core/model/observation.ts';
import { createApp } from './app.ts';
import { claimSocket } from './claim-socket.ts';
import type { ClusterApi } from './cluster-api.ts';
import { createEventFeed, type EventFeed } from './event-feed.ts';
import { eventNames } from './event-route.ts';
import { createListener } from './listener.ts';
import type { ApiPlugin } from './route.ts';
import { close, createTcp, type PreparedTcp } from './tcp.ts';
import { TokenTries } from './token-tries.ts';

export interface ApiServer {
  /** Before this, every request gets what its route answers while the daemon starts. */
  serve(api: ClusterApi): void;
  /** Tells those who listen to the events. */
  tell(entry: HistoryEntry): void;
  /** The TCP listener of a configuration: opened now, and in force when it is used. Never rejects. */
  prepareTcp(http: HttpConfig | undefined): Promise<PreparedTcp>;
  /** Of the TCP listener in force. */
  tcpAddress(): AddressInfo | undefined;
  /** Ends current requests after a second at most, and removes the socket. */
  close(): Promise<void>;
}

type StartedApi =
  | { readonly kind: 'started'; readonly server: ApiServer }
  | { readonly kind: 'failed'; readonly failure: Failure };

interface ApiOptions {
  readonly socketPath: string;
  /** More routes. */
  readonly plugins?: readonly ApiPlugin[];
  /** A route has thrown; its client got the problem `bug`. */
  onBug(error: unknown): void;
  /** Over TCP somebody gave a wrong token: a sentence for the log. Bounded. */
  onWrongToken?(sentence: string): void;
}

/** Takes the socket, so only one daemon runs here. Never rejects, but for a bug of a plugin. */
export async function startApi({
  socketPath,
  plugins = [],
  onBug,
  onWrongToken = () => {},
}: ApiOptions): Promise<StartedApi> {
  let api: ClusterApi | undefined;
  // No two starts of the process have the same ids, whatever the clock says.
  const feed = createEventFeed(randomBytes(5).toString('hex'));
  const app = await createApp({
    api: () => api,
    feed,
    plugins,
    onBug,
    tries: new TokenTries({ say: onWrongToken }),
  });
  const make = (rules: Parameters<typeof createListener>[0]): Server =>
    createListener(rules, app.routing, onBug);
  const local = make(() => undefined);
  const tcp = createTcp(make);
  const socket = await claimSocket(local, socketPath);
  if (socket.kind === 'failed') return socket;
  return {
    kind: 'started',
    server: {
      serve(given) {
        api = tellingCommands(given, feed);
      },
      tell: (entry) => feed.add(eventNames[entry.kind], entry.cluster, entry),
      prepareTcp: tcp.prepare,
      tcpAddress: tcp.address,
      async close() {
        feed.close();
        await Promise.all([close(local).then(socket.release), tcp.close()]);
        await app.close();
      },
    },
  };
}

/** The data of the event `command`. */
interface CommandDocument {
  readonly at: string;
  readonly cluster: string;
  readonly kind: 'command';
  readonly command: Omit<Command, 'notAfter'>;
  readonly results: readonly CommandResult[];
}

/** The API, whose commands are events when they are answered. A dry run changes nothing, and is none. */
function tellingCommands(api: ClusterApi, feed: EventFeed): ClusterApi {
  return {
    ...api,
    command(cluster, command) {
      const answer = api.command(cluster, command);
      if ('dryRun' in command && command.dryRun === true) return answer;
      answer?.then(
        ({ results }) => {
          const { notAfter: _patience, ...given } = command;
          const at = new Date().toISOString();
          const data: CommandDocument = { at, cluster, kind: 'command', command: given, results };
          feed.add('command', cluster, data);
        },
        // The route reports the bug.
        () => {},
      );
      return answer;
    },
  };
}
