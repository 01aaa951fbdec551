/** `hook`: what a hook of a failover tool adds, from its start to its end. */

import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Benchmark, type BenchmarkRun, type Figure, median } from './harness/benchmark.ts';

/** The compiled program lies beside the compiled benchmarks. */
const program = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const fullPairs = 40;
const env = { PATH: '/usr/bin:/bin', ORC_SUCCESSOR_HOST: 'db2', ORC_SUCCESSOR_PORT: '3306' };
const answer = JSON.stringify({
  cluster: 'shop',
  server: 'db2:3306',
  results: [{ nameserver: 'ns1', kind: 'done', code: 'steady', sentence: 'Published.' }],
});
const config = `\
state_dir: state
clusters:
  shop:
    servers: ["127.0.0.1:1", "127.0.0.1:2"]
    mysql: { user: source_dns, password: tiger }
    publish: { nameserver: ns1, source: { name: source.shop.example.com } }
    allow_loopback: true
nameservers:
  ns1: { address: 127.0.0.1, port: 9, key_file: ddns.key }
`;

export const hook: Benchmark = {
  name: 'hook',
  title: 'a hook, from its start to its end',
  about:
    'Pairs of processes, one after the other: `node -e 0`, then `source-dns hook orchestrator` with a daemon that answers at once. What a hook needs beyond the start of Node.js is ours.',
  async run(run) {
    const folder = await mkdtemp(join(tmpdir(), 'source-dns-hook-'));
    const api = createServer((request, response) =>
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-length': Buffer.byteLength(answer) }).end(answer);
      }),
    );
    try {
      const file = await writePlace(folder);
      await new Promise<void>((resolve) => api.listen(join(folder, 'state', 'api.sock'), resolve));
      return await measure(run, [program, 'hook', 'orchestrator', '--config', file]);
    } finally {
      api.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function writePlace(folder: string): Promise<string> {
  const file = join(folder, 'source-dns.yaml');
  await mkdir(join(folder, 'state'));
  await writeFile(file, config);
  await chmod(file, 0o640);
  return file;
}

async function measure(run: BenchmarkRun, command: readonly string[]): Promise<readonly Figure[]> {
  const [bare, whole]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < (run.scale === 'full' ? fullPairs : 2); pair += 1) {
    bare.push(await wallMs(['-e', '0']));
    whole.push(await wallMs(command));
  }
  return [
    { what: 'node -e 0, median', value: median(bare), unit: 'ms' },
    { what: 'a hook, median', value: median(whole), unit: 'ms' },
    {
      what: 'a hook for each node -e 0, median of the pairs',
      value: median(ratios(whole, bare)),
      unit: 'times',
    },
  ];
}

const ratios = (some: readonly number[], others: readonly number[]): readonly number[] =>
  some.map((value, index) => value / (others[index] ?? Number.NaN));

/** Milliseconds from start to end. */
async function wallMs(args: readonly string[]): Promise<number> {
  const begin = performance.now();
  await promisify(execFile)(process.execPath, [...args], { env });
  return performance.now() - begin;
}
