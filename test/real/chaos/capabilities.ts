/** Finds out which faults this machine can make: namespaces, slow links, full disks. */

import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tried } from './commands.ts';

/**
 * How a link becomes slow: netem delays packets; tbf, for a kernel without netem, passes few bytes a second.
 */
export type SlowLink = 'netem' | 'tbf';

/** What this machine can do; each capability is tried in a namespace that is then removed. */
export interface Capabilities {
  readonly slowLink: SlowLink | undefined;
  readonly smallDisk: boolean;
  /** What is missing and what that means, one sentence each, for the report. */
  readonly missing: readonly string[];
}

/** Without these capabilities no world can be built, and the text says why. */
export async function probeCapabilities(): Promise<Capabilities | string> {
  const [one, two] = [`sdc${process.pid}-try1`, `sdc${process.pid}-try2`];
  try {
    for (const step of [
      ['ip', 'netns', 'add', one],
      ['ip', 'netns', 'add', two],
      ['ip', '-n', one, 'link', 'add', 'name', 'wire', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', two],
      ['ip', '-n', one, 'rule', 'add', 'pref', '100', 'from', '10.99.1.2', 'to', '10.99.2.2', 'blackhole'],
      ['nsenter', `--net=/run/netns/${two}`, 'true'],
    ]) {
      const [command = '', ...args] = step;
      const done = await tried(command, args);
      if (done !== true) return `network namespaces cannot be used here (${done})`;
    }
    const netem = await tried('tc', [
      '-n',
      one,
      'qdisc',
      'add',
      'dev',
      'wire',
      'root',
      'netem',
      'delay',
      '100ms',
    ]);
    const tbf =
      netem === true ||
      (await tried('tc', ['-n', one, 'qdisc', 'add', 'dev', 'wire', 'root', ...tbfArguments]));
    const smallDisk = await probeTmpfs();
    return {
      slowLink: netem === true ? 'netem' : tbf === true ? 'tbf' : undefined,
      smallDisk: smallDisk === true,
      missing: [
        ...(netem === true
          ? []
          : [
              `NO NETEM: ${tbf === true ? 'slow links are links of few bits a second (tbf)' : 'NO SLOW LINKS'} (${netem})`,
            ]),
        ...(smallDisk === true ? [] : [`NO TMPFS: NO FULL DISKS (${smallDisk})`]),
      ],
    };
  } finally {
    for (const name of [one, two]) await tried('ip', ['netns', 'del', name]);
  }
}

/** Some 20 messages a second, and a queue of a second before packets are lost. */
export const tbfArguments: readonly string[] = [
  'tbf',
  'rate',
  '48kbit',
  'burst',
  '2000',
  'latency',
  '1000ms',
];

async function probeTmpfs(): Promise<true | string> {
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-chaos-try-'));
  const mounted = await tried('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder]);
  if (mounted === true) await tried('umount', [folder]);
  await rmdir(folder);
  return mounted;
}
