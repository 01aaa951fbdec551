/** The runtime's timer on the event loop of this machine. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../src/daemon/clock.ts';

/** Answers every question, and reports that the answer is on its way: the asking thread is busy then. */
const answering = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { createServer } = require('node:net');
  const said = new Int32Array(workerData);
  const server = createServer((socket) =>
    socket.on('data', () => socket.end('answer', () => { Atomics.store(said, 0, 1); Atomics.notify(said, 0); server.close(); })));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;

test('an answer that came while this process was busy is handled before the deadline that passed meanwhile', async () => {
  const said = new SharedArrayBuffer(4);
  const peer = new Worker(answering, { eval: true, workerData: said });
  const [port] = (await once(peer, 'message')) as [number];
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const order: string[] = [];
  const both = new Promise<void>((resolve) => {
    const note = (what: string) => order.push(what) === 2 && resolve();
    socket.once('data', () => note('answer'));
    socket.write('question', () => {
      // From here on this process is busy, until the timer is due and the answer is here.
      const deadline = clock.mono() + 20;
      clock.after(20, () => note('deadline'));
      expect(Atomics.wait(new Int32Array(said), 0, 0, 20_000)).not.toBe('timed-out');
      while (clock.mono() < deadline + 5);
    });
  });
  await both;
  expect(order).toEqual(['answer', 'deadline']);
  socket.destroy();
  await once(peer, 'exit');
});

test('a cancelled timer does not fire, even after its time is over', async () => {
  const come: string[] = [];
  const cancel = clock.after(0, () => come.push('cancelled'));
  // Both timers are due in one turn of the event loop, in this order.
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      cancel();
      clock.after(0, resolve);
    }, 1);
    const due = clock.mono() + 10;
    while (clock.mono() < due);
  });
  clock.after(0, () => come.push('cancelled, too'))();
  await new Promise<void>((resolve) => void clock.after(5, resolve));
  expect(come).toEqual([]);
});
