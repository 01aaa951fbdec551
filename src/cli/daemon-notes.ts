/** What the daemon says about itself in the API: since when, and what an operator should mend. */

import type { LoadedConfig } from '../config/loaded.ts';
import type { Failure } from '../core/model/observation.ts';
import type { MonoMs } from '../core/model/units.ts';
import { watchFiles } from '../daemon/changed-files.ts';
import type { Log } from '../daemon/log.ts';
import { overloadWarning } from '../daemon/overload.ts';
import { type DaemonDocument, shareDocument } from '../http/documents.ts';
import type { CommandContext } from './context.ts';

export interface DaemonNotes {
  document(): DaemonDocument;
  /** Since when the process has too much to do; undefined: that is over. */
  overloaded(since: MonoMs | undefined, waiting: () => ReadonlySet<string>): void;
  /** After a reload. */
  use(config: LoadedConfig): void;
  stop(): void;
}

interface NotesOptions {
  readonly config: LoadedConfig;
  /** About the state directory, found at the start. */
  readonly stateDir: Failure | undefined;
  /** Once for each file that begins to differ from what is in use, and when an overload begins and ends. */
  readonly log: Pick<Log, 'say' | 'fail'>;
}

/** Watches the configuration and the files that it names until `stop`. */
export function openDaemonNotes(
  { clock, version, pid }: Pick<CommandContext, 'clock' | 'version' | 'pid'>,
  { config: begun, stateDir, log }: NotesOptions,
): DaemonNotes {
  let config = begun;
  /** The clusters that wait become fewer while the warning is present. */
  let overload: (() => Failure) | undefined;
  const since = new Date(clock.wall()).toISOString();
  const files = watchFiles({
    files: config.files,
    clock,
    onDiffering: (failure) => log.fail('warn', failure),
  });
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
        ...(stateDir === undefined ? [] : [stateDir]),
        ...(overload === undefined ? [] : [overload()]),
        ...files.differing(),
      ],
    }),
    overloaded(begunAt, waiting) {
      if (begunAt === undefined) {
        overload = undefined;
        log.say('info', 'overload-over', roomAgain);
        return;
      }
      const begun = clock.wall() - (clock.mono() - begunAt);
      overload = () => overloadWarning(begun, [...waiting()]);
      log.fail('warn', overload());
    },
    use(next) {
      config = next;
      files.use(next.files);
    },
    stop: files.stop,
  };
}

const roomAgain = 'the process can keep up again: it asks servers at rest as often as configured';

function shareOf(config: LoadedConfig): Pick<DaemonDocument, 'share'> {
  const share = shareDocument(config);
  return share === undefined ? {} : { share };
}
