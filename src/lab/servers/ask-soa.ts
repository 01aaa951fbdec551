/** Asks one nameserver for the SOA serial of a zone, by UDP. */

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode } from 'dns-packet';

/** An answer on loopback takes less than a millisecond; a nameserver that is starting gives none. */
const answerTimeoutMs = 200;
/** The AA bit, RFC 1035 section 4.1.1. */
const flagAa = 1 << 10;

/** Undefined if there is no authoritative answer (yet). */
export async function askSoaSerial(address: string, port: number, zone: string): Promise<number | undefined> {
  const socket = createSocket('udp4');
  try {
    const id = randomInt(0x1_0000);
    // Connected: a closed port gives an error at once (ICMP), and datagrams of others are ignored.
    socket.connect(port, address);
    await once(socket, 'connect');
    const timeout = AbortSignal.timeout(answerTimeoutMs);
    const answered = once(socket, 'message', { signal: timeout });
    socket.send(encode({ type: 'query', id, flags: 0, questions: [{ type: 'SOA', name: zone }] }));
    const [message] = (await answered) as [Buffer];
    const packet = decode(message);
    const soa = packet.answers?.find((answer) => answer.type === 'SOA');
    if (packet.id !== id || ((packet.flags ?? 0) & flagAa) === 0 || soa?.type !== 'SOA') return undefined;
    return soa.data.serial;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}
