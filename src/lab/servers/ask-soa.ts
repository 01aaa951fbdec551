import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode } from 'dns-packet';

/** How long one datagram is waited for. On loopback an answer takes less than a millisecond; a nameserver that is starting gives none. */
const answerTimeoutMs = 200;
/** Authoritative answer, RFC 1035 section 4.1.1. */
const flagAa = 1 << 10;

/** The zone's SOA serial at one nameserver, by UDP; undefined when it gives no authoritative answer (yet). */
export async function askSoaSerial(address: string, port: number, zone: string): Promise<number | undefined> {
  const socket = createSocket('udp4');
  try {
    const id = randomInt(0x1_0000);
    // Connected: a closed port is an error at once (ICMP), not a time-out; and nobody else's datagram is taken.
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
