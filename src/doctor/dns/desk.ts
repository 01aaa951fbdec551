/** Asks a nameserver in the three ways that matter: with the key, without a key over TCP, and over UDP. */
import { randomInt } from 'node:crypto';
import type { NameserverConfig } from '../../config/loaded.ts';
import { readKey } from '../../dns/key/key-reading.ts';
import type { Correspondent } from '../../dns/read/query.ts';
import { type Endpoint, showEndpoint } from '../../dns/transport/endpoint.ts';
import { openSockets } from '../../dns/transport/open.ts';
import type { Clock } from '../../ports.ts';

export interface Desk {
  readonly endpoint: Endpoint;
  /** As source-dns asks: with the key, by the configured transport. Without a key: unsigned. */
  readonly signed: Correspondent;
  /** As applications and secondary servers ask: without a key. */
  readonly tcp: Correspondent;
  readonly udp: Correspondent;
  /** Another server, without a key, over UDP. `recursive`: a resolver. */
  at(endpoint: Endpoint, recursive?: boolean): Correspondent;
}

/** Runs `work` with a desk, then closes all its sockets. The key was read before: if not, it is not used. */
export async function withDesk<T>(
  config: NameserverConfig,
  clock: Clock,
  work: (desk: Desk) => Promise<T>,
): Promise<T> {
  const opened: Correspondent[] = [];
  const others = new Map<string, Correspondent>();
  const { timeoutMs } = config;
  const open = (
    kind: 'tcp' | 'udp',
    endpoint: Endpoint,
    more: Partial<Correspondent> = {},
  ): Correspondent => {
    const shown = showEndpoint(endpoint);
    const nameserver = more.nameserver ?? shown;
    const options = { nameserver, ...endpoint, clock, timeoutMs, messageId: () => randomInt(65_536) };
    const correspondent = {
      ...more,
      nameserver,
      transport: openSockets(kind, options),
      clock,
      timeoutMs,
    };
    opened.push(correspondent);
    return correspondent;
  };
  const endpoint = { host: config.address, port: config.port };
  const nameserver = `${config.name} (${showEndpoint(endpoint)})`;
  const parsed = await readKey({
    ...(config.key && { keyFile: config.key.file, keyText: config.key.text.reveal() }),
    ...(config.key?.name !== undefined && { keyName: config.key.name }),
  });
  const fudgeSeconds = Math.min(65_535, Math.ceil(config.fudgeMs / 1000));
  const signing = parsed?.kind === 'key' ? { key: parsed.key, fudgeSeconds } : undefined;
  try {
    return await work({
      endpoint,
      signed: open(config.transport, endpoint, { nameserver, signing, keyRecord: { standing: undefined } }),
      tcp: open('tcp', endpoint, { nameserver }),
      udp: open('udp', endpoint, { nameserver }),
      at: (other, recursive = false) => {
        const key = `${showEndpoint(other)} ${recursive}`;
        const known = others.get(key) ?? open('udp', other, { recursive });
        others.set(key, known);
        return known;
      },
    });
  } finally {
    for (const { transport } of opened) transport.close();
  }
}
