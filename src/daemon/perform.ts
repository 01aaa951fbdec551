/** What an effect means for the adapters, and which event ends it. */

import type { Effect, Event } from '../core/model/events.ts';
import type { Failure } from '../core/model/observation.ts';
import type { ServerFencer, ServerProber, ZoneClient } from '../ports.ts';

export interface Adapters {
  readonly prober: ServerProber;
  /** By the nameserver's name in the configuration. */
  readonly zoneClients: ReadonlyMap<string, ZoneClient>;
  /** Needed if the settings say that servers are fenced. */
  readonly fencer?: ServerFencer | undefined;
}

/** Effects that end in an event, by their deadline. */
export type AskingEffect = Extract<Effect, { readonly deadline: unknown }>;

/** `recalled` is for updates. Rejects if the adapter fails; throws if there is none, which is a bug. */
export function ask(effect: AskingEffect, adapters: Adapters, recalled: AbortSignal): Promise<Event> {
  switch (effect.kind) {
    case 'probe':
      return answered(async () => ({
        kind: 'observed',
        server: effect.server,
        probe: await adapters.prober.probe(effect.server, effect.deadline, effect.places),
        ...(effect.waitedMs !== undefined && { waitedMs: effect.waitedMs }),
      }));
    case 'try-address':
      return answered(async () => ({
        kind: 'address-tried',
        server: effect.server,
        probe: await adapters.prober.probeAt(effect.server, effect.address, effect.deadline),
      }));
    case 'resolve':
      return answered(async () => {
        const resolution = await adapters.prober.resolve(effect.server, effect.deadline);
        return resolution.kind === 'addresses'
          ? { kind: 'resolved', server: effect.server, addresses: resolution.addresses }
          : { kind: 'resolved', server: effect.server, failure: resolution.failure };
      });
    case 'fence':
      return answered(async () => {
        const { server, uuid, finishes, places, deadline } = effect;
        const request = { server, uuid, finishes, deadline, ...(places && { places }) };
        return { kind: 'fenced', server, result: await fencerOf(adapters).fence(request) };
      });
    default:
      return askZone(effect, zoneClient(adapters, effect.nameserver), recalled);
  }
}

type ZoneEffect = Extract<AskingEffect, { readonly nameserver: string }>;

function askZone(effect: ZoneEffect, client: ZoneClient, recalled: AbortSignal): Promise<Event> {
  const { nameserver, deadline } = effect;
  switch (effect.kind) {
    case 'read-zone':
      return answered(async () => {
        const { kind: _, nameserver: __, ...request } = effect;
        const reading = await client.read(request);
        return { kind: 'zone-read', nameserver, reading };
      });
    case 'update':
      return answered(async () => {
        const outcome = await client.update({
          plan: effect.plan,
          notAfter: effect.notAfter,
          deadline,
          recalled,
        });
        return { kind: 'update-done', nameserver, try: effect.try, outcome };
      });
    case 'inspect-refusal':
      return answered(async () => {
        const { about, plan } = effect;
        const failure = await client.inspectRefusal({ plan, failure: effect.failure, deadline });
        return { kind: 'refusal-inspected', nameserver, about, failure };
      });
    case 'propagate':
      return answered(async () => {
        const { zone, present, absent, ...rest } = effect;
        const among = amongOf(rest);
        const report = await client.propagation({ zone, present, absent, ...among, deadline });
        return { kind: 'propagated', nameserver, ...among, epoch: effect.epoch, report };
      });
  }
}

/** Leaves the field `among` out if it is undefined. */
const amongOf = ({ among }: Pick<AskingEffect & { kind: 'propagate' }, 'among'>) =>
  among === undefined ? {} : { among };

/** Its own function, so that a synchronous throw of an adapter is also a rejection. */
const answered = (call: () => Promise<Event>): Promise<Event> => call();

function fencerOf({ fencer }: Adapters): ServerFencer {
  if (fencer === undefined) throw new Error('no fencer: settings and adapters do not belong together');
  return fencer;
}

function zoneClient(adapters: Adapters, nameserver: string): ZoneClient {
  const client = adapters.zoneClients.get(nameserver);
  if (client === undefined)
    throw new Error(
      `no zone client for the nameserver "${nameserver}": settings and adapters do not belong together`,
    );
  return client;
}

/** The event for an effect without an answer. An update may have left, a server may be fenced: unknown. */
export function unanswered(effect: AskingEffect, failure: Failure): Event {
  switch (effect.kind) {
    case 'probe':
      return { kind: 'observed', server: effect.server, probe: { kind: 'unknown', failure } };
    case 'try-address':
      return { kind: 'address-tried', server: effect.server, probe: { kind: 'unknown', failure } };
    case 'resolve':
      return { kind: 'resolved', server: effect.server, failure };
    case 'fence':
      return { kind: 'fenced', server: effect.server, result: { kind: 'unknown', failure } };
    case 'read-zone':
      return { kind: 'zone-read', nameserver: effect.nameserver, reading: { kind: 'failed', failure } };
    case 'update':
      return {
        kind: 'update-done',
        nameserver: effect.nameserver,
        try: effect.try,
        outcome: { kind: 'unknown', failure },
      };
    case 'inspect-refusal':
      return {
        kind: 'refusal-inspected',
        nameserver: effect.nameserver,
        about: effect.about,
        failure: effect.failure,
      };
    case 'propagate':
      return {
        kind: 'propagated',
        nameserver: effect.nameserver,
        ...amongOf(effect),
        epoch: effect.epoch,
        report: { nameservers: [] },
      };
  }
}

/** No answer by the deadline, although the adapter must give one. */
export const adapterDeadline = (effect: AskingEffect): Failure => ({
  code: 'adapter-deadline',
  message: `no answer to ${effect.kind} of ${subject(effect)} by its deadline`,
  hint: 'this is a bug of source-dns or a blocked process; please report it',
});

/** The adapter threw, although it must not. Tells only the error's name and message. */
export const adapterBug = (effect: AskingEffect, error: unknown): Failure => ({
  code: 'adapter-bug',
  message: `${effect.kind} of ${subject(effect)} threw ${error instanceof Error ? `${error.name}: ${error.message}` : 'a value that is not an Error'}`,
  hint: 'this is a bug of source-dns; please report it',
});

const subject = (effect: AskingEffect): string => ('server' in effect ? effect.server : effect.nameserver);
