/** The paths of `source-dns init`: where its files are at last, and what the unit starts. */

import { basename, isAbsolute, resolve } from 'node:path';
import type { Setup } from '../../setup/setup.ts';
import { isHiddenFromService } from '../../setup/unit-text.ts';
import type { InitRun } from './init-context.ts';

/** A removed working directory, and a path that is relative to it. */
export const noFolder = ({ args, tools }: InitRun): string | undefined =>
  tools.cwd !== undefined || isAbsolute(args.output ?? (tools.isRoot ? '/' : ''))
    ? undefined
    : 'the working directory no longer exists; give the absolute path of a folder with --output\n';

/** Units and named.conf have rules of their own for spaces, quotes, `%` and colons in a path. */
export function oddPath(run: InitRun): string | undefined {
  const odd = Object.values(placesOf(run)).find((path) => !/^\/[A-Za-z0-9@+=,./_-]*$/.test(path));
  return odd === undefined
    ? undefined
    : `${JSON.stringify(odd)} cannot be written into a unit of systemd or into named.conf: use an absolute path of letters, digits and @ + = , . _ -\n`;
}

const packagedProgram = '/usr/bin/source-dns';

const isCommand = (started: string): boolean =>
  isAbsolute(started) && basename(started) === 'source-dns' && !isHiddenFromService(started);

/** Says that the unit starts another program than this one. */
export function sayProgram({ args, tools: { started }, asking }: InitRun): void {
  if (args.program !== undefined || isCommand(started)) return;
  const why = isHiddenFromService(started)
    ? 'a service does not see that folder'
    : 'this is not the installed command';
  asking.say(
    `The unit starts ${packagedProgram}, and not ${JSON.stringify(started)}: ${why}. Another program: --program.\n`,
  );
}

export const placesOf = ({ args, tools, output }: InitRun): Setup['places'] => ({
  installed: tools.isRoot && !isHiddenFromService(output) ? output : '/etc/source-dns',
  stateDir: resolve(tools.cwd ?? '/', args.stateDir ?? '/var/lib/source-dns'),
  bindFolder: args.bindFolder ?? '/var/lib/bind',
  program: args.program ?? (isCommand(tools.started) ? tools.started : packagedProgram),
});
