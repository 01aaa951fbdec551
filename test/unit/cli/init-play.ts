/** Plays `source-dns init` without a network, in a folder of the test. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect } from 'vitest';
import { parseArguments } from '../../../src/cli/args.ts';
import type { CommandContext } from '../../../src/cli/context.ts';
import { init } from '../../../src/cli/init/init.ts';
import type { InitTools } from '../../../src/cli/init/init-context.ts';
import { openPrompter } from '../../../src/cli/init/prompter.ts';
import type { Probe } from '../../../src/core/model/observation.ts';
import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import type { FoundZone } from '../../../src/setup/found-zone.ts';
import { textOfFile } from '../../support/checkout.ts';
import { commandSession } from '../../support/command-session.ts';
import { channelFrom, factsOf, replicaOf, seen, silent, uuid } from '../../support/given.ts';
import { quietProber } from '../../support/quiet-prober.ts';

export let folder: string;
/** A new folder for each test of the file that calls this. */
export function useFolder(): void {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sd-init-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
}

export const host = (name: string): ServerAddress => `${name}.example.com:3306` as ServerAddress;
const denied: Probe = {
  kind: 'alive',
  failure: { code: 'mysql-1045', message: 'db1: Access denied', hint: 'CREATE USER for every product' },
};
export const source = seen(
  factsOf('db1', {
    replicas: [
      { address: host('db2'), claim: uuid('db2') },
      { address: '172.17.0.3:3306' as ServerAddress, claim: uuid('db3') },
    ],
  }),
);
export const replica = (name: string, delaySeconds = 0): Probe =>
  seen(
    replicaOf('db1', name, {
      channels: [
        channelFrom('db1', { sourceAddress: host('db1'), ...(delaySeconds > 0 && { delaySeconds }) }),
      ],
    }),
  );
export const foundZone: Extract<FoundZone, { readonly kind: 'zone' }> = {
  kind: 'zone',
  zone: 'db.example.com.' as Fqdn,
  verify: [{ host: '192.0.2.53', port: 53 }],
  failures: [],
  name: 'free',
  keyIsTaken: false,
};

export interface World {
  readonly probes?: Readonly<Record<string, Probe>>;
  readonly zone?: FoundZone;
  /** What a person types; undefined: there is no terminal. */
  readonly typed?: string;
  /** Passwords that let the account in; default: all. */
  readonly passwords?: readonly string[];
  readonly tools?: Partial<InitTools>;
}

/** Runs it; `asked`: the addresses that got the password. */
export async function play(argv: readonly string[], world: World = {}) {
  const { probes = { [host('db1')]: source, [host('db2')]: replica('db2') }, zone = foundZone } = world;
  const { context, state, exits } = commandSession(folder, argv.includes('--json'));
  const seenBy = { screen: '', asked: new Set<string>() };
  const own: CommandContext = {
    ...context,
    loadMaker: async () => ({
      prober: ({ mysql }) =>
        quietProber(async (server) => {
          seenBy.asked.add(server);
          const isRight = world.passwords?.includes(mysql.password.reveal()) !== false;
          return isRight ? (probes[server] ?? silent) : denied;
        }),
      zoneClient: () => Promise.reject(new Error('not used')),
    }),
  };
  const tools: InitTools = {
    openPrompter(onInterrupt) {
      if (world.typed === undefined) return undefined;
      const [input, output] = [new PassThrough(), new PassThrough()];
      output.on('data', (chunk) => {
        seenBy.screen += String(chunk);
      });
      input.end(world.typed);
      return openPrompter({ input, output, onInterrupt });
    },
    look: async () => zone,
    greet: async () => ({ kind: 'greeted', product: 'mariadb', version: '10.11.18-MariaDB' }),
    unit: async () => textOfFile('systemd/source-dns.service'),
    env: {},
    cwd: folder,
    isRoot: false,
    host: 'watcher-1',
    started: '/usr/local/bin/source-dns',
    ...world.tools,
  };
  const parsed = parseArguments(['init', ...argv]);
  if (parsed.kind !== 'command' || parsed.command.name !== 'init') throw new Error(JSON.stringify(parsed));
  const exit = await init(own, parsed.command, tools);
  return { ...state, ...seenBy, exits, exit };
}

export const flags = [
  '--server',
  'db1.example.com',
  '--nameserver',
  '192.0.2.53',
  '--name',
  'source.shop.db.example.com',
];
export const password = { SOURCE_DNS_MYSQL_PASSWORD: 'tiger' };
export const written = (name: string) => readFile(join(folder, 'source-dns', name), 'utf8');
export const nothingWritten = async () => expect(await readdir(folder)).toEqual([]);
