/** Opens the transports: on the system's sockets, or on those of the simulator's network. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { OpenTransport, Sockets } from './exchange.ts';
import { TcpTransport } from './tcp.ts';
import { UdpTransport } from './udp.ts';

export const systemSockets: Sockets = {
  connect: (address, port) => connect({ host: address, port, noDelay: true }),
  datagrams: (family) => createSocket(family),
};

/** `udp` also has a TCP connection for what does not fit into a datagram. The first use makes the sockets. */
export const transportsOn =
  (sockets: Sockets): OpenTransport =>
  (kind, options) => {
    const tcp = new TcpTransport(options, sockets);
    return kind === 'tcp' ? tcp : new UdpTransport(options, tcp, sockets);
  };

export const openSockets: OpenTransport = transportsOn(systemSockets);
