/** Asks every authoritative nameserver until it answers what was published, or the deadline passes. */
import type { Failure } from '../core/observation.ts';
import type { Fqdn, MonoMs } from '../core/units.ts';
import type { NameserverReport, PropagationReport, Question, Rrset } from '../core/zone.ts';
import type { PropagationRequest } from '../ports.ts';
import { type Authority, findAuthorities, MAX_NAMESERVERS } from './authoritative.ts';
import { TYPE } from './codes.ts';
import { type Endpoint, showEndpoint } from './endpoint.ts';
import type { OpenTransport } from './exchange.ts';
import { ask, type Correspondent } from './query.ts';
import { encodeRdata, soaSerial } from './rdata.ts';
import { clientClosed } from './transport-failures.ts';
import { readRrset } from './zone-reader.ts';

/** A NOTIFY and an IXFR take milliseconds where notify-delay is 0, and 5 s where it is not: so begin quickly and slow down. */
export const FIRST_PAUSE_MS = 2;
export const LONGEST_PAUSE_MS = 100;
const PAUSE_GROWTH = 1.5;

export interface PropagationOptions {
  readonly primary: Correspondent;
  readonly endpoint: Endpoint;
  readonly verify?: readonly Endpoint[] | undefined;
  readonly messageId: () => number;
  readonly openTransport: OpenTransport;
}

export class PropagationWatch {
  readonly #options: PropagationOptions;
  /** Each ends one watch of one nameserver. */
  readonly #open = new Set<() => void>();
  #closed = false;

  constructor(options: PropagationOptions) {
    this.#options = options;
  }

  /** One line a nameserver, in the order of the verify list or of the NS RRset. One that fails does not stop the others. Never rejects. */
  async watch(request: PropagationRequest): Promise<PropagationReport> {
    const { primary, endpoint, verify } = this.#options;
    const authorities: readonly Authority[] =
      verify?.slice(0, MAX_NAMESERVERS).map((listed) => ({ kind: 'endpoint', endpoint: listed })) ??
      (await findAuthorities(primary, endpoint, request.zone, request.deadline));
    const nameservers = await Promise.all(
      authorities.map((authority) =>
        authority.kind === 'failed'
          ? { nameserver: authority.nameserver, failure: authority.failure }
          : this.#watchOne(authority.endpoint, request),
      ),
    );
    return { nameservers };
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#open) end();
  }

  async #watchOne(endpoint: Endpoint, request: PropagationRequest): Promise<NameserverReport> {
    const { clock, timeoutMs } = this.#options.primary;
    const nameserver = showEndpoint(endpoint);
    // Unsigned: a key for updates need not be known to the secondary servers, and the public sees unsigned answers too.
    const transportOptions = { nameserver, ...endpoint, clock, timeoutMs, messageId: this.#options.messageId };
    const transport = this.#options.openTransport('udp', transportOptions);
    const correspondent: Correspondent = { nameserver, transport, clock, timeoutMs };
    let wake = () => {};
    const end = () => {
      transport.close();
      wake();
    };
    this.#open.add(end);
    let failure: Failure | undefined;
    for (let pauseMs = FIRST_PAUSE_MS; !this.#closed; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * PAUSE_GROWTH)) {
      const round = await askRound(correspondent, request);
      if (round.kind === 'reached') {
        const answeredAt = clock.wall();
        const serial = await askSerial(correspondent, request.zone, request.deadline);
        this.#open.delete(end);
        transport.close();
        return serial === undefined ? { nameserver, answeredAt } : { nameserver, answeredAt, serial };
      }
      const leftMs = request.deadline - clock.mono();
      // A round that the deadline cut short says less than the one before it.
      if (leftMs > 0) failure = round.failure;
      failure ??= round.failure;
      if (leftMs <= 0) break;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(Math.min(pauseMs, leftMs), resolve);
        wake = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#open.delete(end);
    transport.close();
    return { nameserver, failure: failure ?? clientClosed(nameserver) };
  }
}

type Round = { readonly kind: 'reached' } | { readonly kind: 'not-yet'; readonly failure: Failure };

async function askRound(correspondent: Correspondent, request: PropagationRequest): Promise<Round> {
  const checks = [
    ...request.present.map((rrset) => ({ question: { name: rrset.name, type: rrset.type }, expected: rrset })),
    ...request.absent.map((question) => ({ question, expected: undefined })),
  ];
  const failures = await Promise.all(
    checks.map(({ question, expected }) => checkFailure(correspondent, question, expected, request.deadline)),
  );
  const failure = failures.find((found) => found !== undefined);
  return failure === undefined ? { kind: 'reached' } : { kind: 'not-yet', failure };
}

async function checkFailure(
  correspondent: Correspondent,
  question: Question,
  expected: Rrset | undefined,
  deadline: MonoMs,
): Promise<Failure | undefined> {
  const reading = await readRrset(correspondent, question, deadline);
  if (reading.kind === 'failed') return reading.failure;
  if (rdataKey(reading.rrset) === rdataKey(expected)) return undefined;
  return {
    code: 'not-propagated',
    message: `The nameserver ${correspondent.nameserver} still answers another RRset ${question.name} ${question.type}.`,
    hint: 'Is it notified (also-notify, notify-delay 0), and may it transfer the zone?',
  };
}

/** Compared as bytes, so that the text form of an address does not matter. */
function rdataKey(rrset: Rrset | undefined): string {
  if (rrset === undefined) return 'absent';
  const encoded = encodeRdata(rrset);
  if (encoded.kind === 'invalid') return `invalid: ${encoded.fault}`;
  return encoded.rdata
    .map((rdata) => rdata.toString('hex'))
    .sort()
    .join(' ');
}

async function askSerial(correspondent: Correspondent, zone: Fqdn, deadline: MonoMs): Promise<number | undefined> {
  const answer = await ask(correspondent, { name: zone, type: TYPE.SOA }, deadline);
  if (answer.kind === 'failed') return undefined;
  const soa = answer.message.answers.find((rr) => rr.type === TYPE.SOA && rr.owner === zone);
  return soa === undefined ? undefined : soaSerial(answer.message.bytes, soa);
}
