/**
 * What must hold for any input. Each function takes one hostile input, and throws if something does not hold.
 */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Failure } from '../../../src/core/model/observation.ts';
import type { MonoMs, WallMs } from '../../../src/core/model/units.ts';
import { nsupdateOutcome } from '../../../src/dns/client/nsupdate-outcome.ts';
import { parseKeyFile } from '../../../src/dns/key/keyfile.ts';
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from '../../../src/dns/message/address-bytes.ts';
import { type Asked, answerFailure, doubtfulFailure } from '../../../src/dns/message/answer-failures.ts';
import { nameToWire, parseAnyName, readName } from '../../../src/dns/message/name.ts';
import { addressesOf, answeredRrset, encodeRdata, rdataKey } from '../../../src/dns/message/rdata.ts';
import { judgeReply } from '../../../src/dns/message/reply.ts';
import { decodeMessage, type ReceivedMessage } from '../../../src/dns/message/wire.ts';
import { decodeSoa } from '../../../src/dns/read/soa.ts';
import { TcpLink } from '../../../src/dns/transport/tcp-link.ts';
import { counted } from './counted.ts';
import { mutate, mutateText, type Random } from './mutate.ts';
import { type Recorded, recorded, recordedNames } from './recorded.ts';

/**
 * The limit of reads for each byte of the message. The worst known case: an RR of 12 bytes whose owner is a
 * chain of 127 pointers, each with three reads (label type, message length, target).
 */
export const maxStepsAByte = 40;
/** Quotes of nsupdate have up to 300 characters, each maybe as `\\u0000`. */
const longestSentence = 2200;

function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

const answers = recorded.map(({ answer }) => answer);

export interface Fed {
  /** Reads for each byte of the message; 0: not counted. */
  readonly stepsAByte: number;
  /** The readers of RRs got the message. */
  readonly wellFormed: boolean;
}

/** One changed answer, given to every reader of answers. `count`: count the reads, too (slower). */
export function hostileAnswer(random: Random, count: boolean): Fed {
  const from = recorded[random(recorded.length)]!;
  const bytes = mutate(from.answer, random, answers);
  judged(bytes, from);
  const { buffer, steps } = count ? counted(bytes) : { buffer: bytes, steps: () => 0 };
  const message = decodeMessage(buffer);
  readName(bytes, random(bytes.length + 2));
  if (message !== undefined) evaluated(message);
  const stepsAByte = steps() / Math.max(64, bytes.length);
  demand(stepsAByte <= maxStepsAByte, `at most ${maxStepsAByte} reads a byte, but there were ${stepsAByte}`);
  return { stepsAByte, wellFormed: message !== undefined };
}

/** As query.ts and rfc2136.ts judge it: no changed answer is proven. */
function judged(bytes: Buffer, { sent, answer, nowSeconds }: Recorded): void {
  const reply = judgeReply(bytes, sent, nowSeconds);
  const signing = sent.signed && { key: sent.signed.key, fudgeSeconds: 30 };
  const asked: Asked = {
    nameserver: 'ns1 (192.0.2.53:53)',
    what: 'update',
    zone: sent.message.question.name,
    signing,
  };
  if (reply.kind === 'doubtful') presentable(doubtfulFailure(asked, reply.codes, reply.doubt));
  if (reply.kind !== 'proven') return;
  presentable(answerFailure(asked, reply.codes));
  if (sent.signed === undefined) return;
  // The signature covers everything before the TSIG RR. The case and compression of the TSIG RR's names are
  // free.
  const start = decodeMessage(answer)!.additionals.at(-1)!.start;
  demand(
    bytes.subarray(0, start).equals(answer.subarray(0, start)),
    'what is proven is what the nameserver signed',
  );
}

/** A sentence for a person: one line, no control characters, bounded. */
function presentable({ message, hint = '' }: Failure): void {
  demand(/^[\x20-\x7e]*$/.test(message + hint), `a sentence in ASCII: ${JSON.stringify(message + hint)}`);
  demand(message.length <= longestSentence, 'a sentence of bounded length');
}

function evaluated(message: ReceivedMessage): void {
  const { bytes } = message;
  const all = [...message.answers, ...message.authorities, ...message.additionals];
  for (const rr of all) {
    demand(
      rr.start < rr.rdataStart && rr.rdataStart <= rr.end && rr.end <= bytes.length,
      'an RR lies inside the message',
    );
    demand(nameToWire(rr.owner) !== undefined, 'a name that was read is canonical');
  }
  for (const rr of all.slice(0, 50)) decodeSoa(bytes, rr);
  for (const name of [...recordedNames, ...all.slice(0, 3).map(({ owner }) => owner)]) {
    addressesOf(bytes, all, name);
    for (const type of ['A', 'AAAA', 'CNAME', 'SRV', 'TXT'] as const) {
      const rrset = answeredRrset(message, { name, type });
      if (rrset === 'absent' || rrset === 'malformed') continue;
      demand(encodeRdata(rrset).kind === 'encoded', 'what was read can be written');
      demand(
        rdataKey(rrset) === rdataKey({ ...rrset, rdata: [...rrset.rdata].reverse() } as typeof rrset),
        'an RRset has no order',
      );
    }
  }
}

const clock = { mono: () => 0 as MonoMs, wall: () => 0 as WallMs, after: () => () => {} };

/** A connection whose bytes come in pieces of any length: right answers, changed answers, wrong lengths. */
export function hostileStream(random: Random): void {
  const socket = Object.assign(new EventEmitter(), { write: () => true, destroy: () => {} });
  const link = new TcpLink(socket as unknown as Socket, { nameserver: 'ns1', clock, onChange: () => {} });
  let stream = Buffer.alloc(0);
  for (let frames = 1 + random(4); frames > 0; frames--) {
    const answer = answers[random(answers.length)]!;
    const message = random(2) === 0 ? answer : mutate(answer, random, answers);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(random(4) === 0 ? random(65_536) : Math.min(65_535, message.length));
    stream = Buffer.concat([stream, length, message]);
  }
  while (stream.length > 0) {
    const size = 1 + random(random(2) === 0 ? 8 : stream.length);
    socket.emit('data', stream.subarray(0, size));
    stream = stream.subarray(size);
  }
  socket.emit('close');
  demand(link.retired, 'a connection that ended is not used again');
}

const secretText = 'c2VjcmV0IHRoYXQgbm9ib2R5IG1heSBzZWU=';
const keyTexts = [
  `# mine\nkey "source-dns-key" {\n\talgorithm hmac-sha256;\n\tsecret "${secretText}";\n};\n`,
  `hmac-sha256:source-dns-key:${secretText}\n`,
  `Private-key-format: v1.3\nAlgorithm: 163 (HMAC_SHA256)\nKey: ${secretText}\nBits: AAA=\n`,
  `source-dns-key. 60 IN KEY 512 3 163 ${secretText}\n`,
  `# hmac-sha256:k:${secretText}\nkey:\n  - id: k\n    algorithm: hmac-sha256\n    secret: ${secretText}\n`,
  `k. hmac-sha256. ${secretText}\n`,
  `view v { key "a@b\\"" { algorithm hmac-sha256-128; secret "${secretText.slice(0, 9)}\n${secretText.slice(9)}"; }; }; include "/etc/k.key";\n`,
  `dns_rfc2136_name = k\ndns_rfc2136_secret = ${secretText}\n`,
];
const stderrTexts = [
  'update failed: NXRRSET\n',
  '; TSIG error with server: tsig indicates error\nupdate failed: NOTAUTH(BADKEY)\n',
  '; Communication with 127.0.0.1#53 failed: timed out\n',
  'could not read key from x: file not found\n',
];
const names = ['source.shop.db.example.com.', '_mysql._tcp.source.example.', 'a\\046b.example.'];
const addresses = ['192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1', 'fe80::1%eth0'];

/** Texts from a key file, from nsupdate and from people. */
export function hostileText(random: Random): void {
  const parsed = parseKeyFile(
    mutateText(keyTexts[random(keyTexts.length)]!, random, keyTexts),
    '/etc/Kk.+163+00001.private',
  );
  const failures = parsed.kind === 'key' ? parsed.warnings : [parsed.failure];
  for (const failure of failures) {
    demand(!JSON.stringify(failure).includes(secretText.slice(4, 20)), 'a failure never shows the secret');
    presentable(failure);
  }
  const asked: Asked = { nameserver: 'ns1', what: 'update', zone: recordedNames[0]! };
  const outcome = nsupdateOutcome(
    asked,
    [undefined, 0, 1, 2][random(4)],
    mutateText(stderrTexts[random(stderrTexts.length)]!, random, stderrTexts),
  );
  if (outcome.kind !== 'applied')
    demand(outcome.failure.message.length <= longestSentence, 'a sentence of bounded length');
  const name = parseAnyName(mutateText(names[random(names.length)]!, random, names));
  if (name !== undefined) demand(nameToWire(name) !== undefined, 'a name that was accepted can be written');
  const address = mutateText(addresses[random(addresses.length)]!, random, addresses);
  const four = ipv4Bytes(address);
  const sixteen = ipv6Bytes(address);
  if (four !== undefined) demand(ipv4Text(four) === address, 'an IPv4 address has one text');
  if (sixteen !== undefined)
    demand(sixteen.equals(ipv6Bytes(ipv6Text(sixteen))!), 'an IPv6 address comes back');
}

/** One case of each kind. A quarter of the answers are counted. */
export function hostileCase(random: Random): Fed {
  const fed = hostileAnswer(random, random(4) === 0);
  if (random(4) === 0) hostileStream(random);
  if (random(2) === 0) hostileText(random);
  return fed;
}
