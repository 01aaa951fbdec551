/** The HTTP API: one table of routes, two listeners. All that it holds is bounded, and gone after `close`. */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpConfig } from '../config/loaded.ts';
import type { Failure } from '../core/model/observation.ts';
import { createApp } from './app.ts';
import { claimSocket } from './claim-socket.ts';
import type { ClusterApi } from './cluster-api.ts';
import { createListener } from './listener.ts';
import type { ApiPlugin } from './route.ts';
import { closeGraceMs, createTcp, type PreparedTcp } from './tcp.ts';

export interface ApiServer {
  /** Before this, every request gets `starting`. */
  serve(api: ClusterApi): void;
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
}

/** Takes the socket, so only one daemon runs here. Never rejects, but for a bug of a plugin. */
export async function startApi({ socketPath, plugins = [], onBug }: ApiOptions): Promise<StartedApi> {
  let api: ClusterApi | undefined;
  const app = await createApp({ api: () => api, plugins, onBug });
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
        api = given;
      },
      prepareTcp: tcp.prepare,
      tcpAddress: tcp.address,
      async close() {
        const timer = setTimeout(() => local.closeAllConnections(), closeGraceMs);
        await Promise.all([socket.release(), tcp.close()]);
        clearTimeout(timer);
        await app.close();
      },
    },
  };
}
