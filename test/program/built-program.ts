/** The built program as a child process. global-setup.ts builds it. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';

/** The entry file of the built program. */
export const program = join(inject('program'), 'main.js');

export interface Place {
  readonly folder: string;
  readonly config: string;
  readonly stateDir: string;
  readonly socket: string;
}

/** A folder with a configuration in which nothing answers. `stateDir`: see `state_dir`; null: not set. */
export async function place(stateDir: string | null = 'state'): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'sd-local-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'source-dns.yaml');
  await writeFile(
    join(folder, 'ddns.key'),
    'key "k" { algorithm hmac-sha256; secret "c2VjcmV0LXNlY3JldC1zZWNyZXQ="; };\n',
  );
  await writeFile(join(folder, 'password'), 'tiger\n');
  await writeFile(
    config,
    `\
instance: watcher-1
${stateDir === null ? '' : `state_dir: ${stateDir}`}
clusters:
  shop:
    servers: ["127.0.0.1:1", "127.0.0.1:2"]
    mysql: { user: source_dns, password_file: password }
    publish: { nameserver: ns1, source: { name: source.shop.example.com } }
    allow_loopback: true
nameservers:
  ns1: { address: 127.0.0.1, port: 9, key_file: ddns.key }
`,
  );
  for (const file of ['ddns.key', 'password', 'source-dns.yaml']) await chmod(join(folder, file), 0o640);
  return { folder, config, stateDir: join(folder, 'state'), socket: join(folder, 'state', 'api.sock') };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** The first line of stdout that contains this text. Rejects if the process ends before. */
  said(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Starts it; it ends with the test. */
export function start(command: readonly string[], options: SpawnOptions = {}): Running {
  const [file = process.execPath, ...args] = command;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  onTestFinished(() => void child.kill('SIGKILL'));
  const text = { out: '', err: '' };
  const waiting = new Set<() => void>();
  child.stdout?.on('data', (piece: Buffer) => {
    text.out += piece.toString();
    for (const look of waiting) look();
  });
  child.stderr?.on('data', (piece: Buffer) => {
    text.err += piece.toString();
  });
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, ...text })),
  );
  return {
    child,
    ended,
    said: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (text.out.includes(wanted)) resolve();
        };
        waiting.add(look);
        look();
        void ended.then(({ code, signal, err }) =>
          reject(new Error(`it ended (${code ?? signal}) before it said ${wanted}: ${err}`)),
        );
      }),
  };
}
