/** A nameserver that passes each datagram on to another one, and counts the questions. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface CountingNameserver {
  /** `address:port`. */
  readonly server: string;
  readonly questions: number;
  close(): void;
}

export async function countingNameserver(to: {
  readonly address: string;
  readonly port: number;
}): Promise<CountingNameserver> {
  const socket = createSocket('udp4');
  let questions = 0;
  socket.on('message', (question, from) => {
    questions += 1;
    const passed = createSocket('udp4');
    passed.on('message', (answer) => {
      socket.send(answer, from.port, from.address);
      passed.close();
    });
    passed.send(question, to.port, to.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    server: `127.0.0.1:${socket.address().port}`,
    get questions() {
      return questions;
    },
    close: () => socket.close(),
  };
}
