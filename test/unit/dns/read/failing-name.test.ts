/**
 * A name whose alias leads back to itself: BIND and PowerDNS answer SERVFAIL there, and the rest of the zone
 * is well. What is stored is read all the same.
 */
import { describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../../src/core/model/units.ts';
import type { Rrset } from '../../../../src/core/model/zone.ts';
import { TYPE } from '../../../../src/dns/message/codes.ts';
import { encodeRdata } from '../../../../src/dns/message/rdata.ts';
import { SimulatedNameserver } from '../../../sim/world/simulated-nameserver.ts';
import { SimulatedZone } from '../../../sim/world/simulated-zone.ts';
import {
  checkForLeaks,
  clock,
  isUpdate,
  key,
  name,
  sign,
  soon,
  start,
  zone,
} from '../../../support/client-world.ts';
import { answerTo, rr, soaRdata, wire } from '../../../support/fake-nameserver.ts';

checkForLeaks();

const ledgerOwner = `_source-dns.${name}` as Fqdn;
const replicas = 'replicas.example.com.' as Fqdn;
const wildcard = '*.example.com.' as Fqdn;
const typeOf = (message: Buffer) => message.readUInt16BE(12 + message.subarray(12).indexOf(0) + 1);
const questions = [
  { name: ledgerOwner, type: 'TXT' },
  { name, type: 'A' },
  { name, type: 'AAAA' },
  { name, type: 'CNAME' },
  { name: replicas, type: 'A' },
  { name: replicas, type: 'CNAME' },
] as const;
const alias = (owner: Fqdn, target: Fqdn): Rrset => ({
  name: owner,
  type: 'CNAME',
  ttlSeconds: 5,
  rdata: [target],
});
const a = (owner: Fqdn): Rrset => ({ name: owner, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] });

type Odd = (message: Buffer) => Buffer | undefined;

/** A zone with these RRsets. `odd` answers in the nameserver's place. */
async function serve(rrsets: readonly Rrset[], hidesCircles: boolean, odd: Odd = () => undefined) {
  const contents = new SimulatedZone(zone);
  for (const rrset of rrsets) {
    const encoded = encodeRdata(rrset);
    if (encoded.kind === 'invalid') throw new Error(encoded.fault);
    contents.edit(rrset.name, TYPE[rrset.type], {
      ...rrset,
      owner: rrset.name,
      type: TYPE[rrset.type],
      rdata: encoded.rdata,
    });
  }
  const keys = [{ name: key.name, digest: 'sha256', secret: key.secret.export() }] as const;
  const simulated = new SimulatedNameserver({
    zone: contents,
    keys,
    clock,
    grants: new Map([[key.name, new Set()]]),
    hidesCircles,
  });
  const serial = contents.serial;
  const { client, nameserver } = await start(
    (message, reply) => {
      const answer = odd(message) ?? simulated.receive(message, 'tcp');
      if (answer !== undefined) reply(answer);
    },
    {},
    { wildcards: true },
  );
  const read = (more: { readonly zone?: Fqdn } = { zone }) =>
    client.read({ ...more, questions, sides: [replicas], deadline: soon() });
  return { read, nameserver, isUnchanged: () => contents.serial === serial };
}

const servfail = (message: Buffer): Buffer => sign(answerTo(message, { rcode: 2 }), message);

describe.each([
  ['BIND', false],
  ['PowerDNS', true],
])('as on %s', (_, hidesCircles) => {
  test.each([name, 'loop.example.com.' as Fqdn, wildcard])(
    'a wildcard CNAME to %s: no name of ours is stored, and nothing is changed',
    async (target) => {
      const { read, isUnchanged } = await serve([alias(wildcard, target)], hidesCircles);
      for (const given of [{ zone }, {}]) {
        const reading = await read(given);
        expect(reading).toMatchObject({ kind: 'read', zone, rrsets: [] });
        const looping = reading.kind === 'read' ? reading.looping?.map((each) => each.name).toSorted() : [];
        expect(looping).toEqual([ledgerOwner, replicas, name].toSorted());
        if (hidesCircles)
          expect(reading).toMatchObject({ looping: expect.arrayContaining([{ name: replicas, wildcard }]) });
      }
      expect(isUnchanged()).toBe(true);
    },
  );

  test('what is stored beside is read, also by a client that remembers nothing', async () => {
    const { read } = await serve([alias(wildcard, 'loop.example.com.' as Fqdn), a(name)], hidesCircles);
    expect(await read()).toMatchObject({ kind: 'read', rrsets: [a(name)], looping: [{ name: replicas }] });
  });

  test('an alias that is stored is read', async () => {
    const { read } = await serve([alias(replicas, replicas), a(name)], hidesCircles);
    const reading = await read();
    expect(reading).toMatchObject({ kind: 'read', rrsets: [a(name), alias(replicas, replicas)] });
    expect(reading).not.toHaveProperty('looping');
  });
});

describe('SERVFAIL proves nothing', () => {
  const failing =
    (...owners: readonly Fqdn[]): Odd =>
    (message) =>
      owners.some((owner) => message.includes(wire(owner))) ? servfail(message) : undefined;

  test('a nameserver that fails for everything, also for the SOA, is not read', async () => {
    const { read, nameserver } = await serve([], false, servfail);
    for (const given of [{ zone }, {}])
      expect(await read(given)).toMatchObject({ kind: 'failed', failure: { code: 'servfail' } });
    expect(nameserver.received.filter(({ message }) => isUpdate(message))).toEqual([]);
  });

  test('it answers the SOA and fails for our names, and one of them is stored: the failure says which one', async () => {
    const { read } = await serve([a(name)], false, (message) =>
      isUpdate(message) ? undefined : failing(name)(message),
    );
    expect(await read()).toMatchObject({
      failure: {
        code: 'servfail',
        message: expect.stringContaining(`what is stored at ${name} fails`),
        hint: expect.stringContaining('ALIAS'),
      },
    });
  });

  test('it refuses to say what is stored: the reading fails with its words', async () => {
    const { read } = await serve([], false, (message) =>
      isUpdate(message) ? sign(answerTo(message, { rcode: 5 }), message) : failing(name)(message),
    );
    expect(await read()).toMatchObject({ failure: { code: 'update-refused' } });
  });

  test('a zone of its own that is not loaded is not looked for in the zone above, which would take the update', async () => {
    // The DS RRset belongs to the zone above.
    const { read, nameserver } = await serve([], false, (message) =>
      typeOf(message) === 43 ? undefined : failing(name)(message),
    );
    for (const given of [{ zone }, {}])
      expect(await read(given)).toMatchObject({ failure: { code: 'servfail' } });
    expect(nameserver.received.filter(({ message }) => isUpdate(message))).toEqual([]);
  });

  test('without a signature it is not looked into', async () => {
    const { read } = await serve([], false, (message) =>
      message.includes(wire(name)) ? answerTo(message, { rcode: 2 }) : undefined,
    );
    expect(await read({})).toMatchObject({ failure: { code: 'servfail' } });
  });

  test.each([
    ['our name', name],
    ['a side name', replicas],
  ])(
    'one answer for %s among many: the nameserver was reading its zone, and is asked once more',
    async (_what, owner) => {
      let left = 1;
      const { read } = await serve([a(name), a(replicas)], false, (message) =>
        typeOf(message) === 1 && message.includes(wire(owner)) && left-- > 0 ? servfail(message) : undefined,
      );
      const reading = await read();
      expect(reading).toMatchObject({ kind: 'read', rrsets: [a(name), a(replicas)] });
      expect(reading).not.toHaveProperty('outside');
    },
  );

  test('at a side name, while the zone is not answered either: the reading fails', async () => {
    const { read } = await serve([a(name), a(replicas)], false, (message) =>
      typeOf(message) === 6 || message.includes(wire(replicas)) ? servfail(message) : undefined,
    );
    expect(await read()).toMatchObject({ kind: 'failed', failure: { code: 'servfail' } });
  });

  test('at a side name, without a signature: the reading fails', async () => {
    const { read } = await serve([a(name), a(replicas)], false, (message) =>
      message.includes(wire(replicas)) ? answerTo(message, { rcode: 2 }) : undefined,
    );
    expect(await read()).toMatchObject({ kind: 'failed' });
  });

  test('not more than once: the next reading asks again', async () => {
    let left = 2;
    const { read } = await serve([a(name)], false, (message) =>
      typeOf(message) === 28 && left-- > 0 ? servfail(message) : undefined,
    );
    expect(await read()).toMatchObject({ failure: { code: 'servfail' } });
    expect(await read()).toMatchObject({ kind: 'read', rrsets: [a(name)] });
  });

  test('at a side name alone: the others are read', async () => {
    const { read } = await serve([a(name), a(replicas)], false, (message) =>
      isUpdate(message) ? undefined : failing(replicas)(message),
    );
    expect(await read()).toMatchObject({
      kind: 'read',
      rrsets: [a(name)],
      outside: [{ name: replicas, failure: { code: 'servfail' } }],
    });
  });

  test('a DNAME above that leads back to itself: nothing below it can be published', async () => {
    const dname = rr('example.com.', 39, wire('example.com.'));
    const { read } = await serve([], false, (message) => {
      if (isUpdate(message) || typeOf(message) === 6) return undefined;
      if (typeOf(message) !== 5) return servfail(message);
      const owner = message.includes(wire(ledgerOwner)) ? ledgerOwner : name;
      return sign(
        answerTo(message, {
          answers: [dname, rr(owner, 5, wire(owner))],
          authorities: [rr(zone, 6, soaRdata(1))],
        }),
        message,
      );
    });
    expect(await read()).toMatchObject({
      failure: { code: 'not-in-zone', message: expect.stringContaining('has the DNAME') },
    });
  });
});
