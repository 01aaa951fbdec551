/**
 * Crowds of connections, as public reports on other tools tell of them: what is late through us, or through
 * the others in the crowd, is never taken for silence of a server.
 */

import { expect, test } from 'vitest';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import { OpeningGate } from '../../../../src/mysql/connection/opening-gate.ts';
import type { ServerProber } from '../../../../src/ports.ts';
import type { Message } from '../../../support/false-mysqld.ts';
import { answering, clock, deadline, falseMysqld, proberOf } from '../../../support/false-server.ts';
import { healthyReply } from '../../../support/healthy.ts';

const patient = { connectTimeoutMs: 20_000, queryTimeoutMs: 20_000 };

/** Asks until the server was asked; tells every kind of answer on the way. */
async function untilAsked(prober: ServerProber, address: ServerAddress, ms: number): Promise<string[]> {
  const kinds: string[] = [];
  while (kinds.length === 0 || kinds.at(-1) === 'unasked')
    kinds.push((await prober.probe(address, deadline(ms))).kind);
  return kinds;
}

/** Greets, and then says nothing more: a server whose disk hangs. */
const hanging = () =>
  falseMysqld({
    reply: healthyReply(),
    tamper({ step, packets }: Message, { write }) {
      if (step === 'greeting') write(Buffer.concat(packets));
    },
  });

// Reported of orchestrator: servers that do not answer took all workers, and healthy ones
// were checked late, or not at all.
test('behind a crowd of servers that hang in the login, a healthy server is unasked, never silent', async () => {
  const gate = new OpeningGate(clock);
  const [hung, healthy] = [await hanging(), await answering(healthyReply())];
  const options = { gate, connectTimeoutMs: 200, queryTimeoutMs: 20_000 };
  for (let index = 0; index < 40; index += 1)
    void proberOf(hung.address, options).probe(hung.address, deadline(20_000));
  const prober = proberOf(healthy.address, { gate, ...patient });
  const kinds = await untilAsked(prober, healthy.address, 25_000);
  expect(kinds.at(-1)).toBe('reachable');
  expect(healthy.connections).toHaveLength(1);
});

// Reported of orchestrator: a host that needs longer than a fixed second for a check
// counted as unreachable.
test('a login that outlasts several probes is one connection, and no silence', async () => {
  let goOn: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const server = await falseMysqld({
    reply: healthyReply(),
    tamper({ step, packets }, { write }) {
      if (step === 'login-result') void released.then(() => write(Buffer.concat(packets)));
      else write(Buffer.concat(packets));
    },
  });
  const prober = proberOf(server.address, patient);
  for (let time = 0; time < 3; time += 1)
    expect(await prober.probe(server.address, deadline(100))).toMatchObject({ kind: 'unasked' });
  const last = prober.probe(server.address, deadline(25_000));
  goOn();
  expect(await last).toMatchObject({ kind: 'reachable' });
  expect(server.connections).toHaveLength(1);
});

// Reported of ProxySQL: the monitor could not create a connection, and took the source away.
test('after a crowd lost its connections, no server is refused or silent while all of them return', async () => {
  const gate = new OpeningGate(clock);
  let loggingIn = 0;
  const server = await falseMysqld({
    reply: healthyReply(),
    tamper({ step, packets }, { write, end }) {
      if (step === 'greeting') loggingIn += 1;
      if (step === 'login-result') loggingIn -= 1;
      if (loggingIn > 64) end();
      else write(Buffer.concat(packets));
    },
  });
  const probers = Array.from({ length: 100 }, () => proberOf(server.address, { gate, ...patient }));
  const ask = () => Promise.all(probers.map((prober) => untilAsked(prober, server.address, 25_000)));
  await ask();
  for (const { socket } of server.connections) socket.destroy();
  await Promise.all(probers.map((prober) => new Promise((resolve) => prober.onConnectionLost(resolve))));
  const kinds = new Set((await ask()).flat());
  expect(kinds).not.toContain('unknown');
  expect(kinds).toContain('reachable');
});

// Reported of ProxySQL: checks far too often made the checks time out.
test('a server that closes every connection after the login gets one attempt for each probe', async () => {
  const server = await falseMysqld({
    reply: healthyReply(),
    tamper({ step, packets }, { write, end }) {
      if (step === 'answer') end();
      else write(Buffer.concat(packets));
    },
  });
  const prober = proberOf(server.address);
  for (let count = 1; count <= 5; count += 1) {
    expect(await prober.probe(server.address, deadline())).toMatchObject({ kind: 'unknown' });
    expect(server.connections).toHaveLength(count);
  }
});
