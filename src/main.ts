#!/usr/bin/env node
/**
 * The first instructions: what signals mean from now on. The program is loaded after that, which takes some hundred milliseconds on a busy host.
 * Node's own meanings are not what an operator expects: SIGUSR1 opens the inspector, to which every user of this host may connect and run
 * code as this user; SIGUSR2 and SIGHUP end the process.
 */

import { close, url } from 'node:inspector';

const ignore = (): void => {};
process.on('SIGUSR1', ignore);
process.on('SIGUSR2', ignore);
// A reload that is asked for before the configuration is read needs no other answer. In a terminal SIGHUP ends the other commands.
if (process.argv.includes('run')) process.on('SIGHUP', ignore);

// SIGUSR1 may have come while Node itself started; the inspector opens some moments after it. What the operator asked for stays open.
const isAskedFor = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((option) =>
  option.includes('--inspect'),
);
const closeInspector = (): void => {
  if (!isAskedFor && url() !== undefined) close();
};
closeInspector();
for (const afterMs of [0, 100, 1000]) setTimeout(closeInspector, afterMs).unref();

// Modules are read many at once: more than a very low `ulimit -n` allows.
await import('./program.ts').catch((error: unknown) => {
  if ((error as NodeJS.ErrnoException | null)?.code !== 'EMFILE') throw error;
  process.stderr.write(
    'source-dns cannot open enough files to start: raise the limit (ulimit -n, LimitNOFILE=) to 256 or more\n',
  );
  process.exit(1);
});
