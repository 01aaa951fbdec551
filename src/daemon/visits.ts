/**
 * Commands to clusters that only other instances watch. A failover tool calls its hook on its own machine,
 * wherever the cluster is watched. Such a command gets a runtime of its own, which ends with the answer. As
 * a command without a daemon, it is safe by the ledger (docs/decisions/033).
 */

import type { LoadedCluster } from '../config/loaded.ts';
import type { Answer, Command } from '../core/model/events.ts';
import type { ServerProber } from '../ports.ts';
import type { ClusterRuntime } from './runtime.ts';

/** More hooks at once are a storm, and each opens connections to all servers of a cluster. */
export const visitLimit = 16;

export interface Visit {
  readonly runtime: ClusterRuntime;
  readonly prober: ServerProber;
}

export class Visits {
  readonly #open: (cluster: LoadedCluster) => Visit;
  readonly #running = new Set<Promise<unknown>>();

  /** `open`: starts nothing. */
  constructor(open: (cluster: LoadedCluster) => Visit) {
    this.#open = open;
  }

  /** Gives the command before any answer of a server, so no automatic move comes first. */
  async command(cluster: LoadedCluster, command: Command): Promise<Answer> {
    if (this.#running.size >= visitLimit) return tooMany(cluster);
    const { runtime, prober } = this.#open(cluster);
    runtime.start();
    const answer = runtime.command(command);
    const ended = answer
      .catch(() => {}) // The caller gets the bug.
      .then(() => runtime.stop())
      .then(() => prober.close())
      .finally(() => this.#running.delete(ended));
    this.#running.add(ended);
    return answer;
  }

  /** Resolves when no visit uses an adapter any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }
}

const tooMany = ({ settings }: LoadedCluster): Answer => ({
  results: settings.publications.map(({ nameserver }) => ({
    nameserver,
    kind: 'failed',
    code: 'too-many-commands',
    sentence: `${visitLimit} hooks for clusters of other instances are waiting already`,
    hint: 'try again in a moment',
  })),
});
