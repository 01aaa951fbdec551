/** The zone clients: what the core needs (ports.ts), all of RFC 2136, and what `source-dns check` asks. */
import type { UpdateOutcome } from '../../core/model/zone.ts';
import type { ZoneClient } from '../../ports.ts';
import type { MessageRequest } from '../message/update.ts';
import type { ReadingSide } from '../read/reading-side.ts';
import { createInspection, type Inspection } from './inspection.ts';
import { createRefusalInspector } from './refusal.ts';

export interface DnsClient extends ZoneClient {
  update(request: MessageRequest): Promise<UpdateOutcome>;
  /** Looks at a zone and changes nothing. */
  readonly inspection: Inspection;
}

/** A client that updates with `send`. Its reading side learns what each applied update stored. */
export function dnsClient(side: ReadingSide, send: DnsClient['update']): DnsClient {
  const update = async (request: MessageRequest): Promise<UpdateOutcome> => {
    const outcome = await send(request);
    if (outcome.kind === 'applied') side.reader.stored.learn(request.plan);
    return outcome;
  };
  return {
    read: (request) => side.reader.read(request),
    update,
    propagation: (request) => side.propagation.watch(request),
    inspection: createInspection(side.serials, update),
    inspectRefusal: createRefusalInspector(side.serials, update),
    close: async () => side.close(),
  };
}
