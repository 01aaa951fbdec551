import type { OpenTransport } from './exchange.ts';
import { TcpTransport } from './tcp-transport.ts';
import { UdpTransport } from './udp-transport.ts';

/** Real sockets, made at the first use. `udp` has a TCP connection beside it for what does not fit into a datagram. */
export const openSockets: OpenTransport = (kind, options) => {
  const tcp = new TcpTransport(options);
  return kind === 'tcp' ? tcp : new UdpTransport(options, tcp);
};
