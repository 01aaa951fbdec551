import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Paths where servers are installed, though an ordinary user's PATH often lacks them. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/mysql/bin'];
const versionTimeoutMs = 20_000;

/** An installed program, or undefined. */
export function findInstalled(name: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(':').filter((each) => each.startsWith('/')),
    ...serverFolders,
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Whether AppArmor confines this path to the system's own data folders, as Debian's and Ubuntu's profiles do: then it cannot serve a lab in a private one. */
export async function isConfined(path: string): Promise<boolean> {
  const enabled = await readFile('/sys/module/apparmor/parameters/enabled', 'utf8').catch(() => 'N');
  return enabled.startsWith('Y') && existsSync(join('/etc/apparmor.d', path.slice(1).replaceAll('/', '.')));
}

/** What the program prints about its version. Rejects when it does not run. */
export async function printedVersion(path: string, args: readonly string[]): Promise<string> {
  const { all } = await execa(path, args, { all: true, timeout: versionTimeoutMs, stdin: 'ignore' });
  return all;
}
