/** Hosts with their own network namespaces and addresses. The lab is the router between them. */

import { readlinkSync } from 'node:fs';
import { readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { LabError } from './lab-error.ts';
import { inOwnNetwork, outsideUserNamespace } from './own-network.ts';
import { launch, type ServerProcess } from './processes.ts';
import { until } from './until.ts';

export interface Network {
  readonly addresses: readonly string[];
  /** A LIKE pattern for the addresses of all hosts and of the lab. */
  readonly clients: string;
  /** A command prefix: it runs a command on that host, with the same process id. */
  through(index: number): readonly string[];
  /** A command prefix: it runs a command where the lab is, from anywhere on this machine. */
  readonly enter: readonly string[];
  /** Silently drops all packets between this host and the others; the lab still reaches them all. */
  isolate(index: number): Promise<void>;
  /** Ends `isolate`. */
  join(index: number): Promise<void>;
}

/** Every command takes milliseconds, on a busy machine longer. */
const timeoutMs = 20_000;
const firstRule = 100;

const addressOf = (index: number): string => `10.99.${index + 1}.2`;
const gatewayOf = (index: number): string => `10.99.${index + 1}.1`;

/** Rejects outside a network namespace of the lab: the machine's own rules never change. */
export async function makeNetwork(count: number, folder: string): Promise<Network> {
  if (!inOwnNetwork())
    throw new Error('the lab must be in a network of its own before it makes hosts and rules');
  await ip('link', 'set', 'lo', 'up');
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  const hosts: ServerProcess[] = [];
  for (let index = 0; index < count; index++) hosts.push(await makeHost(index, folder));
  const through = (index: number) => ['nsenter', `--net=/proc/${hosts[index]?.pid}/ns/net`];
  const inUserNamespace = outsideUserNamespace() !== readlinkSync('/proc/self/ns/user');
  const rules = async (verb: 'add' | 'del', index: number): Promise<void> => {
    for (let other = 0; other < count; other++) {
      if (other === index) continue;
      for (const [from, to] of [
        [index, other],
        [other, index],
      ] as const) {
        const rule = ['from', addressOf(from), 'to', addressOf(to), 'blackhole'];
        await ip('rule', verb, 'pref', `${firstRule + from * count + to}`, ...rule);
      }
    }
  };
  return {
    addresses: hosts.map((_, index) => addressOf(index)),
    clients: '10.99.%',
    through,
    enter: [
      'nsenter',
      `--target=${process.pid}`,
      ...(inUserNamespace ? ['--user', '--preserve-credentials'] : []),
      '--net',
    ],
    isolate: (index) => rules('add', index),
    join: (index) => rules('del', index),
  };
}

/** An idle process keeps the namespace; both end with the lab, however it ends. */
async function makeHost(index: number, folder: string): Promise<ServerProcess> {
  const name = `host${index + 1}`;
  const keeper = launch(`the network of ${name}`, 'unshare', ['--net', 'sleep', 'infinity'], {
    cwd: folder,
    logFile: join(folder, `${name}.log`),
  });
  const own = await readlink('/proc/self/ns/net');
  await until(`the network namespace of ${name}`, async () => {
    if (!keeper.running)
      throw new LabError(`unshare --net ended:\n${keeper.log.tail()}`, { hint: `see ${keeper.log.file}` });
    return (await readlink(`/proc/${keeper.pid}/ns/net`).catch(() => own)) !== own;
  });
  await ip('link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${keeper.pid}`);
  await ip('addr', 'add', `${gatewayOf(index)}/24`, 'dev', name);
  await ip('link', 'set', name, 'up');
  const inside = (...args: string[]) => run('nsenter', [`--net=/proc/${keeper.pid}/ns/net`, 'ip', ...args]);
  await inside('link', 'set', 'lo', 'up');
  await inside('addr', 'add', `${addressOf(index)}/24`, 'dev', 'eth0');
  await inside('link', 'set', 'eth0', 'up');
  await inside('route', 'add', 'default', 'via', gatewayOf(index));
  return keeper;
}

const ip = (...args: string[]): Promise<void> => run('ip', args);

async function run(command: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr, message } = await execa(command, [...args], {
    timeout: timeoutMs,
    stdin: 'ignore',
    reject: false,
  });
  if (exitCode === 0) return;
  throw new LabError(`${command} ${args.join(' ')}: ${stderr || message || 'failed'}`, {
    hint: 'does the kernel have veth and policy routing?',
  });
}
