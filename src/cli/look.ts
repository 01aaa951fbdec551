/** The source of `status` and `explain`: the daemon, else the servers and the nameserver themselves. */

import type { ConfigOutline, LoadedConfig } from '../config/loaded.ts';
import type { Failure } from '../core/model/observation.ts';
import type { ApiResult } from '../http/client.ts';
import { type ClusterDocument, clusterDocument, isClusterDocument } from '../http/documents.ts';
import { apiSocketPath } from '../http/unix-socket.ts';
import { askOwnDaemon } from './ask-daemon.ts';
import { onlyClusters, readSecrets } from './configuration.ts';
import type { CommandContext } from './context.ts';
import type { DaemonSeen } from './daemon-text.ts';
import { type ExitCode, exitCodeOfProblem, exitCodes } from './exit-code.ts';
import { observeOnce, snapshotsOf } from './observe-once.ts';

/** The daemon answers from memory. */
const daemonMs = 5000;

export type Look =
  | { readonly kind: 'seen'; readonly documents: readonly ClusterDocument[]; readonly daemon: DaemonSeen }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly exitCode: ExitCode };

export interface Looker {
  /** Looks again. */
  look(): Promise<Look>;
  close(): Promise<void>;
}

/** What the daemon says; undefined: no daemon runs. `cluster` absent: all of them. */
export async function lookAtDaemon(config: ConfigOutline, cluster?: string): Promise<Look | undefined> {
  const result = await askOwnDaemon(config.stateDir, {
    method: 'GET',
    path: cluster === undefined ? '/v1/clusters' : `/v1/clusters/${encodeURIComponent(cluster)}`,
    timeoutMs: daemonMs,
  });
  return result.kind === 'no-daemon' ? undefined : daemonLook(result, cluster !== undefined);
}

/** `cluster` absent: all of them. Undefined: the start failed, and the reason is told. */
export async function openLooker(
  context: CommandContext,
  outline: ConfigOutline,
  cluster?: string,
): Promise<Looker | undefined> {
  const first = await lookAtDaemon(outline, cluster);
  if (first !== undefined) {
    let next: Look | undefined = first;
    return {
      async look() {
        const look = next ?? (await lookAtDaemon(outline, cluster)) ?? goneLook(outline);
        next = undefined;
        return look;
      },
      close: async () => {},
    };
  }
  const config = await readSecrets(context, outline);
  if (config === undefined) return undefined;
  const chosen = config.clusters.filter(
    ({ settings }) => cluster === undefined || settings.cluster === cluster,
  );
  return ownLooker(context, onlyClusters(config, chosen), cluster);
}

const goneLook = ({ stateDir }: ConfigOutline): Look => ({
  kind: 'failed',
  failure: {
    code: 'no-daemon',
    message: `the daemon does not run any more: nothing listens on ${apiSocketPath(stateDir)}`,
    hint: 'nobody watches until it is started again',
  },
  exitCode: exitCodes.failed,
});

function daemonLook(result: Exclude<ApiResult, { readonly kind: 'no-daemon' }>, one: boolean): Look {
  switch (result.kind) {
    case 'problem': {
      const { code, detail, hint } = result.problem;
      const failure = { code, message: detail, ...(hint !== undefined && { hint }) };
      return { kind: 'failed', failure, exitCode: exitCodeOfProblem(result.problem) };
    }
    case 'failed':
      return { kind: 'failed', failure: result.failure, exitCode: exitCodes.failed };
    case 'document': {
      const { daemon = { running: true }, clusters, ...body } = (result.body ?? {}) as Answered;
      const documents: unknown = one ? [body] : clusters;
      if (Array.isArray(documents) && documents.every(isClusterDocument))
        return { kind: 'seen', documents, daemon };
      const message = 'the daemon answers in a form that this version does not know';
      return {
        kind: 'failed',
        failure: { code: 'daemon-unusable', message },
        exitCode: exitCodes.failed,
      };
    }
  }
}

/** A daemon of an older version does not send `daemon`. */
interface Answered {
  readonly daemon?: DaemonSeen;
  readonly clusters?: unknown;
}

async function ownLooker(
  context: CommandContext,
  config: LoadedConfig,
  cluster: string | undefined,
): Promise<Looker | undefined> {
  const observer = await observeOnce(context, config);
  if (observer === undefined) return undefined;
  const modes = new Map(config.clusters.map(({ settings }) => [settings.cluster, settings.mode]));
  const warnings = [
    ...(config.stateDirByUser ? [stateDirByUser(config)] : []),
    ...config.warnings.map((message) => ({ code: 'config-warning', message })),
  ];
  const daemon = { running: false, socket: apiSocketPath(config.stateDir), warnings } as const;
  return {
    // A daemon may be started while this command watches.
    look: async () =>
      (await lookAtDaemon(config, cluster)) ?? {
        kind: 'seen',
        daemon,
        // This command only observes; the reader wants to know the configured mode.
        documents: snapshotsOf(observer).map((snapshot) =>
          clusterDocument({ ...snapshot, mode: modes.get(snapshot.cluster) ?? snapshot.mode }),
        ),
      },
    close: () => observer.stop(),
  };
}

/** `sudo` and a service have another home: the daemon may run, and be looked for at the wrong place. */
const stateDirByUser = ({ stateDir }: ConfigOutline): Failure => ({
  code: 'state-dir-by-user',
  message: `the configuration has no state_dir, so it is ${stateDir} for this user; a daemon of another user has another one`,
  hint: 'write for example "state_dir: /var/lib/source-dns" into the configuration',
});

/** Every zone of the cluster was read, and one of its servers answers. */
export const isSeen = ({ publications, servers }: ClusterDocument): boolean =>
  publications.every(({ ready, readFailure }) => ready && readFailure === null) &&
  servers.some(({ contact, discovered }) => contact === 'reachable' && !discovered);

/** 4 if a zone could not be read, or if no server of a cluster could be reached. */
export const exitCodeOfLook = (documents: readonly ClusterDocument[]): ExitCode =>
  documents.every(isSeen) ? exitCodes.done : exitCodes.unreachable;
