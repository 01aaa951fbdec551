/**
 * One hostile case: a server that misbehaves once, against the real prober. Throws where a rule is broken.
 */

import { generateKeyPairSync } from 'node:crypto';
import type { Failure, Probe, Unasked } from '../../../src/core/model/observation.ts';
import type { MonoMs } from '../../../src/core/model/units.ts';
import { systemClock as clock } from '../../../src/daemon/clock.ts';
import { maxTextLength } from '../../../src/mysql/answer/limits.ts';
import { createProber } from '../../../src/mysql/probe.ts';
import type { ServerProber } from '../../../src/ports.ts';
import type {
  FalseConnection,
  FalseMysqld,
  Login,
  Message,
  Reply,
  Script,
} from '../../support/false-mysqld.ts';
import { healthyReply } from '../../support/healthy.ts';
import { mutate, pick, pieces, type Random } from './mutate.ts';

const password = 'geheim-und-lang';
/** The time limit of a probe, and the extra time on a busy machine. */
const probeMs = 150;
const slackMs = 3000;
const endAfterMs = 15;
const mostHealthyProbes = 4;
const longestSentence = 1200;

const { publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const replies: readonly ((sql: string) => Reply)[] = [
  'source',
  'replica-two-channels',
  'replica-applier-error',
  'group-primary',
].map((name) => healthyReply(name));
const logins: readonly Login[] = [
  'at-once',
  'fast',
  'full',
  { switchTo: 'mysql_native_password' },
  { switchTo: 'caching_sha2_password' },
  { switchTo: 'sha256_password' },
];

function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

/** The result of a case: kind and code of the first probe. */
export interface Outcome {
  readonly kind: string;
  readonly ms: number;
}

/** The server is honest again when this returns. */
export async function hostileCase(server: FalseMysqld, random: Random): Promise<Outcome> {
  const tls = random(12) === 0;
  const idle = random(5) === 0;
  const { script, sent } = hostileScript(random, { tls, idle });
  server.play(script);
  const prober = createProber({
    cluster: 'shop',
    servers: [{ address: server.address }],
    user: 'source_dns',
    password,
    tls: tls ? 'required' : pick(random, ['disabled', 'preferred'] as const),
    allowPublicKeyRetrieval: random(4) !== 0,
    connectTimeoutMs: slackMs,
    queryTimeoutMs: slackMs,
    clock,
  });
  try {
    const { kind, ms } = await timedProbe(prober, server);
    if (idle) {
      for (const connection of server.connections) deliver(sent(), connection, random);
      await timedProbe(prober, server);
    }
    for (const { heardPlain } of server.connections) {
      demand(!heardPlain.some((bytes) => bytes.includes(password)), 'the password is never sent without TLS');
    }
    server.play({ reply: replies[0]!, tls });
    await mended(prober, server);
    return { kind, ms };
  } finally {
    await prober.close();
    for (const { socket } of server.connections) socket.destroy();
  }
}

/** Misbehaves once: at a message, or while no query is open (then `sent` gives the bytes). */
function hostileScript(
  random: Random,
  { tls, idle }: { readonly tls: boolean; readonly idle: boolean },
): { script: Script; sent: () => readonly Buffer[] } {
  let left = idle ? -1 : pick(random, [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  let last: readonly Buffer[] = [];
  const hangs = random(20) === 0;
  let silent = false;
  const tamper = (message: Message, connection: FalseConnection): void => {
    last = message.packets;
    if (silent) return;
    if (left !== 0) {
      connection.write(Buffer.concat(message.packets));
    } else {
      deliver(mutate(message.packets, random), connection, random);
      silent = random(3) === 0;
      // Only some cases make the client wait for something that never comes.
      if (!hangs) clock.after(endAfterMs, connection.end);
    }
    left -= 1;
  };
  const script = { reply: pick(random, replies), login: pick(random, logins), tls, publicKey, tamper };
  return { script, sent: () => mutate(last, random) };
}

function deliver(packets: readonly Buffer[], connection: FalseConnection, random: Random): void {
  for (const piece of pieces(Buffer.concat(packets), random)) connection.write(piece);
}

async function timedProbe(prober: ServerProber, server: FalseMysqld): Promise<Outcome> {
  const begin = clock.mono();
  const probe = await prober.probe(server.address, (begin + probeMs) as MonoMs);
  const ms = clock.mono() - begin;
  demand(ms < probeMs + slackMs, `a probe ends by its deadline, but it took ${Math.round(ms)} ms`);
  checkProbe(probe);
  return { kind: probe.kind === 'reachable' ? 'reachable' : `${probe.kind} ${probe.failure.code}`, ms };
}

/** The next probes work. What the login taught us about the server may be wrong until a new connection. */
async function mended(prober: ServerProber, server: FalseMysqld): Promise<void> {
  let probe: Probe | Unasked | undefined;
  for (let count = 1; count <= mostHealthyProbes; count += 1) {
    if (count > 2) prober.renew(server.address);
    probe = await prober.probe(server.address, (clock.mono() + slackMs) as MonoMs);
    checkProbe(probe);
    if (probe.kind === 'reachable') return;
  }
  throw new Error(`does not hold: the next probe of an honest server works, but: ${JSON.stringify(probe)}`);
}

function checkProbe(probe: Probe | Unasked): void {
  if (probe.kind === 'reachable') checkTexts(probe.facts);
  else presentable(probe.failure);
}

/** Text for people: one bounded line without control characters, and never the password. */
function presentable({ message, hint = '' }: Failure): void {
  const text = `${message} ${hint}`;
  demand(!/\p{Cc}/u.test(text), `a sentence without control characters: ${JSON.stringify(text)}`);
  demand(text.length <= longestSentence, `a sentence of bounded length: ${text.length}`);
  demand(!text.includes(password), 'a failure never shows the password');
}

/** Every text of the facts ends in logs, in the state or in the ledger. */
function checkTexts(value: unknown): void {
  if (typeof value === 'string') {
    demand(
      !/\p{Cc}/u.test(value),
      `a fact without control characters: ${JSON.stringify(value.slice(0, 100))}`,
    );
    demand(value.length <= maxTextLength, `a fact of bounded length: ${value.length}`);
  } else if (typeof value === 'number') demand(Number.isFinite(value), 'a fact that is a number');
  else if (value instanceof Map) for (const [key, item] of value) [key, item].forEach(checkTexts);
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(checkTexts);
}
