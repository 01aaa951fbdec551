/** The records of the zone, and the columns that the tables of odd answers share. */
import { name as owner, zone } from './client-world.ts';
import { rr, soaRdata, type TsigParts, wire } from './fake-nameserver.ts';

/** Signs an answer with the key; a forger signs with another secret. `seconds`: how far the clock is off. */
export type Sign = (answer: Buffer, parts?: TsigParts & { readonly seconds?: number }) => Buffer;

export interface AnswerCase {
  readonly title: string;
  /** The answer to this message. */
  readonly bytes: (message: Buffer, sign: Sign) => Buffer;
  /** What the failure says, if the answer proves nothing. */
  readonly says?: RegExp;
}

/** The failure of an answer that proves nothing: its code, and what it says. */
export interface Doubt {
  readonly code: string;
  readonly says: RegExp;
}

export const soa = rr(zone, 6, soaRdata(8));
export const ns = rr(zone, 2, wire('ns1.example.com.'));
export const glue = rr('ns1.example.com.', 1, Buffer.of(192, 0, 2, 53));
export const nsec = rr(owner, 47, Buffer.concat([wire('zzz.example.com.'), Buffer.of(0, 1, 0x40)]));
export const nsec3 = rr(
  `0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.${zone}`,
  50,
  Buffer.from(`010000000014${'00'.repeat(20)}000140`, 'hex'),
);
export const rrsig = rr(
  owner,
  46,
  Buffer.concat([
    Buffer.from('0001' + '0d03' + '00000005' + '70000000' + '60000000' + '1234', 'hex'),
    wire(zone),
    Buffer.alloc(64),
  ]),
);
export const address = rr(owner, 1, Buffer.of(192, 0, 2, 1));
export const shouted = (bytes: Buffer): Buffer =>
  Buffer.from(
    bytes.toString('latin1').replace(/[a-z]/g, (letter) => letter.toUpperCase()),
    'latin1',
  );
