/** The source of `status` and `explain`: the daemon, else the servers and the nameserver themselves. */

import type { LoadedConfig } from '../config/loaded.ts';
import { type ApiResult, askDaemon } from '../http/client.ts';
import { type ClusterDocument, clusterDocument } from '../http/documents.ts';
import { apiSocketPath } from '../http/unix-socket.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodeOfProblem, exitCodes } from './exit-code.ts';
import { failureText, problemText } from './failure-text.ts';
import { observeOnce, snapshotsOf } from './observe-once.ts';

/** The daemon answers from memory. */
const daemonMs = 5000;

export type Look =
  | { readonly kind: 'seen'; readonly documents: readonly ClusterDocument[] }
  /** `text` goes to standard error. */
  | { readonly kind: 'failed'; readonly text: string; readonly exitCode: ExitCode };

export interface Looker {
  /** Looks again. */
  look(): Promise<Look>;
  close(): Promise<void>;
}

/** `cluster` absent: all of them. Undefined: the start failed, and the reason is printed. */
export async function openLooker(
  context: CommandContext,
  config: LoadedConfig,
  cluster?: string,
): Promise<Looker | undefined> {
  const ask = () =>
    askDaemon(apiSocketPath(config.stateDir), {
      method: 'GET',
      path: clusterPath(cluster),
      timeoutMs: daemonMs,
    });
  const first = await ask();
  if (first.kind !== 'no-daemon') {
    let next: ApiResult | undefined = first;
    return {
      async look() {
        const result = next ?? (await ask());
        next = undefined;
        return daemonLook(result, cluster !== undefined);
      },
      close: async () => {},
    };
  }
  return ownLooker(context, config);
}

const clusterPath = (cluster: string | undefined): string =>
  cluster === undefined ? '/v1/clusters' : `/v1/clusters/${encodeURIComponent(cluster)}`;

function daemonLook(result: ApiResult, one: boolean): Look {
  const failed = (text: string, exitCode: ExitCode = exitCodes.failed): Look => ({
    kind: 'failed',
    text,
    exitCode,
  });
  switch (result.kind) {
    case 'problem':
      return failed(problemText(result.problem), exitCodeOfProblem(result.problem));
    case 'failed':
      return failed(failureText(result.failure));
    case 'no-daemon':
      return failed('the daemon does not run any more\n');
    case 'document': {
      const documents: unknown = one
        ? [result.body]
        : (result.body as { clusters?: unknown } | null)?.clusters;
      if (Array.isArray(documents) && documents.every(isClusterDocument)) return { kind: 'seen', documents };
      return failed(
        failureText({
          code: 'daemon-unusable',
          message: 'the daemon answers in a form that this version does not know',
        }),
      );
    }
  }
}

const isClusterDocument = (value: unknown): value is ClusterDocument =>
  typeof value === 'object' &&
  value !== null &&
  ['publications', 'servers', 'alarms'].every((key) =>
    Array.isArray((value as Record<string, unknown>)[key]),
  );

async function ownLooker(context: CommandContext, config: LoadedConfig): Promise<Looker | undefined> {
  const observer = await observeOnce(context, config);
  if (observer === undefined) return undefined;
  const modes = new Map(config.clusters.map(({ settings }) => [settings.cluster, settings.mode]));
  return {
    // This command only observes; the reader wants to know the configured mode.
    look: async () => ({
      kind: 'seen',
      documents: snapshotsOf(observer).map((snapshot) =>
        clusterDocument({ ...snapshot, mode: modes.get(snapshot.cluster) ?? snapshot.mode }),
      ),
    }),
    close: () => observer.stop(),
  };
}

/** 4 if a zone could not be read, or if no server of a cluster could be reached. */
export function exitCodeOfLook(documents: readonly ClusterDocument[]): ExitCode {
  const seen = documents.every(
    ({ publications, servers }) =>
      publications.every(({ ready, readFailure }) => ready && readFailure === null) &&
      servers.some(({ contact, discovered }) => contact === 'reachable' && !discovered),
  );
  return seen ? exitCodes.done : exitCodes.unreachable;
}
