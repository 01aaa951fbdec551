/** The unit for systemd: the one of the package, with the paths of this set-up. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyCredential, keyFileName, passwordFileName } from './configuration-text.ts';
import type { Setup } from './setup.ts';

/** The same path from src/setup and from dist/setup. */
const unitFile = join(import.meta.dirname, '..', '..', 'systemd', 'source-dns.service');

/** The unit as the package has it. Rejects if the package is not complete. */
export const packagedUnit = (): Promise<string> => readFile(unitFile, 'utf8');

/** Whether a service with the unit's ProtectHome=yes and PrivateTmp=yes does not see the path. */
export const isHiddenFromService = (path: string): boolean =>
  /^\/(?:home|root|tmp|var\/tmp|run\/user)(?:\/|$)/.test(path);

/** Replaces the paths of the packaged unit. Pure. */
export function unitText(unit: string, { places, key }: Setup): string {
  const { installed, stateDir, program } = places;
  const credential = keyCredential(key);
  return unit
    .split('\n')
    .flatMap((line) => {
      if (line.startsWith('ExecStart='))
        return [`ExecStart=${program} --config ${installed}/source-dns.yaml run`];
      if (line.startsWith(`LoadCredential=${passwordFileName}:`))
        return [`LoadCredential=${passwordFileName}:${installed}/${passwordFileName}`];
      if (line.startsWith(`LoadCredential=${keyFileName}:`))
        return credential === undefined
          ? []
          : [`LoadCredential=${credential}:${key.file ?? `${installed}/${keyFileName}`}`];
      if (line.startsWith('StateDirectory=')) return [stateLine(stateDir)];
      return [line];
    })
    .join('\n');
}

/** systemd makes folders below /var/lib by itself; another one must be there. */
const stateLine = (stateDir: string): string =>
  stateDir.startsWith('/var/lib/')
    ? `StateDirectory=${stateDir.slice('/var/lib/'.length)}`
    : `ReadWritePaths=${stateDir}`;
