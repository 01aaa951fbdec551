/** Where the transports get their sockets from: the system, or the simulator's network. */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';

export interface Sockets {
  /** A TCP connection that is being made: it ends in `connect` or `error`. `address`: an IP address. */
  connect(address: string, port: number): Socket;
  datagrams(family: 'udp4' | 'udp6'): DatagramSocket;
}

export const systemSockets: Sockets = {
  connect: (address, port) => connect({ host: address, port, noDelay: true }),
  datagrams: (family) => createSocket(family),
};
