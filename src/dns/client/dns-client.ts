/** The zone clients of this module: what the core needs (ports.ts), all of RFC 2136, and what `source-dns check` asks. Types only. */
import type { UpdateOutcome } from '../../core/model/zone.ts';
import type { ZoneClient } from '../../ports.ts';
import type { MessageRequest } from '../message/message-request.ts';
import type { Inspection } from './inspection.ts';

export interface DnsClient extends ZoneClient {
  update(request: MessageRequest): Promise<UpdateOutcome>;
  /** Looks at a zone and changes nothing. */
  readonly inspection: Inspection;
}
