/** From a nameserver's configuration to its client; the key is read and checked before anything is sent. */
import type { Failure } from '../core/model/observation.ts';
import type { Clock } from '../ports.ts';
import type { DnsClient } from './client/dns-client.ts';
import { createNsupdateClient } from './client/nsupdate.ts';
import { createRfc2136Client } from './client/rfc2136.ts';
import { readKey } from './key/key-reading.ts';
import type { Endpoint } from './transport/endpoint.ts';

export interface NameserverOptions {
  /** As the configuration calls it. */
  readonly name: string;
  /** IP address, or a host name with one address. */
  readonly address: string;
  readonly port: number;
  readonly via: 'rfc2136' | 'nsupdate';
  readonly transport: 'tcp' | 'udp';
  /** In any form of keyfile.ts. Absent: messages go unsigned. */
  readonly keyFile?: string;
  /** The text of `keyFile`, where it was read already. */
  readonly keyText?: string;
  /** Which key, where the file holds several. */
  readonly keyName?: string;
  /** TSIG fudge; rounded up to whole seconds. nsupdate has its own, 300 s. */
  readonly fudgeMs: number;
  /** The longest that one exchange may take; the request's own deadline counts too. */
  readonly timeoutMs: number;
  /** The nameservers that propagation waits for; absent: the zone's NS RRset. */
  readonly verify?: readonly Endpoint[];
  /** Resolvers that applications use: propagation asks them too, where it is told to. */
  readonly resolvers?: readonly Endpoint[];
  /** Hears later of what works, but should be told: that a zone's SOA names another server (`not-the-primary`). */
  readonly onWarning?: (failure: Failure) => void;
  /** More arguments for nsupdate, as `-g`. */
  readonly nsupdateArgs?: readonly string[];
  /** The program and what stands before its options; default: `nsupdate`, found by PATH. */
  readonly nsupdateCommand?: readonly string[];
}

type OpenedZoneClient =
  | { readonly kind: 'opened'; readonly client: DnsClient; readonly warnings: readonly Failure[] }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * Opens no socket: the connection is made at the first use. Fails with `key-unreadable`, `key-invalid` or `key-not-found`: a key that cannot
 * be had must never end as an unsigned update. Warns of a key for hmac-md5 (`tsig-weak-algorithm`), and of rights that are too wide
 * (`key-exposed`, `key-group-readable`) where it reads the file itself. Never rejects.
 */
export async function openZoneClient(options: NameserverOptions, clock: Clock): Promise<OpenedZoneClient> {
  const parsed = await readKey(options);
  if (parsed?.kind === 'invalid') return { kind: 'failed', failure: parsed.failure };
  const {
    name,
    address,
    port,
    transport,
    timeoutMs,
    verify,
    resolvers,
    onWarning,
    nsupdateArgs,
    nsupdateCommand,
  } = options;
  const clientOptions = {
    name,
    address,
    port,
    transport,
    timeoutMs,
    clock,
    fudgeSeconds: Math.min(65_535, Math.ceil(options.fudgeMs / 1000)),
    ...(verify === undefined ? {} : { verify }),
    ...(resolvers === undefined ? {} : { resolvers }),
    ...(onWarning === undefined ? {} : { onWarning }),
    ...(parsed === undefined ? {} : { key: parsed.key }),
  };
  const client =
    options.via === 'nsupdate'
      ? createNsupdateClient({
          ...clientOptions,
          command: nsupdateCommand ?? ['nsupdate'],
          args: nsupdateArgs ?? [],
        })
      : createRfc2136Client(clientOptions);
  return { kind: 'opened', client, warnings: parsed?.warnings ?? [] };
}
