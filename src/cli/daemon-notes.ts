/** What the daemon says about itself in the API: since when, and what an operator should mend. */

import type { LoadedConfig } from '../config/loaded.ts';
import type { Failure } from '../core/model/observation.ts';
import { watchFiles } from '../daemon/changed-files.ts';
import { type DaemonDocument, shareDocument } from '../http/documents.ts';
import type { CommandContext } from './context.ts';

export interface DaemonNotes {
  document(): DaemonDocument;
  /** After a reload. */
  use(config: LoadedConfig): void;
  stop(): void;
}

interface NotesOptions {
  readonly config: LoadedConfig;
  /** About the state directory, found at the start. */
  readonly stateDir: Failure | undefined;
  /** Once for each file that begins to differ from what is in use. */
  onWarning(failure: Failure): void;
}

/** Watches the configuration and the files that it names until `stop`. */
export function openDaemonNotes(
  { clock, version, pid }: Pick<CommandContext, 'clock' | 'version' | 'pid'>,
  options: NotesOptions,
): DaemonNotes {
  let { config } = options;
  const since = new Date(clock.wall()).toISOString();
  const files = watchFiles({ files: config.files, clock, onDiffering: options.onWarning });
  return {
    document: () => ({
      running: true,
      instance: config.instance,
      version,
      pid,
      since,
      ...shareOf(config),
      warnings: [
        ...config.warnings.map((message) => ({ code: 'config-warning', message })),
        ...(options.stateDir === undefined ? [] : [options.stateDir]),
        ...files.differing(),
      ],
    }),
    use(next) {
      config = next;
      files.use(next.files);
    },
    stop: files.stop,
  };
}

function shareOf(config: LoadedConfig): Pick<DaemonDocument, 'share'> {
  const share = shareDocument(config);
  return share === undefined ? {} : { share };
}
