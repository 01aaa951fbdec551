#!/usr/bin/env node
/**
 * What signals mean, before the program is loaded (some hundred milliseconds). Node's own meanings are
 * dangerous: SIGUSR1 opens the inspector, through which every user of this host may run code as this user;
 * SIGUSR2 and SIGHUP end the process.
 */

import { close, url } from 'node:inspector';

// The first process of a container has no default for a signal: without a listener nothing would stop it.
if (process.pid === 1)
  for (const [signal, code] of [['SIGTERM', 143] as const, ['SIGINT', 130] as const])
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code);
    });

const ignore = (): void => {};
process.on('SIGUSR1', ignore);
process.on('SIGUSR2', ignore);
// Before the configuration is read, a reload needs no answer. SIGHUP ends the other commands.
if (process.argv.includes('run')) process.on('SIGHUP', ignore);

// Node itself may have got SIGUSR1, more than once: the inspector opens a moment later, also
// after it was closed. One that was asked for stays open.
const isAskedFor = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((option) =>
  option.includes('--inspect'),
);
const closeInspector = (): void => {
  if (!isAskedFor && url() !== undefined) close();
};
closeInspector();
for (const afterMs of [0, 100]) setTimeout(closeInspector, afterMs).unref();
setInterval(closeInspector, 1000).unref();

// Many modules are read at once: more than a very low `ulimit -n` allows.
await import('./program.ts').catch((error: unknown) => {
  if ((error as NodeJS.ErrnoException | null)?.code !== 'EMFILE') throw error;
  process.stderr.write(
    'source-dns cannot open enough files to start: raise the limit (ulimit -n, LimitNOFILE=) to 256 or more\n',
  );
  process.exit(1);
});
