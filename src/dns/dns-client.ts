/** The zone clients of this module: what the core needs (ports.ts), all of RFC 2136, and what `source-dns check` asks. Types only. */
import type { MonoMs } from '../core/units.ts';
import type { UpdateOutcome } from '../core/zone.ts';
import type { UpdateRequest, ZoneClient } from '../ports.ts';
import type { Inspection } from './inspection.ts';
import type { UpdateMessage } from './update.ts';

/** As the port's UpdateRequest, with whatever RFC 2136 can say. */
export interface MessageRequest extends Omit<UpdateRequest, 'plan'> {
  readonly plan: UpdateMessage;
  readonly notAfter: MonoMs;
  readonly deadline: MonoMs;
}

export interface DnsClient extends ZoneClient {
  update(request: MessageRequest): Promise<UpdateOutcome>;
  /** Looks at a zone and changes nothing. */
  readonly inspection: Inspection;
}
