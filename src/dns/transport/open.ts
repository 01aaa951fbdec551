import type { OpenTransport } from './exchange.ts';
import { type Sockets, systemSockets } from './sockets.ts';
import { TcpTransport } from './tcp.ts';
import { UdpTransport } from './udp.ts';

/** Transports on these sockets, which are made at the first use. `udp` has a TCP connection beside it for what does not fit into a datagram. */
export const transportsOn =
  (sockets: Sockets): OpenTransport =>
  (kind, options) => {
    const tcp = new TcpTransport(options, sockets);
    return kind === 'tcp' ? tcp : new UdpTransport(options, tcp, sockets);
  };

/** Real sockets. */
export const openSockets: OpenTransport = transportsOn(systemSockets);
