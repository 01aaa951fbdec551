/** From a nameserver's configuration to its client; the key is read and checked before anything is sent. */
import { open } from 'node:fs/promises';
import type { Failure } from '../core/observation.ts';
import type { Clock, ZoneClient } from '../ports.ts';
import type { Endpoint } from './endpoint.ts';
import { MAX_KEY_FILE_BYTES, type ParsedKey, parseKeyFile } from './keyfile.ts';
import { createNsupdateClient } from './nsupdate.ts';
import { createRfc2136Client } from './rfc2136.ts';

export interface NameserverOptions {
  /** As the configuration calls it. */
  readonly name: string;
  /** IP address, or a host name with one address. */
  readonly address: string;
  readonly port: number;
  readonly via: 'rfc2136' | 'nsupdate';
  readonly transport: 'tcp' | 'udp';
  /** BIND's `key` statement. Absent: messages go unsigned. */
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
  /** More arguments for nsupdate, as `-g`. */
  readonly nsupdateArgs?: readonly string[];
  /** The program and what stands before its options; default: `nsupdate`, found by PATH. */
  readonly nsupdateCommand?: readonly string[];
}

export type OpenedZoneClient =
  | { readonly kind: 'opened'; readonly client: ZoneClient; readonly warnings: readonly Failure[] }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * Opens no socket: the connection is made at the first use. Fails with `key-unreadable`, `key-invalid` or `key-not-found`: a key that cannot
 * be had must never end as an unsigned update. Warns of a key for hmac-md5 (`tsig-weak-algorithm`). Never rejects.
 */
export async function openZoneClient(options: NameserverOptions, clock: Clock): Promise<OpenedZoneClient> {
  const parsed = await readKey(options);
  if (parsed?.kind === 'invalid') return { kind: 'failed', failure: parsed.failure };
  const { name, address, port, transport, timeoutMs, verify, nsupdateArgs, nsupdateCommand } = options;
  const clientOptions = {
    name,
    address,
    port,
    transport,
    timeoutMs,
    clock,
    fudgeSeconds: Math.min(65_535, Math.ceil(options.fudgeMs / 1000)),
    ...(verify === undefined ? {} : { verify }),
    ...(parsed === undefined ? {} : { key: parsed.key }),
  };
  const client =
    options.via === 'nsupdate'
      ? createNsupdateClient({ ...clientOptions, command: nsupdateCommand ?? ['nsupdate'], args: nsupdateArgs ?? [] })
      : createRfc2136Client(clientOptions);
  return { kind: 'opened', client, warnings: parsed?.warnings ?? [] };
}

async function readKey({ keyFile, keyText, keyName }: NameserverOptions): Promise<ParsedKey | undefined> {
  if (keyText !== undefined) return parseKeyFile(keyText, keyFile ?? 'of the configuration', keyName);
  if (keyFile === undefined) return undefined;
  try {
    const handle = await open(keyFile);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_KEY_FILE_BYTES + 1), 0);
      if (bytesRead > MAX_KEY_FILE_BYTES) return unreadable(keyFile, `it has more than ${MAX_KEY_FILE_BYTES} bytes`);
      return parseKeyFile(buffer.toString('utf8', 0, bytesRead), keyFile, keyName);
    } finally {
      await handle.close();
    }
  } catch (error) {
    return unreadable(keyFile, (error as NodeJS.ErrnoException).code ?? 'unknown error');
  }
}

const unreadable = (file: string, why: string): ParsedKey => ({
  kind: 'invalid',
  failure: {
    code: 'key-unreadable',
    message: `The key file ${file} could not be read: ${why}. Nothing was sent.`,
    hint: 'It must be readable by the user that runs source-dns (and by nobody else).',
  },
});
