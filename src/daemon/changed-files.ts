/**
 * Notices that the configuration, a password or a key differs from what is in use. Nothing is taken over by
 * itself: a file may be half written, and an operator says with SIGHUP that it is ready.
 */

import { stat } from 'node:fs/promises';
import type { FileInUse } from '../config/loaded.ts';
import { digestOf, readBounded } from '../config/secret-files.ts';
import type { Failure } from '../core/model/observation.ts';
import type { Clock } from '../ports.ts';

/** How often the files are looked at. */
const lookEveryMs = 10_000;

export interface FileWatch {
  /** The files that differ now; `file-changed`, `file-gone`. */
  differing(): readonly Failure[];
  /** After a reload: these are in use from now on. */
  use(files: readonly FileInUse[]): void;
  stop(): void;
}

interface WatchOptions {
  readonly files: readonly FileInUse[];
  readonly clock: Clock;
  /** Once for each change. */
  onDiffering(failure: Failure): void;
}

interface Watched {
  readonly inUse: FileInUse;
  /** Inode, size and time of the last look: the file is read only if they differ. */
  mark: string | undefined;
  failure: Failure | undefined;
}

/** Looks every ten seconds, at one file after the other. Never throws. */
export function watchFiles({ files, clock, onDiffering }: WatchOptions): FileWatch {
  let watched: readonly Watched[] = [];
  let stopped = false;
  let cancel: () => void = () => {};

  const use = (given: readonly FileInUse[]): void => {
    watched = given.map((inUse) => ({ inUse, mark: undefined, failure: undefined }));
  };

  async function look(): Promise<void> {
    for (const one of watched) {
      const before = one.failure;
      await lookAt(one);
      // A reload may have replaced it meanwhile.
      if (stopped || !watched.includes(one)) continue;
      if (one.failure !== undefined && one.failure.message !== before?.message) onDiffering(one.failure);
    }
    next();
  }
  function next(): void {
    if (!stopped) cancel = clock.after(lookEveryMs, () => void look());
  }

  use(files);
  next();
  return {
    differing: () => watched.flatMap(({ failure }) => failure ?? []),
    use,
    stop() {
      stopped = true;
      cancel();
    },
  };
}

async function lookAt(one: Watched): Promise<void> {
  const { file, maxBytes, digest } = one.inUse;
  const mark = await markOf(file);
  if (mark !== undefined && mark === one.mark) return;
  one.mark = mark;
  const content = await readBounded(file, maxBytes);
  if (content.kind === 'failed') one.failure = gone(one.inUse, content.problem);
  else one.failure = digestOf(content.text) === digest ? undefined : changed(one.inUse);
}

const markOf = (file: string): Promise<string | undefined> =>
  stat(file).then(
    ({ ino, size, mtimeMs, ctimeMs }) => [ino, size, mtimeMs, ctimeMs].join(),
    () => undefined,
  );

const changed = ({ file, role }: FileInUse): Failure => ({
  code: 'file-changed',
  message: `${file} (${role}) has changed since source-dns read it; the old content is in use`,
  hint: 'when the file is ready, reload: systemctl reload source-dns, or send SIGHUP to the daemon',
});

const gone = ({ file, role }: FileInUse, problem: string): Failure => ({
  code: 'file-gone',
  message: `${file} (${role}) ${problem}; what source-dns read before is in use`,
  hint: 'put it back: the next reload is refused, and the next start fails',
});
