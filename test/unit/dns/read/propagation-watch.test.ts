/**
 * Watching nameservers and resolvers: few questions while nothing changes, a question at once after a change,
 * and only the newest change.
 */
import { expect, test } from 'vitest';
import type { Fqdn, MonoMs } from '../../../../src/core/model/units.ts';
import type { Rrset } from '../../../../src/core/model/zone.ts';
import { authoritiesKeptMs } from '../../../../src/dns/read/propagation-watch.ts';
import {
  address,
  checkForLeaks,
  clock,
  name,
  soon,
  start,
  unsigned,
  zone,
} from '../../../support/client-world.ts';
import {
  answerTo,
  type FakeNameserver,
  rr,
  soaRdata,
  startFakeNameserver,
  wire,
} from '../../../support/fake-nameserver.ts';

checkForLeaks();

const typeOf = (message: Buffer) => message.readUInt16BE(message.length - 4);
const at = ({ port }: FakeNameserver) => ({ host: '127.0.0.1', port });
const addressIs = (last: number): Rrset => ({ ...address, rdata: [`192.0.2.${last}`] }) as Rrset;
const a = (last: number, owner: string = name) => rr(owner, 1, Buffer.of(192, 0, 2, last));

/** A nameserver at some serial, which answers what that serial has. */
async function secondary() {
  const told = { serial: 1, last: 9 };
  const nameserver = await startFakeNameserver((message, reply) => {
    if (typeOf(message) === 6) reply(answerTo(message, { answers: [rr(zone, 6, soaRdata(told.serial))] }));
    else reply(answerTo(message, { answers: typeOf(message) === 1 ? [a(told.last)] : [] }));
  });
  const asked = (type: number) =>
    nameserver.received.filter(({ message }) => typeOf(message) === type).length;
  return { nameserver, told, asked };
}

test('the watch asks ever less often while the serial stays, and at once when it changes', async () => {
  const { nameserver, told, asked } = await secondary();
  const { client } = await start(() => {}, { verify: [at(nameserver)] });
  const report = client.propagation({ zone, present: [addressIs(1)], absent: [], deadline: soon(5000) });
  await expect.poll(() => asked(6), { interval: 5, timeout: 4000 }).toBeGreaterThan(20);
  expect(asked(1)).toBeLessThan(asked(6));
  Object.assign(told, { serial: 2, last: 1 });
  expect((await report).nameservers).toMatchObject([{ serial: 2, answeredAt: expect.any(Number) }]);
  await nameserver.close();
});

test('one lookout watches a thousand changes, and asks a silent nameserver one question', async () => {
  const silent = await startFakeNameserver(() => {});
  const { client } = await start(() => {}, { verify: [at(silent)] });
  const names = Array.from({ length: 1000 }, (_, index) => `source.c${index}.example.com.` as Fqdn);
  const reports = await Promise.all(
    names.map((owner) =>
      client.propagation({
        zone,
        present: [{ ...addressIs(1), name: owner }],
        absent: [],
        deadline: soon(600),
      }),
    ),
  );
  expect(new Set(reports.map(({ nameservers }) => nameservers[0]?.failure?.code))).toEqual(
    new Set(['no-answer']),
  );
  expect(silent.received.length).toBeLessThan(10);
  await silent.close();
});

test('a newer change supersedes the older change of that name only', async () => {
  const { nameserver, told } = await secondary();
  const { client } = await start(() => {}, { verify: [at(nameserver)] });
  const watch = (last: number, owner = name) =>
    client.propagation({
      zone,
      present: [{ ...addressIs(last), name: owner } as Rrset],
      absent: [],
      deadline: soon(3000),
    });
  const other = watch(2, 'other.example.com.' as Fqdn);
  const older = watch(1);
  const newer = watch(2);
  expect(await older).toMatchObject({ superseded: true, nameservers: [{ failure: { code: 'superseded' } }] });
  Object.assign(told, { serial: 2, last: 2 });
  const report = await newer;
  expect(report.nameservers).toMatchObject([{ serial: 2 }]);
  expect(report).not.toHaveProperty('superseded');
  await client.close();
  expect((await other).nameservers).toMatchObject([{ failure: { code: 'client-closed' } }]);
  await nameserver.close();
});

test('resolvers get RD = 1, need no authority, and get no question for a serial', async () => {
  let last = 9;
  const resolver = await startFakeNameserver((message, reply) =>
    reply(answerTo(message, { flags: 0x0080, answers: [a(last)] })),
  );
  const { client } = await start(() => {}, { resolvers: [at(resolver)] });
  const report = client.propagation({
    zone,
    present: [addressIs(1)],
    absent: [],
    among: 'resolvers',
    deadline: soon(3000),
  });
  await expect.poll(() => resolver.received.length, { interval: 5 }).toBeGreaterThan(1);
  last = 1;
  expect((await report).nameservers).toEqual([
    { nameserver: `127.0.0.1:${resolver.port}`, answeredAt: expect.any(Number) },
  ]);
  for (const { message } of resolver.received)
    expect([typeOf(message), message.readUInt16BE(2) & 0x0100]).toEqual([1, 0x0100]);
  await resolver.close();
});

test('the NS RRset is read again, so the watch also waits for a new secondary', async () => {
  let hosts = ['ns1.example.com.'];
  let skew = 0;
  const { client, nameserver } = await start(
    (message, reply) => {
      const type = typeOf(message);
      if (type === 2) reply(answerTo(message, { answers: hosts.map((host) => rr(zone, 2, wire(host))) }));
      else if (type === 6) reply(answerTo(message, { answers: [rr(zone, 6, soaRdata(3))] }));
      else if (message.includes(wire('ns1.example.com.')))
        reply(
          answerTo(message, {
            answers: type === 1 ? [rr('ns1.example.com.', 1, Buffer.of(127, 0, 0, 1))] : [],
          }),
        );
      else reply(answerTo(message, { answers: type === 1 ? [a(1)] : [] }));
    },
    { ...unsigned(), clock: { ...clock, mono: () => (clock.mono() + skew) as MonoMs } },
  );
  const watch = async () => {
    const deadline = (soon(3000) + skew) as MonoMs;
    const { nameservers } = await client.propagation({ zone, present: [addressIs(1)], absent: [], deadline });
    return nameservers.map((one) => one.nameserver);
  };
  const first = `127.0.0.1:${nameserver.port}`;
  expect(await watch()).toEqual([first]);
  hosts = [...hosts, 'ns2.invalid.'];
  expect(await watch()).toEqual([first]);
  skew = authoritiesKeptMs + 1;
  expect(await watch()).toEqual([first, 'ns2.invalid.']);
});
