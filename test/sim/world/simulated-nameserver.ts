/**
 * An authoritative nameserver without I/O: the bytes of a message in, the bytes of its answer out. The caller
 * gives the clock; the zone is the only state.
 */
import type { Fqdn, WallMs } from '../../../src/core/model/units.ts';
import { CLASS, OPCODE, RCODE, TSIG_ERROR, TYPE } from '../../../src/dns/message/codes.ts';
import { isWithin, nameToWire, readName } from '../../../src/dns/message/name.ts';
import { decodeMessage, encodeRr, type ReceivedMessage } from '../../../src/dns/message/wire.ts';
import { checkRequest, type RequestTsig, type ServerKey } from './simulated-tsig.ts';
import type { SimulatedZone, StoredRrset } from './simulated-zone.ts';

export interface SimulatedOptions {
  readonly zone: SimulatedZone;
  readonly keys: readonly ServerKey[];
  readonly clock: { wall(): WallMs };
  /**
   * The names that each key may change; a key without names may only read. On a secondary server no key may
   * change any.
   */
  readonly grants: ReadonlyMap<Fqdn, ReadonlySet<Fqdn>>;
  /**
   * The zone has been read from its file and journal; default: always. Until then the nameserver answers
   * SERVFAIL.
   */
  readonly isLoaded?: () => boolean;
  /**
   * Where a wildcard CNAME covers its own target, a question for the CNAME fails, too, as on PowerDNS.
   * Default: BIND answers it.
   */
  readonly hidesCircles?: boolean;
}

const flagQr = 0x8000;
const flagAa = 0x0400;
const flagTc = 0x0200;
/** RFC 1035 4.2.1; this world has no EDNS. */
const maxDatagramBytes = 512;
/** So many aliases are followed. */
const maxHops = 8;

interface Sections {
  readonly flags: number;
  readonly answers: readonly StoredRrset[];
  readonly authorities: readonly StoredRrset[];
}

export class SimulatedNameserver {
  readonly #options: SimulatedOptions;

  constructor(options: SimulatedOptions) {
    this.#options = options;
  }

  /**
   * The answer to one message; undefined where a nameserver is silent: the bytes are no message, or are an
   * answer.
   */
  receive(bytes: Buffer, over: 'tcp' | 'udp'): Buffer | undefined {
    const message = decodeMessage(bytes);
    if (message === undefined)
      return bytes.length < 12 || bytes.readUInt16BE(2) & flagQr ? undefined : formatError(bytes);
    if (message.answer) return undefined;
    const [question, second] = message.questions;
    if (question === undefined || second !== undefined) return formatError(bytes);
    const { keys, clock } = this.#options;
    const tsig = checkRequest(message, keys, Math.floor(clock.wall() / 1000));
    if (tsig.kind === 'malformed') return formatError(bytes);
    const sections = this.#answer(message, tsig);
    const whole = signed(encode(message, sections), tsig);
    if (over === 'tcp' || whole.length <= maxDatagramBytes) return whole;
    return signed(encode(message, { flags: sections.flags | flagTc, answers: [], authorities: [] }), tsig);
  }

  #answer(message: ReceivedMessage, tsig: RequestTsig): Sections {
    if (tsig.kind === 'signed' && tsig.error !== TSIG_ERROR.NONE) return only(RCODE.NOTAUTH);
    if (this.#options.isLoaded?.() === false) return only(RCODE.SERVFAIL);
    if (message.opcode === OPCODE.UPDATE) return only(this.#update(message, tsig));
    if (message.opcode !== OPCODE.QUERY) return only(RCODE.NOTIMP);
    const isHidden =
      this.#options.hidesCircles && message.questions.some(({ name }) => this.#options.zone.isCircle(name));
    return isHidden ? only(RCODE.SERVFAIL) : this.#query(message);
  }

  /** RFC 2136 3.1, and the permission: 3.3. */
  #update(message: ReceivedMessage, tsig: RequestTsig): number {
    const { zone, grants } = this.#options;
    const [section] = message.questions;
    if (section?.type !== TYPE.SOA || section.class !== CLASS.IN) return RCODE.FORMERR;
    if (section.name !== zone.name) return RCODE.NOTAUTH;
    const key = tsig.kind === 'signed' ? message.additionals.at(-1)?.owner : undefined;
    const owners = key === undefined ? undefined : grants.get(key);
    if (owners === undefined) return RCODE.REFUSED;
    return zone.update(message, (owner) => owners.has(owner));
  }

  /** RFC 1034 4.3.2, without delegations. */
  #query({ questions }: ReceivedMessage): Sections {
    const { zone } = this.#options;
    const [question] = questions;
    if (question === undefined || !isWithin(question.name, zone.name)) return only(RCODE.REFUSED);
    const answers: StoredRrset[] = [];
    let owner = question.name;
    // A circle of aliases ends here, too.
    for (let hops = 0; hops < maxHops; hops++) {
      const found = zone.find(owner, question.type) ?? zone.synthesized(owner, question.type);
      if (found !== undefined) return { flags: flagAa, answers: [...answers, found], authorities: [] };
      const alias = zone.find(owner, TYPE.CNAME) ?? zone.synthesized(owner, TYPE.CNAME);
      const target = alias?.rdata[0] && readName(alias.rdata[0], 0)?.name;
      if (alias === undefined || target === undefined)
        return {
          flags: flagAa | (zone.covers(owner) ? RCODE.NOERROR : RCODE.NXDOMAIN),
          answers,
          authorities: [zone.soa()],
        };
      answers.push(alias);
      if (!isWithin(target, zone.name)) return { flags: flagAa, answers, authorities: [] };
      owner = target;
    }
    // Aliases that lead back to themselves.
    return only(RCODE.SERVFAIL);
  }
}

const only = (rcode: number): Sections => ({ flags: rcode, answers: [], authorities: [] });
const signed = (answer: Buffer, tsig: RequestTsig): Buffer =>
  tsig.kind === 'signed' ? tsig.sign(answer) : answer;

function formatError(request: Buffer): Buffer {
  const header = Buffer.alloc(12);
  request.copy(header, 0, 0, 2);
  header.writeUInt16BE(flagQr | (request.readUInt16BE(2) & 0x7800) | RCODE.FORMERR, 2);
  return header;
}

function encode(request: ReceivedMessage, { flags, answers, authorities }: Sections): Buffer {
  const sections = [answers, authorities].map((rrsets) =>
    rrsets.flatMap(({ owner, type, ttlSeconds, rdata }) =>
      rdata.map((each) => encodeRr({ owner, type, class: CLASS.IN, ttlSeconds, rdata: each })),
    ),
  );
  const [question] = request.questions;
  if (question === undefined) throw new TypeError('a message without question has no such answer');
  const header = Buffer.alloc(12);
  const words = [
    request.id,
    flagQr | (request.opcode << 11) | flags,
    1,
    sections[0]?.length ?? 0,
    sections[1]?.length ?? 0,
    0,
  ];
  for (const [index, word] of words.entries()) header.writeUInt16BE(word, index * 2);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(question.type, 0);
  tail.writeUInt16BE(question.class, 2);
  return Buffer.concat([header, nameToWire(question.name) ?? Buffer.of(0), tail, ...sections.flat()]);
}
