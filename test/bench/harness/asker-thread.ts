/**
 * The thread of asker.ts. Node's timers are too coarse for pauses below a millisecond, and a loop without a
 * pause would take a core from what is measured: so the thread sleeps on a futex.
 */

import { createSocket, type Socket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { decode, encode } from 'dns-packet';
import type { AskerOrder, AskerResult } from './asker.ts';
import { monotonicMs } from './monotonic.ts';

const port = parentPort;
if (port === null) throw new Error('asker-thread.ts runs in a worker thread');

const pauseMs = Number(workerData);
const flagAa = 1 << 10;
/** A datagram that got lost is asked for again. */
const againMs = 100;
const nothing = new Int32Array(new SharedArrayBuffer(4));

port.on('message', (order: AskerOrder) => {
  const socket = createSocket('udp4');
  socket.connect(order.port, order.address, () => askUntil(socket, order));
});
port.postMessage('ready');

function askUntil(socket: Socket, { name, wanted }: AskerOrder): void {
  // The same bytes each time: an unchanged answer has the same bytes, too, and is not decoded again.
  const question = encode({ type: 'query', id: 1, flags: 0, questions: [{ type: 'A', name }] });
  let last: Buffer = Buffer.alloc(0);
  let questions = 0;
  const ask = (): void => {
    questions += 1;
    socket.send(question);
    again.refresh();
  };
  const again = setTimeout(ask, againMs);
  socket.on('message', (answer) => {
    const at = monotonicMs();
    if (!answer.equals(last)) {
      last = answer;
      if (addressIn(answer) === wanted) {
        clearTimeout(again);
        socket.close();
        port?.postMessage({ at, questions } satisfies AskerResult);
        return;
      }
    }
    Atomics.wait(nothing, 0, 0, pauseMs);
    ask();
  });
  // A nameserver that starts refuses datagrams.
  socket.on('error', () => undefined);
  ask();
}

/** The only address of an authoritative answer. */
function addressIn(answer: Buffer): string | undefined {
  const { flags = 0, answers = [] } = decode(answer);
  const [only, second] = answers;
  if ((flags & flagAa) === 0 || second !== undefined || only?.type !== 'A') return undefined;
  return only.data;
}
