/**
 * A fake nameserver on 127.0.0.1, TCP and UDP on one port, that answers as the test says. Its TSIG is written
 * independently from RFC 8945. A handler gets each message and replies with bytes, never, late or often:
 *
 *   // An unsigned answer, right except for the given parts:
 *   (message, reply) => reply(answerTo(message, { rcode: 5 }))
 *   // A signed answer; the parts of the TSIG record can be wrong, too:
 *   (message, reply) => reply(signAnswer(answerTo(message), message, { key, timeSeconds }))
 *   // Any bytes, as one datagram or behind TCP's length field:
 *   (message, reply) => reply(Buffer.from('garbage'))
 *   // Any bytes on the stream, framed or not:
 *   (message, _, over, connection) => connection?.write(Buffer.concat([framed(a), framed(b)]))
 *   // Another answer for each transport:
 *   (message, reply, over) => over === 'udp' ? reply(cutShort) : reply(whole)
 */
import { createHmac } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { nameToWire } from '../../src/dns/message/name.ts';
import type { TsigKey } from '../../src/dns/message/tsig.ts';

export interface FakeNameserver {
  readonly port: number;
  /** Every message that came, in order. */
  readonly received: { readonly over: 'tcp' | 'udp'; readonly message: Buffer }[];
  /** TCP connections accepted, ever. */
  connections(): number;
  /** TCP connections open now. */
  open(): number;
  /** Ends all TCP connections from the nameserver's side. */
  hangUp(): void;
  close(): Promise<void>;
}

/** Called for each message. `reply` may be called often, at once or later. */
export type Handler = (
  message: Buffer,
  reply: (answer: Buffer) => void,
  over: 'tcp' | 'udp',
  connection: Socket | undefined,
) => void;

/** Starts the nameserver on a free port. Messages that `beside` answers are neither handled nor counted. */
export async function startFakeNameserver(
  handler: Handler,
  beside: (message: Buffer) => Buffer | undefined = () => undefined,
): Promise<FakeNameserver> {
  const sockets = new Set<Socket>();
  const received: FakeNameserver['received'] = [];
  const receive = (
    message: Buffer,
    over: 'tcp' | 'udp',
    reply: (answer: Buffer) => void,
    connection?: Socket,
  ): void => {
    const answer = beside(message);
    if (answer === undefined) {
      received.push({ over, message });
      handler(message, reply, over, connection);
    } else reply(answer);
  };
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    let buffered = Buffer.alloc(0);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk]);
      while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE()) {
        const message = Buffer.from(buffered.subarray(2, 2 + buffered.readUInt16BE()));
        buffered = buffered.subarray(2 + message.length);
        receive(message, 'tcp', (answer) => socket.write(framed(answer)), socket);
      }
    });
  });
  const { port, udp } = await listenAtBoth(server);
  udp.on('message', (message, from) =>
    receive(message, 'udp', (answer) => udp.send(answer, from.port, from.address)),
  );
  return {
    port,
    received,
    connections: () => connections,
    open: () => sockets.size,
    hangUp: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise((resolve) => server.close(resolve)),
      ]);
    },
  };
}

/** At a port that is free for TCP and for UDP: another process may have the one that TCP got. */
async function listenAtBoth(server: Server): Promise<{ readonly port: number; readonly udp: UdpSocket }> {
  for (let tries = 1; ; tries += 1) {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
    const udp = createSocket('udp4');
    try {
      await once(udp.bind(port, '127.0.0.1'), 'listening');
      return { port, udp };
    } catch (error) {
      udp.close();
      await once(server.close(), 'close');
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === 20) throw error;
    }
  }
}

export const u16 = (n: number): Buffer => Buffer.from([n >> 8, n & 0xff]);
const u48 = (n: number): Buffer =>
  Buffer.concat([u16(Math.floor(n / 2 ** 32)), u16(Math.floor(n / 65_536) & 0xffff), u16(n & 0xffff)]);

/** A message behind its length, as TCP carries it (RFC 1035 4.2.2). */
export const framed = (message: Buffer): Buffer => Buffer.concat([u16(message.length), message]);

/** Writes the bytes one by one, each in a separate segment. */
export async function dribble(connection: Socket, bytes: Buffer): Promise<void> {
  connection.setNoDelay(true);
  for (const byte of bytes) await new Promise((resolve) => connection.write(Buffer.of(byte), resolve));
}

/** The question section of a message with one question. */
export function questionOf(message: Buffer): Buffer {
  let at = 12;
  while (message[at] !== 0) at += message[at]! + 1;
  return message.subarray(12, at + 5);
}

export interface AnswerParts {
  readonly rcode?: number;
  /** More flags, as 0x0400 (AA, the default) or 0x0200 (TC). */
  readonly flags?: number;
  /** Default: that of the message. */
  readonly id?: number;
  /** Default: that of the message. */
  readonly opcode?: number;
  /** A question (QR = 0). */
  readonly isQuestion?: boolean;
  /** Whole questions; default: that of the message. */
  readonly questions?: readonly Buffer[];
  readonly answers?: readonly Buffer[];
  readonly authorities?: readonly Buffer[];
  readonly additionals?: readonly Buffer[];
}

/** An answer to the message, without TSIG. */
export function answerTo(message: Buffer, parts: AnswerParts = {}): Buffer {
  const {
    rcode = 0,
    flags = 0x0400,
    questions = [questionOf(message)],
    answers = [],
    authorities = [],
    additionals = [],
  } = parts;
  const opcode = parts.opcode === undefined ? message.readUInt16BE(2) & 0x7800 : parts.opcode << 11;
  const sections = [questions, answers, authorities, additionals];
  const id = parts.id ?? message.readUInt16BE();
  const header = [
    u16(id),
    u16((parts.isQuestion ? 0 : 0x8000) | opcode | flags | rcode),
    ...sections.map(({ length }) => u16(length)),
  ];
  return Buffer.concat([...header, ...sections.flat()]);
}

/** A question. */
export const question = (name: string, type: number, klass = 1): Buffer =>
  Buffer.concat([wire(name), u16(type), u16(klass)]);

/** An OPT record (RFC 6891 6.1.2), with the upper bits of an extended RCODE. */
export const opt = ({
  extendedRcode = 0,
  version = 0,
  owner = '.',
  options = Buffer.alloc(0),
} = {}): Buffer =>
  Buffer.concat([
    wire(owner),
    u16(41),
    u16(1232),
    Buffer.of(extendedRcode, version, 0, 0),
    u16(options.length),
    options,
  ]);

/** An RR. Names are canonical texts. */
export function rr(owner: string, type: number, rdata: Buffer, { klass = 1, ttl = 5 } = {}): Buffer {
  return Buffer.concat([wire(owner), u16(type), u16(klass), u16(0), u16(ttl), u16(rdata.length), rdata]);
}

export const wire = (name: string): Buffer => nameToWire(name as never)!;

/** The RDATA of an SOA RR. */
export const soaRdata = (serial: number): Buffer =>
  Buffer.concat([
    wire('ns1.example.com.'),
    wire('hostmaster.example.com.'),
    ...[0, serial, 0, 60, 0, 60, 0, 60, 0, 1].map(u16),
  ]);

export interface TsigParts {
  readonly error?: number;
  readonly other?: Buffer;
  readonly fudge?: number;
  /** Replaces the right MAC. */
  readonly mac?: Buffer;
  /** Cuts the MAC to so many bytes (RFC 8945 5.2.2.1). */
  readonly macBytes?: number;
  /** Default: the answer's id. The digest covers this id (RFC 8945 4.3.2). */
  readonly originalId?: number;
  /**
   * How the names are written; the digest uses the canonical names (RFC 8945 4.3.3). A pointer is
   * `Buffer.of(0xc0, offset)`.
   */
  readonly keyName?: Buffer;
  readonly algorithmName?: Buffer;
  readonly klass?: number;
  readonly ttl?: number;
  /** RRs that follow the TSIG record. */
  readonly after?: readonly Buffer[];
}

/**
 * Signs an answer (RFC 8945 5.3.1): the digest covers the request's MAC with its length, the message, and the
 * TSIG variables.
 */
export function signAnswer(
  answer: Buffer,
  request: Buffer,
  { key, timeSeconds }: { readonly key: TsigKey; readonly timeSeconds: number },
  parts: TsigParts = {},
): Buffer {
  const { error = 0, other = Buffer.alloc(0), fudge = 300, klass = 255, ttl = 0, after = [] } = parts;
  const digest = key.algorithm.slice('hmac-'.length);
  const algorithm = wire(key.algorithm === 'hmac-md5' ? 'hmac-md5.sig-alg.reg.int.' : `${key.algorithm}.`);
  const name = wire(key.name);
  const requestMac = macOf(request, name, algorithm);
  const originalId = u16(parts.originalId ?? answer.readUInt16BE());
  const time = Buffer.concat([u48(timeSeconds), u16(fudge)]);
  const variables = Buffer.concat([
    name,
    u16(255),
    u16(0),
    u16(0),
    algorithm,
    time,
    u16(error),
    u16(other.length),
    other,
  ]);
  const input = Buffer.concat([
    u16(requestMac.length),
    requestMac,
    originalId,
    answer.subarray(2),
    variables,
  ]);
  const whole = parts.mac ?? createHmac(digest, key.secret.export()).update(input).digest();
  const mac = whole.subarray(0, parts.macBytes);
  const tail = [originalId, u16(error), u16(other.length), other];
  const rdata = Buffer.concat([parts.algorithmName ?? algorithm, time, u16(mac.length), mac, ...tail]);
  const fixed = [u16(250), u16(klass), u16(0), u16(ttl), u16(rdata.length), rdata];
  const signed = Buffer.concat([answer, parts.keyName ?? name, ...fixed, ...after]);
  signed.writeUInt16BE(signed.readUInt16BE(10) + 1 + after.length, 10);
  return signed;
}

/**
 * The MAC in a request that ends with our TSIG RR. Its name and algorithm, which are not compressed, locate
 * it.
 */
function macOf(request: Buffer, name: Buffer, algorithm: Buffer): Buffer {
  const start = request.lastIndexOf(Buffer.concat([name, u16(250), u16(255)]));
  const at = start + name.length + 10 + algorithm.length + 8;
  return request.subarray(at + 2, at + 2 + request.readUInt16BE(at));
}
