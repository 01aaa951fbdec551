/** A client and a fake nameserver. After each test, neither may leave a socket or a timer. */
import { afterEach, expect } from 'vitest';
import type { Fqdn, MonoMs } from '../../src/core/model/units.ts';
import type { Rrset, UpdatePlan } from '../../src/core/model/zone.ts';
import { systemClock } from '../../src/daemon/clock.ts';
import { createRfc2136Client } from '../../src/dns/client/rfc2136.ts';
import { tsigKey } from '../../src/dns/message/tsig.ts';
import type { Rfc2136Options } from '../../src/dns/read/reading-side.ts';
import type { Clock, ZoneClient } from '../../src/ports.ts';
import {
  answerTo,
  type FakeNameserver,
  type Handler,
  rr,
  signAnswer,
  startFakeNameserver,
} from './fake-nameserver.ts';

export const zone = 'example.com.' as Fqdn;
export const name = 'source.example.com.' as Fqdn;
export const key = tsigKey('k.' as Fqdn, 'hmac-sha256', Buffer.from('the secret of this test'));
export const address: Rrset = { name, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] };
export const plan: UpdatePlan = { zone, prerequisites: [], changes: [{ kind: 'add-rrset', rrset: address }] };

const timers = new Set<object>();
/** The system's clock, which counts the pending timers. */
export const clock: Clock = {
  ...systemClock,
  after: (ms, callback) => {
    const timer = {};
    timers.add(timer);
    const cancel = systemClock.after(ms, () => {
      timers.delete(timer);
      callback();
    });
    return () => {
      timers.delete(timer);
      cancel();
    };
  },
};

export const soon = (ms = 3000) => (clock.mono() + ms) as MonoMs;
export const nowSeconds = () => Math.floor(Date.now() / 1000);
export const sign = (answer: Buffer, request: Buffer) =>
  signAnswer(answer, request, { key, timeSeconds: nowSeconds() });
export const isUpdate = (message: Buffer) => (message.readUInt16BE(2) & 0x7800) === 0x2800;
export const aAnswer = (message: Buffer, last = 1) =>
  answerTo(message, { answers: [rr(name, 1, Buffer.of(192, 0, 2, last))] });

const running: { nameserver: FakeNameserver; client: ZoneClient }[] = [];

/** Call this at the top of each test file. */
export function checkForLeaks(): void {
  afterEach(async () => {
    for (const { nameserver, client } of running.splice(0)) {
      await client.close();
      await nameserver.close();
    }
    expect(timers.size).toBe(0);
    // No socket is left on either side. A closed socket needs a turn of the event loop to go.
    await expect
      .poll(() => process.getActiveResourcesInfo().filter((kind) => /TCP|UDP/.test(kind)), { interval: 1 })
      .toEqual([]);
  });
}

const isSigned = (message: Buffer) => message.readUInt16BE(10) === 1;
/** There is no wildcard. The client asks when it reads an RRset for the first time. */
const noWildcard = (message: Buffer): Buffer | undefined => {
  if (!message.includes('_source-dns-wildcard')) return undefined;
  const answer = answerTo(message, { rcode: 3 });
  return isSigned(message) ? sign(answer, message) : answer;
};

/** Starts both; the test's end stops them. `wildcards`: the handler also gets the question for a wildcard. */
export async function start(
  handler: Handler,
  options: Partial<Rfc2136Options> = {},
  { wildcards = false } = {},
) {
  const nameserver = await startFakeNameserver(handler, wildcards ? undefined : noWildcard);
  const client = createRfc2136Client({
    name: 'ns1',
    address: '127.0.0.1',
    port: nameserver.port,
    transport: 'tcp',
    key,
    fudgeSeconds: 30,
    timeoutMs: 3000,
    clock,
    ...options,
  });
  running.push({ nameserver, client });
  const update = (deadline = soon(), notAfter = deadline) => client.update({ plan, notAfter, deadline });
  const read = (deadline = soon()) => client.read({ zone, questions: [address], deadline });
  return { nameserver, client, update, read };
}

/** Without a key: exactOptionalPropertyTypes does not allow `key: undefined`. */
export function unsigned(): Partial<Rfc2136Options> {
  return { key: undefined } as unknown as Partial<Rfc2136Options>;
}
