/** Changes a message of a server in ways that find holes in a client. */

import * as wire from '../../support/wire.ts';

export type Random = (below: number) => number;

export const pick = <T>(random: Random, items: readonly T[]): T => items[random(items.length)]!;

const numbers = [0, 1, 2, 3, 4, 9, 10, 0x0c, 0x23, 0x7f, 0x80, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];

/** Packets of every state of a connection: each is wrong in most of the others. */
const payloads: readonly Buffer[] = [
  wire.greeting({ tls: false }),
  wire.greeting({ tls: true, plugin: 'mysql_clear_password' }),
  wire.greeting({
    tls: false,
    version: '5.5.5-10.11.6-MariaDB',
    plugin: 'client_ed25519',
    capabilities: 0xffff_f7fe,
  }),
  wire.ok,
  Buffer.of(0, 0, 0, 10, 0, 0, 0),
  Buffer.of(0, 1, 0, 2, 0x40, 0, 0, 4, 0, 2, 1, 0x61),
  wire.eof,
  Buffer.of(0xfe, 0, 0, 10, 0),
  Buffer.of(0xfe),
  Buffer.of(0xff),
  Buffer.of(0xff, 1),
  wire.error(1045, 'Access denied'),
  wire.error(4031, 'The client was disconnected by the server because of inactivity.'),
  wire.error(1053, 'Server shutdown in progress'),
  wire.error(65_535, '\u0001\u0002\u0001\u0000\u0000\u0003abc'),
  wire.loginSwitch('caching_sha2_password'),
  wire.loginSwitch('sha256_password'),
  wire.loginSwitch('mysql_clear_password'),
  wire.loginSwitch('__proto__'),
  Buffer.concat([Buffer.of(2), Buffer.from('caching_sha2_password\0'), wire.scramble]),
  Buffer.of(1, 3),
  Buffer.of(1, 4),
  Buffer.of(1),
  Buffer.from('\u0001-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n'),
  Buffer.from('\xfb/etc/passwd', 'latin1'),
  Buffer.of(0xfc),
  Buffer.of(0xfc, 0xff, 0xff),
  Buffer.from('feffffffffffffffff', 'hex'),
  wire.column('a'),
  wire.column('__proto__'),
  wire.column(null),
  wire.column('\u001b[2J\n', { type: 245, charset: 63 }),
  wire.column('g', { type: 255, charset: 9 }),
  wire.row(['x']),
  wire.row([null]),
  wire.row(['x'.repeat(300)]),
  Buffer.alloc(0),
];

type Change = (packets: readonly Buffer[], random: Random) => readonly Buffer[];

const atOne =
  (change: (packet: Buffer, random: Random) => Buffer): Change =>
  (packets, random) => {
    const at = random(packets.length);
    return packets.map((packet, index) =>
      index === at && packet.length >= 4 ? change(Buffer.from(packet), random) : packet,
    );
  };

const foreign = (random: Random): Buffer =>
  wire.packet(random(3) === 0 ? random(256) : random(5), pick(random, payloads));

const changes: readonly Change[] = [
  // Bytes of the header and of the payload.
  atOne((packet, random) => {
    for (let count = 1 + random(4); count > 0; count -= 1)
      packet[random(packet.length)] = random(2) === 0 ? random(256) : pick(random, numbers);
    return packet;
  }),
  atOne((packet, random) => {
    packet[4 + random(Math.max(1, packet.length - 4))] = pick(random, numbers);
    return packet;
  }),
  atOne((packet, random) => {
    packet[3] = random(256);
    return packet;
  }),
  atOne((packet, random) => {
    packet.writeUIntLE(pick(random, [0, 1, 2, 3, 5, 16_384, 16_385, 2_097_153, 0xff_ff_ff]), 0, 3);
    return packet;
  }),
  // A packet that is cut off, with or without the right length.
  atOne((packet, random) => packet.subarray(0, random(packet.length + 1))),
  atOne((packet, random) =>
    wire.packet(packet[3] ?? 0, packet.subarray(4, 4 + random(Math.max(1, packet.length - 4)))),
  ),
  // More bytes than belong there.
  atOne((packet, random) => {
    const at = 4 + random(Math.max(1, packet.length - 3));
    const more = Buffer.alloc(1 + random(40), random(256));
    return wire.packet(packet[3] ?? 0, Buffer.concat([packet.subarray(4, at), more, packet.subarray(at)]));
  }),
  (packets, random) => packets.filter((_, index) => index !== random(packets.length)),
  (packets, random) => {
    const at = random(packets.length);
    const times = pick(random, [1, 1, 2, 5, 300]);
    return packets.flatMap((packet, index) =>
      index === at ? Array.from({ length: 1 + times }, () => packet) : [packet],
    );
  },
  (packets, random) => packets.toSorted(() => random(3) - 1),
  (packets, random) => {
    const at = random(packets.length + 1);
    return [...packets.slice(0, at), foreign(random), ...packets.slice(at)];
  },
  (packets, random) => [...packets, ...Array.from({ length: 1 + random(4) }, () => foreign(random))],
  (packets, random) =>
    packets.map((packet) => (random(3) === 0 ? wire.packet(packet[3] ?? 0, pick(random, payloads)) : packet)),
  (_, random) =>
    Array.from({ length: 1 + random(5) }, (_, index) =>
      wire.packet(index + random(2), pick(random, payloads)),
    ),
  (packets, random) => [...packets, Buffer.from(Array.from({ length: random(200) }, () => random(256)))],
  // Endless, or nearly so.
  (packets, random) => [
    ...packets.slice(0, -1),
    ...Array.from({ length: 1 + random(3000) }, (_, index) => wire.packet(index % 256, wire.row(['x']))),
  ],
];

/** One to three changes, one after the other. */
export function mutate(packets: readonly Buffer[], random: Random): readonly Buffer[] {
  let changed = packets;
  for (let count = pick(random, [1, 1, 1, 2, 3]); count > 0 && changed.length > 0; count -= 1)
    changed = pick(random, changes)(changed, random);
  return changed;
}

/** The bytes in pieces as a network may deliver them. */
export function pieces(bytes: Buffer, random: Random): readonly Buffer[] {
  if (random(3) > 0 || bytes.length > 20_000) return [bytes];
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random(random(2) === 0 ? 4 : 200);
    parts.push(bytes.subarray(at, at + size));
    at += size;
  }
  return parts;
}
