/** The area `host`: the state directory. The daemon creates it; the doctor only looks. */

import { constants, type Stats } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Check } from '../check.ts';
import { type Found, fault, judged, warning } from '../found.ts';
import type { World } from '../world.ts';

const parts = {
  area: 'host',
  name: 'state-dir',
  codes: ['state-dir-missing', 'state-dir-unusable', 'state-dir-open', 'state-dir-shared', 'disk-full'],
} as const;

export const stateDirCheck: Check = {
  ...parts,
  look: async (world) =>
    judged(parts, world.config.stateDir, await stateDirFindings(world), 'this user may write there'),
};

const here = 'in a shell on this host';
export const quoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;

async function stateDirFindings(world: World): Promise<readonly Found[]> {
  const { stateDir, file } = world.config;
  let stats: Stats;
  try {
    stats = await stat(stateDir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [
      code === 'ENOENT'
        ? warning(
            'state-dir-missing',
            `does not exist yet; the daemon creates it, if it may write to ${dirname(stateDir)}`,
            {
              where: here,
              lines: [`install -d -m 0750 ${quoted(stateDir)}`],
            },
          )
        : fault('state-dir-unusable', `cannot be used (${code})`, otherDir(file)),
    ];
  }
  if (!stats.isDirectory()) return [fault('state-dir-unusable', 'is not a directory', otherDir(file))];
  return [
    ...rightsFinding(stateDir, stats),
    ...(await writeFindings(world, stats)),
    ...(await diskFindings(stateDir)),
  ];
}

const otherDir = (file: string) => ({ where: `in ${file}`, lines: ['state_dir: /var/lib/source-dns'] });

const writableByAll = 0o002;
const sticky = 0o1000;

function rightsFinding(path: string, { mode }: Stats): readonly Found[] {
  if ((mode & writableByAll) === 0) return [];
  return [
    ((mode & sticky) === 0 ? fault : warning)(
      (mode & sticky) === 0 ? 'state-dir-open' : 'state-dir-shared',
      'every user of this host may put a false history or socket there',
      { where: here, lines: [`chmod 0750 ${quoted(path)}`] },
    ),
  ];
}

/** Another user's directory is right where that user runs the daemon. */
async function writeFindings({ config, daemon }: World, { uid }: Stats): Promise<readonly Found[]> {
  try {
    await access(config.stateDir, constants.W_OK | constants.X_OK);
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EROFS')
      return [fault('state-dir-unusable', 'is on a read-only file system', otherDir(config.file))];
    if ((await daemon()).kind !== 'no-daemon') return [];
    return [
      warning(
        'state-dir-shared',
        `this user may not write there: it belongs to the user with the uid ${uid}. Run the daemon, and this command, as that user`,
        {
          where: here,
          lines: [`sudo -u '#${uid}' source-dns --config ${quoted(config.file)} check`],
        },
      ),
    ];
  }
}

/** The history is bounded to some megabytes (docs/OPERATING.md). */
const neededBytes = 64 * 1024 * 1024;

async function diskFindings(path: string): Promise<readonly Found[]> {
  const disk = await statfs(path).catch(() => undefined);
  if (disk === undefined) return [];
  const free = disk.bavail * disk.bsize;
  const noFiles = disk.files > 0 && disk.ffree === 0;
  if (free >= neededBytes && !noFiles) return [];
  return [
    fault(
      'disk-full',
      noFiles
        ? 'the disk has no free inode: the history cannot be written'
        : `the disk has ${Math.floor(free / 1024 / 1024)} MiB left: soon the history cannot be written. See what is large:`,
      { where: here, lines: [`du -xh -d 2 ${quoted(path)}/.. | sort -h | tail`] },
    ),
  ];
}
