/** Opens the client of a configured nameserver. The key is read and checked before anything is sent. */
import type { Failure } from '../core/model/observation.ts';
import type { Clock } from '../ports.ts';
import type { DnsClient } from './client/dns-client.ts';
import { createNsupdateClient } from './client/nsupdate.ts';
import { createRfc2136Client } from './client/rfc2136.ts';
import { readKey } from './key/key-reading.ts';
import type { Rfc2136Options } from './read/reading-side.ts';

/** What both kinds of client take as it is. */
type SharedOptions = Omit<Rfc2136Options, 'key' | 'fudgeSeconds' | 'clock' | 'messageId' | 'openTransport'>;

export interface NameserverOptions extends SharedOptions {
  readonly via: 'rfc2136' | 'nsupdate';
  /** In any form of keyfile.ts. Absent: messages are unsigned. */
  readonly keyFile?: string;
  /** The text of `keyFile`, if it was already read. */
  readonly keyText?: string;
  /** Which key, if the file holds several. */
  readonly keyName?: string;
  /** TSIG fudge, rounded up to whole seconds. nsupdate always uses 300 s. */
  readonly fudgeMs: number;
  /** More arguments for nsupdate, as `-g`. */
  readonly nsupdateArgs?: readonly string[];
  /** The program and what comes before its options. Default: `nsupdate`, found by PATH. */
  readonly nsupdateCommand?: readonly string[];
}

type OpenedZoneClient =
  | { readonly kind: 'opened'; readonly client: DnsClient; readonly warnings: readonly Failure[] }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * Opens no socket: the first use makes the connection. Fails with `key-unreadable`, `key-invalid` or
 * `key-not-found`: an unusable key must never end as an unsigned update. Warns of a key for hmac-md5
 * (`tsig-weak-algorithm`), and of wide rights (`key-exposed`, `key-group-readable`) if it reads the file
 * itself. Never rejects.
 */
export async function openZoneClient(options: NameserverOptions, clock: Clock): Promise<OpenedZoneClient> {
  const parsed = await readKey(options);
  if (parsed?.kind === 'invalid') return { kind: 'failed', failure: parsed.failure };
  const { via, keyFile, keyText, keyName, fudgeMs, nsupdateArgs, nsupdateCommand, ...shared } = options;
  const clientOptions = {
    ...shared,
    clock,
    fudgeSeconds: Math.min(65_535, Math.ceil(fudgeMs / 1000)),
    ...(parsed === undefined ? {} : { key: parsed.key }),
  };
  const client =
    via === 'nsupdate'
      ? createNsupdateClient({
          ...clientOptions,
          command: nsupdateCommand ?? ['nsupdate'],
          args: nsupdateArgs ?? [],
        })
      : createRfc2136Client(clientOptions);
  return { kind: 'opened', client, warnings: parsed?.warnings ?? [] };
}
