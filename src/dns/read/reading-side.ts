/** Reads zones and watches propagation: the same for every kind of client. */
import { randomInt } from 'node:crypto';
import type { Failure } from '../../core/model/observation.ts';
import type { UpdateOutcome } from '../../core/model/zone.ts';
import type { Clock } from '../../ports.ts';
import type { TsigKey } from '../message/tsig.ts';
import type { MessageRequest } from '../message/update.ts';
import { type Endpoint, showEndpoint } from '../transport/endpoint.ts';
import type { OpenTransport } from '../transport/exchange.ts';
import { openSockets } from '../transport/open.ts';
import type { TestPrerequisite } from './failing-name.ts';
import { primaryCheck } from './primary-server.ts';
import { PropagationWatch } from './propagation-watch.ts';
import type { Correspondent } from './query.ts';
import type { SerialsOptions } from './serials.ts';
import { ZoneReader } from './zone-reader.ts';

export interface Rfc2136Options {
  /** As the configuration calls the nameserver. Absent: messages have its address only. */
  readonly name?: string;
  /** An IP address, or a host name with one address. */
  readonly address: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  /** Absent: messages are unsigned, and unsigned answers count. */
  readonly key?: TsigKey;
  readonly fudgeSeconds: number;
  /** The limit for one exchange. The request's deadline counts, too. */
  readonly timeoutMs: number;
  /** The nameservers that propagation waits for. Absent: the zone's NS RRset. */
  readonly verify?: readonly Endpoint[];
  /** Resolvers of applications: propagation asks them if the request says so. */
  readonly resolvers?: readonly Endpoint[];
  /** Hears that a zone's SOA names another server. */
  readonly onWarning?: (failure: Failure) => void;
  readonly clock: Clock;
  /** 0 to 65535, unpredictable. Default: crypto.randomInt. */
  readonly messageId?: () => number;
  /** Default: real sockets. The simulator has its own network. */
  readonly openTransport?: OpenTransport;
}

export interface ReadingSide {
  readonly correspondent: Correspondent;
  readonly reader: ZoneReader;
  readonly propagation: PropagationWatch;
  readonly serials: SerialsOptions;
  close(): void;
}

/** `send` also sends updates that change nothing, to find out what is stored. */
export function createReadingSide(
  options: Rfc2136Options,
  send: (request: MessageRequest) => Promise<UpdateOutcome>,
): ReadingSide {
  const { clock, timeoutMs, key, fudgeSeconds } = options;
  const messageId = options.messageId ?? (() => randomInt(65_536));
  const endpoint = { host: options.address, port: options.port };
  const shown = showEndpoint(endpoint);
  const nameserver = options.name === undefined ? shown : `${options.name} (${shown})`;
  const openTransport = options.openTransport ?? openSockets;
  const transport = openTransport(options.transport, {
    nameserver,
    ...endpoint,
    clock,
    timeoutMs,
    messageId,
  });
  const signing = key === undefined ? undefined : { key, fudgeSeconds };
  const correspondent = {
    nameserver,
    transport,
    clock,
    signing,
    timeoutMs,
    keyRecord: { standing: undefined },
  };
  const serials = { primary: correspondent, endpoint, verify: options.verify, messageId, openTransport };
  const propagation = new PropagationWatch({ ...serials, resolvers: options.resolvers });
  const holds: TestPrerequisite = (zone, prerequisite, deadline) =>
    send({ plan: { zone, prerequisites: [prerequisite], changes: [] }, notAfter: deadline, deadline });
  return {
    correspondent,
    reader: new ZoneReader(
      correspondent,
      holds,
      options.onWarning && primaryCheck(correspondent, endpoint, options.onWarning),
    ),
    propagation,
    serials,
    close: () => {
      propagation.close();
      transport.close();
    },
  };
}
