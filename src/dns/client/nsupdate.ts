/** Updates with the program `nsupdate`, which alone can do GSS-TSIG, SIG(0) and TLS. It reads by itself. */
import { nsupdateFudgeMs } from '../../core/model/limits.ts';
import type { Failure } from '../../core/model/observation.ts';
import type { UpdateOutcome } from '../../core/model/zone.ts';
import { TYPE } from '../message/codes.ts';
import { notSent } from '../message/outcome.ts';
import type { TsigKey } from '../message/tsig.ts';
import { type MessageRequest, planFailure } from '../message/update.ts';
import { ask, type Correspondent, exchangeDeadline } from '../read/query.ts';
import { createReadingSide, type Rfc2136Options } from '../read/reading-side.ts';
import { resolveOne } from '../transport/endpoint.ts';
import { clientClosed, expiredInQueue, noAnswer, queueFull, recalled } from '../transport/failures.ts';
import { type DnsClient, dnsClient } from './dns-client.ts';
import { nsupdateOutcome } from './nsupdate-outcome.ts';
import { nsupdateScript, secretText, withoutCheckNames } from './nsupdate-script.ts';

/** Each update is a process: 20 ms, of which 9 ms CPU. */
const maxProcesses = 16;
const maxOutputBytes = 65_536;

interface NsupdateOptions extends Rfc2136Options {
  /** The program, or a loader and the program. */
  readonly command: readonly string[];
  /** More options, as `-g`. They are visible on the command line: no secrets. */
  readonly args: readonly string[];
}

/** Opens no socket and starts no process before the first use. */
export function createNsupdateClient(options: NsupdateOptions): DnsClient {
  // Before the first update needs it. A failure is told by that update.
  import('execa').catch(() => undefined);
  const running = new Set<AbortController>();
  let closed = false;
  const send = async (request: MessageRequest): Promise<UpdateOutcome> => {
    const { nameserver } = side.correspondent;
    if (closed) return notSent(clientClosed(nameserver));
    if (running.size >= maxProcesses) return notSent(queueFull(nameserver, maxProcesses));
    const controller = new AbortController();
    running.add(controller);
    try {
      return await runUpdate(options, side.correspondent, request, controller.signal);
    } finally {
      running.delete(controller);
    }
  };
  const side = createReadingSide(options, send);
  return {
    ...dnsClient(side, send),
    close: async () => {
      closed = true;
      for (const controller of running) controller.abort();
      side.close();
    },
  };
}

async function runUpdate(
  options: NsupdateOptions,
  correspondent: Correspondent,
  request: MessageRequest,
  signal: AbortSignal,
): Promise<UpdateOutcome> {
  const { nameserver, clock, signing, keyRecord } = correspondent;
  const invalid = planFailure(request.plan);
  if (invalid !== undefined) return notSent(invalid);
  const deadline = exchangeDeadline(correspondent, request.deadline);
  const resolved = await resolveOne(options.address);
  if (resolved.kind === 'failed') return notSent(resolved.failure);
  if (signal.aborted) return notSent(clientClosed(nameserver));
  const script = nsupdateScript(request.plan, { host: resolved.address, port: options.port }, options.key);
  const begin = async (input: string): Promise<Ended | UpdateOutcome> => {
    const now = clock.mono();
    if (request.recalled?.aborted) return notSent(recalled(nameserver));
    if (now >= request.notAfter) return notSent(expiredInQueue(nameserver));
    if (now >= deadline) return notSent(noAnswer(nameserver));
    return runProgram(options, input, deadline - now, signal);
  };
  let ended = await begin(script);
  // nsupdate ended before it sent anything.
  if ('stderr' in ended && ended.end === 1 && /incorrect section name: check-names/.test(ended.stderr))
    ended = await begin(withoutCheckNames(script));
  if (!('stderr' in ended)) return ended;
  const asked = {
    nameserver,
    what: 'update',
    zone: request.plan.zone,
    signing: signing && { ...signing, fudgeSeconds: nsupdateFudgeMs / 1000 },
    keyStanding: keyRecord?.standing,
  } as const;
  const outcome = nsupdateOutcome(asked, ended.end, withoutSecret(ended.stderr, options.key));
  return await withConnectFailure(correspondent, outcome, request);
}

/** How a process ended. `end`: its exit code, or the signal that ended it; undefined: we ended it. */
interface Ended {
  readonly end: number | string | undefined;
  readonly stderr: string;
}

async function runProgram(
  options: NsupdateOptions,
  input: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Ended | UpdateOutcome> {
  const [program, ...before] = options.command;
  if (program === undefined) throw new TypeError('an empty command');
  const timeoutSeconds = Math.max(1, Math.ceil(timeoutMs / 1000));
  // -v: TCP. -r 0: a repeated datagram would turn "applied" into NXRRSET. -t limits TCP in whole seconds;
  // execa's time-out limits everything.
  const args = [...before, ...options.args, '-v', '-r', '0', '-t', String(timeoutSeconds)];
  const { execa } = await import('execa');
  const result = await execa(program, args, {
    input,
    timeout: Math.max(1, timeoutMs),
    killSignal: 'SIGKILL',
    cancelSignal: signal,
    reject: false,
    stdout: 'ignore',
    maxBuffer: maxOutputBytes,
    env: { LC_ALL: 'C' },
  });
  // Only a process that never started has certainly sent nothing.
  const cause = result.cause as NodeJS.ErrnoException | undefined;
  if (cause?.syscall?.startsWith('spawn')) return notSent(notRun(program, cause.code));
  return {
    end: result.timedOut || result.isCanceled ? undefined : (result.exitCode ?? result.signal),
    stderr: result.stderr ?? '',
  };
}

/** nsupdate 9.18 does not say why it could not connect: report what our own connection meets. */
async function withConnectFailure(
  correspondent: Correspondent,
  outcome: UpdateOutcome,
  request: MessageRequest,
): Promise<UpdateOutcome> {
  if (outcome.kind !== 'refused' || outcome.failure.code !== 'connection-failed') return outcome;
  const answer = await ask(correspondent, { name: request.plan.zone, type: TYPE.SOA }, request.deadline);
  const isTold = answer.kind === 'failed' && connectFailures.has(answer.failure.code);
  return isTold ? { ...outcome, failure: answer.failure } : outcome;
}

const connectFailures = new Set(['connection-refused', 'connection-failed', 'connect-timeout']);

/** nsupdate quotes a key that it cannot use. */
function withoutSecret(text: string, key: TsigKey | undefined): string {
  return key === undefined ? text : text.replaceAll(secretText(key), '[secret]');
}

const notRun = (program: string, code: string | undefined): Failure => ({
  code: 'nsupdate-not-run',
  message: `source-dns cannot start the program ${program}: ${code ?? 'unknown error'}. Nothing was sent.`,
  hint: 'Install it (Debian: bind9-dnsutils), or set via: rfc2136.',
});
