/** A process that stands still for a while: what has arrived meanwhile counts. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { MonoMs } from '../../../../src/core/model/units.ts';
import type { Exchange } from '../../../../src/dns/transport/exchange.ts';
import { tcpQueueLimits } from '../../../../src/dns/transport/queue.ts';
import { TcpTransport } from '../../../../src/dns/transport/tcp.ts';
import { settled } from '../../../support/fakes.ts';
import { lateClock } from '../../../support/late-clock.ts';

const timeoutMs = 2000;

/** A connection whose other end is the test. */
class HeldSocket extends EventEmitter {
  readonly sent: Buffer[] = [];
  write(bytes: Buffer): boolean {
    this.sent.push(bytes);
    return true;
  }
  cork(): void {}
  uncork(): void {}
  destroy(): void {}
  /** Sends back each message from this one on: it is its own answer. */
  answer(from = 0): void {
    for (const bytes of this.sent.slice(from)) this.emit('data', bytes);
  }
}

function world() {
  const clock = lateClock();
  const sockets: HeldSocket[] = [];
  const transport = new TcpTransport(
    {
      nameserver: 'ns1',
      host: '127.0.0.1',
      port: 53,
      timeoutMs,
      clock,
      messageId: () => 7,
    } as ConstructorParameters<typeof TcpTransport>[0],
    {
      connect() {
        const socket = new HeldSocket();
        sockets.push(socket);
        return socket as unknown as Socket;
      },
    } as unknown as ConstructorParameters<typeof TcpTransport>[1],
  );
  const ask = (lane: string) => {
    const exchange: Exchange<string> = {
      lane,
      repeatable: true,
      deadline: (clock.mono() + timeoutMs) as MonoMs,
      attempt(id) {
        const bytes = Buffer.alloc(12);
        bytes.writeUInt16BE(id);
        return { bytes, judge: () => ({ kind: 'final', value: lane }) };
      },
    };
    return transport.exchange(exchange);
  };
  /** A question that has left over an open connection. */
  const asked = async () => {
    const answered = ask('shop');
    await settled();
    sockets[0]!.emit('connect');
    return { answered };
  };
  return { clock, sockets, transport, ask, asked };
}

test('an answer that arrived while the process stood still is read before it is given up', async () => {
  const { clock, sockets, asked, transport } = world();
  const { answered } = await asked();
  // The timers of an event loop come before what has arrived.
  clock.pass(timeoutMs + 1000);
  sockets[0]!.answer();
  clock.pass(0);
  expect(await answered).toEqual({ kind: 'answered', value: 'shop' });
  transport.close();
});

test('a connection that was accepted while the process stood still is used', async () => {
  const { clock, sockets, transport, ask } = world();
  void ask('shop');
  await settled();
  clock.pass(timeoutMs + 1000);
  sockets[0]!.emit('connect');
  clock.pass(0);
  const answered = ask('blog');
  sockets[0]!.answer();
  expect(await answered).toEqual({ kind: 'answered', value: 'blog' });
  expect(sockets).toHaveLength(1);
  transport.close();
});

test('without an answer it is given up in the next moment', async () => {
  const { clock, asked, transport } = world();
  const { answered } = await asked();
  clock.pass(timeoutMs + 1000);
  clock.pass(0);
  expect(await answered).toMatchObject({ kind: 'unanswered' });
  transport.close();
});

test('questions that begin meanwhile put nothing off', async () => {
  const { clock, ask, asked, transport } = world();
  const { answered } = await asked();
  clock.pass(timeoutMs + 1000);
  void ask('blog');
  clock.pass(30);
  void ask('wiki');
  expect(await answered).toMatchObject({ kind: 'unanswered' });
  transport.close();
});

test('a thousand names are asked within three turns of the event loop', async () => {
  const { sockets, ask, transport } = world();
  const names = Array.from({ length: 1000 }, (_, index) => `c${index}`);
  const all = Promise.all(names.map(ask));
  await settled();
  const [socket] = sockets;
  socket!.emit('connect');
  let [turns, done] = [0, 0];
  while (done < names.length && turns < 10) {
    turns += 1;
    const until = socket!.sent.length;
    socket!.answer(done);
    done = until;
  }
  expect(turns).toBeLessThanOrEqual(3);
  expect((await all).every(({ kind }) => kind === 'answered')).toBe(true);
  expect(tcpQueueLimits.inFlight.question).toBeGreaterThan(names.length / 3);
  transport.close();
});
