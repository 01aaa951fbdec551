/** The area `host`: what this process and its machine give. */

import { readFile } from 'node:fs/promises';
import type { Check } from '../check.ts';
import { type Found, fault, judged, warning } from '../found.ts';
import type { SeenServer } from '../world.ts';

const area = 'host';
const here = 'in a shell on this host';

/** As package.json says it. */
const oldestNode = [20, 19] as const;

export const nodeCheck: Check = {
  area,
  name: 'node',
  codes: ['node-old'],
  async look({ around }) {
    const [major = 0, minor = 0] = around.nodeVersion.split('.').map(Number);
    const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
    const all = isOld
      ? [
          fault(
            'node-old',
            `Node.js ${around.nodeVersion} is too old: install ${oldestNode.join('.')} or later`,
          ),
        ]
      : [];
    return judged({ area, name: 'node' }, 'Node.js', all, around.nodeVersion);
  },
};

/** File descriptors: a connection to each server and a second one while one is replaced, then the rest. */
const filesOfServer = 2;
const otherFiles = 128;

export const filesCheck: Check = {
  area,
  name: 'open-files',
  codes: ['open-files-few'],
  async look({ config, around }) {
    const most = await around.openFiles();
    if (most === undefined) return [];
    const servers = config.clusters.reduce((sum, { settings }) => sum + settings.servers.length, 0);
    const needed = servers * filesOfServer + otherFiles;
    const all =
      most >= needed
        ? []
        : [
            warning(
              'open-files-few',
              `a process of this user may open ${most} files, and ${servers} servers need ${needed}`,
              {
                where:
                  'in the unit of systemd, section [Service] (systemctl edit source-dns); then restart it',
                lines: [`LimitNOFILE=${Math.max(8192, needed)}`],
              },
            ),
          ];
    return judged({ area, name: 'open-files' }, 'ulimit -n', all, `${most} files`);
  },
};

/** Linux: the row `Max open files` of proc(5). Undefined: another system, or no limit. */
export async function openFilesLimit(): Promise<number | undefined> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const [, soft] = /^Max open files\s+(\d+)/m.exec(text) ?? [];
  return soft === undefined ? undefined : Number(soft);
}

/** Seconds. A TSIG signature allows 300, and the lag of replicas is shown in seconds. */
const mostClockSeconds = 5;
/** 2025-01-01: this program is younger. */
const youngestWall = Date.UTC(2025, 0, 1);

export const clockCheck: Check = {
  area,
  name: 'clock',
  codes: ['clock-wrong'],
  async look(world) {
    const wall = world.clock.wall();
    if (wall < youngestWall)
      return judged(
        { area, name: 'clock' },
        'this host',
        [wrong(`says ${new Date(wall).toISOString()}`)],
        '',
      );
    const servers = (await Promise.all(world.clusters.map((cluster) => world.servers(cluster)))).flat();
    return judged({ area, name: 'clock' }, 'this host', clockFindings(servers), 'agrees with the servers');
  },
};

const wrong = (what: string, where = here): Found =>
  warning('clock-wrong', `the clock ${what}`, { where, lines: ['timedatectl set-ntp true'] });

/** If most servers differ from us in the same way, our clock is the wrong one. */
function clockFindings(servers: readonly SeenServer[]): readonly Found[] {
  const told = servers.flatMap(({ address, inspection }) => {
    const ahead = inspection.kind === 'seen' ? inspection.report.clockAheadSeconds : undefined;
    return ahead === undefined ? [] : [{ address, ahead }];
  });
  const sorted = told.map(({ ahead }) => ahead).toSorted((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const ours =
    told.length > 1 && Math.abs(usual) > mostClockSeconds
      ? [wrong(`is ${seconds(-usual)} against most servers: signed updates and times in the history need it`)]
      : [];
  const base = ours.length > 0 || told.length > 2 ? usual : 0;
  const theirs = told
    .filter(({ ahead }) => Math.abs(ahead - base) > mostClockSeconds)
    .map(({ address, ahead }) => ({
      ...wrong(
        `of ${address} is ${seconds(ahead - base)}: the lag of replicas is then wrong by as much`,
        `in a shell on the host of ${address}`,
      ),
      subject: address,
    }));
  return [...ours, ...theirs];
}

const seconds = (ahead: number): string =>
  `${Math.round(Math.abs(ahead))} s ${ahead > 0 ? 'ahead' : 'behind'}`;
