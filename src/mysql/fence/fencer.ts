/** Makes a former source read-only: the fencer that the runtime is given. */

import type { FenceResult } from '../../core/model/fence.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import type { FenceRequest, ServerFencer } from '../../ports.ts';
import { aliveProblem, type Problem, unknownProblem } from '../answer/failures.ts';
import { boundedDeadline, endSoon, withDeadline } from '../connection/deadline.ts';
import { HostLookup } from '../connection/host-lookup.ts';
import { accessOf, type Login } from '../connection/login.ts';
import { Opening } from '../connection/opening.ts';
import { OpeningGate } from '../connection/opening-gate.ts';
import type { Session } from '../connection/session.ts';
import { tlsOf } from '../connection/tls.ts';
import { fenceSetOf } from '../flavour/fence-set.ts';
import { FenceAct } from './act.ts';

/** The login is that of the second account. */
export interface FencerOptions extends Login {
  /** Only these servers ever get the password. */
  readonly servers: readonly { readonly address: ServerAddress }[];
  /** The account that watches. */
  readonly watcher: string;
  readonly kill: 'clients' | 'none';
  /** Users whose connections are left, perhaps with `*`. */
  readonly spare: readonly string[];
  /** For the whole act. */
  readonly timeoutMs: number;
}

/** One connection for each act, with the second account. Nothing is open between two acts. */
export function createFencer(options: FencerOptions): ServerFencer {
  const hosts = new HostLookup(options.clock);
  const gate = options.gate ?? new OpeningGate(options.clock);
  return {
    fence(request) {
      const { server } = request;
      if (!options.servers.some(({ address }) => address === server)) {
        const problem = unknownProblem(
          server,
          'not-a-server',
          'is not one of the servers that may be fenced',
        );
        return Promise.resolve({ kind: 'refused', failure: problem.failure });
      }
      const visit = new Visit(options, request, { hosts, gate });
      return withDeadline(options.clock, visit.deadline, visit.run(), () => visit.late());
    },
  };
}

/** One connection to one server, from its opening to its end. */
class Visit {
  readonly deadline: FenceRequest['deadline'];
  readonly #options: FencerOptions;
  readonly #request: FenceRequest;
  readonly #opening: Opening;
  #session: Session | undefined;

  constructor(
    options: FencerOptions,
    request: FenceRequest,
    { hosts, gate }: { readonly hosts: HostLookup; readonly gate: OpeningGate },
  ) {
    this.#options = options;
    this.#request = request;
    this.deadline = boundedDeadline(options.clock, request.deadline, options.timeoutMs);
    const lookup = hosts.forConnect(() => request.places);
    const access = accessOf(options, { tls: tlsOf(options), lookup });
    this.#opening = new Opening({
      ...options,
      server: request.server,
      access,
      gate,
      asksReplicas: false,
      fallBack: options.tls === 'preferred',
      wasSilent: false,
      together: true,
    });
  }

  async run(): Promise<FenceResult> {
    const opened = await this.#opening.done;
    if ('kind' in opened) return refusal(opened);
    const { server, uuid, finishes } = this.#request;
    const { clock, user, watcher, kill, spare } = this.#options;
    this.#session = opened.session;
    const set = fenceSetOf(opened.traits);
    const spared = [user, watcher, ...spare];
    const order = { server, uuid, finishes, deadline: this.deadline, clock, kill, spare: spared };
    const result: FenceResult =
      typeof set === 'string'
        ? { kind: 'refused', failure: aliveProblem(server, 'fence-unsupported', set).failure }
        : await new FenceAct(opened, set, order).run();
    // Nobody waits for the good-bye.
    void endSoon(clock, opened.session);
    return result;
  }

  /** What is still out must not arrive any more. */
  late(): FenceResult {
    this.#opening.destroy();
    this.#session?.abandon();
    const { failure } = unknownProblem(
      this.#request.server,
      'deadline',
      `was not made read-only within ${this.#options.timeoutMs} ms`,
    );
    return { kind: 'unknown', failure };
  }
}

/** The hints of a refused login name the statements of the other account. */
function refusal({ kind, failure }: Problem): FenceResult {
  const { code, message } = failure;
  if (kind === 'unknown') return { kind: 'unknown', failure };
  const hint = 'source-dns check prints the statements for the account of fence';
  return { kind: 'refused', failure: { code, message, hint } };
}
