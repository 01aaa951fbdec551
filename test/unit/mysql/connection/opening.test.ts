/** Connections are opened through one gate, and live longer than the probe that wanted them. */

import { expect, test } from 'vitest';
import { OpeningGate } from '../../../../src/mysql/connection/opening-gate.ts';
import { lightTraitsQueries, rowsQuery } from '../../../../src/mysql/flavour/flavour.ts';
import {
  answering,
  clock,
  deadline,
  errorPacket,
  fake,
  falseMysqld,
  proberOf,
} from '../../../support/false-server.ts';
import { healthyReply } from '../../../support/healthy.ts';

const kindOf = ({ kind }: { readonly kind: string }): string => kind;

/** A gate whose slots are all taken; `open` gives them back. */
async function busyGate() {
  const gate = new OpeningGate(clock);
  const tickets = Array.from({ length: 64 }, () => gate.ticket());
  for (const ticket of tickets) void ticket.take();
  return {
    gate,
    open: () => {
      for (const ticket of tickets) ticket.giveBack();
    },
  };
}

test('a server whose connection waits for its turn was not asked, and the next probe finds it open', async () => {
  const server = await answering(healthyReply());
  const { gate, open } = await busyGate();
  const prober = proberOf(server.address, { gate });
  expect(await prober.probe(server.address, deadline(50))).toMatchObject({
    kind: 'unasked',
    failure: {
      code: 'connection-waits',
      message: expect.stringMatching(
        /: our connection to it waits for its turn: \d+ connections wait to be opened$/,
      ),
    },
  });
  expect(server.connections).toHaveLength(0);
  open();
  expect(await prober.probe(server.address, deadline())).toMatchObject({ kind: 'reachable' });
  expect(server.connections).toHaveLength(1);
});

test('a time-out begins with the attempt, not with its place in the queue', async () => {
  const server = await answering(healthyReply());
  const { gate, open } = await busyGate();
  const prober = proberOf(server.address, { gate, connectTimeoutMs: 200 });
  expect(await prober.probe(server.address, deadline(300))).toMatchObject({ kind: 'unasked' });
  open();
  expect(await prober.probe(server.address, deadline())).toMatchObject({ kind: 'reachable' });
});

test('an attempt goes on behind a probe that could not wait, and none begins beside it', async () => {
  let greet: () => void = () => undefined;
  const server = await falseMysqld({
    reply: healthyReply(),
    tamper({ step, packets }, { write }) {
      if (step === 'greeting') greet = () => write(Buffer.concat(packets));
      else write(Buffer.concat(packets));
    },
  });
  const prober = proberOf(server.address, { connectTimeoutMs: 5000 });
  expect(await prober.probe(server.address, deadline(100))).toMatchObject({
    kind: 'unasked',
    failure: { code: 'connection-not-open-yet' },
  });
  const next = prober.probe(server.address, deadline());
  greet();
  expect(await next).toMatchObject({ kind: 'reachable' });
  expect(server.connections).toHaveLength(1);
});

test('an attempt that began and timed out was silence', async () => {
  const { address } = await fake(() => undefined);
  const prober = proberOf(address, { connectTimeoutMs: 100 });
  expect(await prober.probe(address, deadline())).toMatchObject({
    kind: 'unknown',
    failure: { code: 'deadline' },
  });
});

test('servers that say nothing do not hold the slots of those that answer', async () => {
  const gate = new OpeningGate(clock);
  const options = { gate, connectTimeoutMs: 20_000, queryTimeoutMs: 5000 };
  const silent = await fake(() => undefined);
  const server = await answering(healthyReply());
  for (let index = 0; index < 200; index += 1)
    void proberOf(silent.address, options).probe(silent.address, deadline(25_000));
  const probe = await proberOf(server.address, options).probe(server.address, deadline(25_000));
  expect(probe).toMatchObject({ kind: 'reachable' });
});

test('two hundred probers that begin at once open their connections one after the other', async () => {
  const gate = new OpeningGate(clock);
  let [open, most] = [0, 0];
  const server = await falseMysqld({
    reply: healthyReply(),
    tamper({ step, packets }, { write }) {
      if (step === 'greeting') open += 1;
      if (step === 'login-result') open -= 1;
      most = Math.max(most, open);
      write(Buffer.concat(packets));
    },
  });
  const options = { gate, connectTimeoutMs: 20_000, queryTimeoutMs: 20_000 };
  const probers = Array.from({ length: 200 }, () => proberOf(server.address, options));
  const probes = await Promise.all(probers.map((prober) => prober.probe(server.address, deadline(60_000))));
  expect(new Set(probes.map(kindOf))).toEqual(new Set(['reachable']));
  expect(server.connections).toHaveLength(200);
  expect(most).toBeLessThanOrEqual(64);
});

test('after all connections broke at once, they are opened again through the gate, each once', async () => {
  const gate = new OpeningGate(clock);
  const server = await answering(healthyReply());
  const options = { gate, connectTimeoutMs: 20_000, queryTimeoutMs: 20_000 };
  const probers = Array.from({ length: 50 }, () => proberOf(server.address, options));
  const ask = () => Promise.all(probers.map((prober) => prober.probe(server.address, deadline(60_000))));
  await ask();
  for (const { socket } of server.connections) socket.destroy();
  const lost = probers.map((prober) => new Promise((resolve) => prober.onConnectionLost(resolve)));
  await Promise.all(lost);
  expect(new Set((await ask()).map(kindOf))).toEqual(new Set(['reachable']));
  expect(server.connections).toHaveLength(100);
});

test('attempts that fail, and those that are given up, keep no slot', async () => {
  const full = await fake((socket) => void socket.end(errorPacket(1040, 'Too many connections')));
  const gone = await fake((socket) => void socket.destroy());
  const gate = new OpeningGate(clock);
  const failing = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? full : gone).address);
  const probes = await Promise.all(
    failing.map((address) => proberOf(address, { gate }).probe(address, deadline())),
  );
  expect(new Set(probes.map(kindOf))).toEqual(new Set(['alive', 'unknown']));
  expect(gate.waiting).toBe(0);
  const silent = await fake(() => undefined);
  const given = Array.from({ length: 100 }, () => proberOf(silent.address, { gate }));
  const waiting = given.map((prober) => prober.probe(silent.address, deadline()));
  await Promise.all(given.map((prober) => prober.close()));
  expect((await Promise.all(waiting)).map(kindOf)).not.toContain('reachable');
  const well = await answering(healthyReply());
  expect(await proberOf(well.address, { gate }).probe(well.address, deadline())).toMatchObject({
    kind: 'reachable',
  });
});

test('an attempt that is given up when its turn comes connects to nobody', async () => {
  const server = await fake(() => undefined);
  const gate = new OpeningGate(clock);
  const tickets = Array.from({ length: 8 }, () => gate.ticket());
  await Promise.all(tickets.map((ticket) => ticket.take()));
  const prober = proberOf(server.address, { gate });
  const probe = prober.probe(server.address, deadline());
  // In the same moment it gets a slot and is closed.
  tickets[0]?.giveBack();
  await prober.close();
  await probe;
  const last = proberOf(server.address, { gate, connectTimeoutMs: 50 });
  expect(await last.probe(server.address, deadline())).toMatchObject({ kind: 'unknown' });
  expect(server.sockets).toHaveLength(1);
});

test('what must be known before the first probe is asked in one round trip', async () => {
  const held: Buffer[] = [];
  const server = await falseMysqld({
    reply: healthyReply(),
    // It answers the first statements when it has all of them.
    tamper({ sql, packets }, { write }) {
      held.push(...packets);
      const isFirst = [rowsQuery, ...lightTraitsQueries].some((text) => text === sql);
      if (!isFirst) write(Buffer.concat(held.splice(0)));
    },
  });
  expect(await proberOf(server.address).probe(server.address, deadline())).toMatchObject({
    kind: 'reachable',
  });
});

test.each([1193, 1047])('error %i of a variable that most servers do not know', async (errno) => {
  const reply = healthyReply();
  const server = await falseMysqld({
    reply: (sql) => (sql === lightTraitsQueries[2] ? { errno, text: 'No.' } : reply(sql)),
  });
  expect(await proberOf(server.address).probe(server.address, deadline())).toMatchObject(
    errno === 1193 ? { kind: 'reachable' } : { kind: 'alive', failure: { code: 'mysql-1047' } },
  );
});

test('what cannot take several statements at once is asked one by one the next time', async () => {
  const server = await falseMysqld({
    reply: healthyReply(),
    tamper({ packets }, { write, heard, end }) {
      const before = heard.length;
      setImmediate(() => (heard.length === before ? write(Buffer.concat(packets)) : end()));
    },
  });
  const prober = proberOf(server.address);
  expect(await prober.probe(server.address, deadline())).toMatchObject({ kind: 'unknown' });
  expect(await prober.probe(server.address, deadline())).toMatchObject({ kind: 'reachable' });
});
