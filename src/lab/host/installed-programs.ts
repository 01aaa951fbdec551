/** Programs that are installed on this machine. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Servers are installed here, and PATH often lacks these folders. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/mysql/bin'];
const versionTimeoutMs = 20_000;

/** The path of an installed program, or undefined. */
export function findInstalled(name: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(':').filter((each) => each.startsWith('/')),
    ...serverFolders,
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Whether AppArmor confines this program to the system's data folders: the lab uses private ones. */
export async function isConfined(path: string): Promise<boolean> {
  const enabled = await readFile('/sys/module/apparmor/parameters/enabled', 'utf8').catch(() => 'N');
  return enabled.startsWith('Y') && existsSync(join('/etc/apparmor.d', path.slice(1).replaceAll('/', '.')));
}

/** The output of the program that has its version. Rejects if it does not run. */
export async function printedVersion(path: string, args: readonly string[]): Promise<string> {
  const { all } = await execa(path, args, { all: true, timeout: versionTimeoutMs, stdin: 'ignore' });
  return all;
}
