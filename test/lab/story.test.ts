import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const entry = join(root, 'dist', 'main.js');

interface LabLine {
  readonly event: string;
  readonly step?: string;
  readonly held?: boolean;
  readonly text?: string;
  readonly moves?: readonly Record<string, unknown>[];
  readonly acknowledgedWrites?: number;
  readonly lostWrites?: number;
}

/** The lab's folders that are there now: another lab may run beside this test. */
const labFolders = (): Set<string> => new Set(readdirSync(tmpdir()).filter((name) => name.startsWith('source-dns-lab-')));

/** Processes (of anybody) whose command line names one of these folders. */
function processesIn(folders: readonly string[]): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return folders.some((folder) => command.includes(folder)) ? [command] : [];
      } catch {
        return [];
      }
    });
}

beforeAll(async () => {
  await execa('node', ['build.mjs'], { cwd: root });
});

describe('source-dns lab', () => {
  test('two labs side by side: every step of both stories holds, no acknowledged write is lost, and nothing is left behind', async () => {
    const before = labFolders();
    const runs = await Promise.all(
      [1, 2].map(() => execa('node', [entry, 'lab', '--once', '--json'], { reject: false, timeout: 110_000, lines: true })),
    );
    for (const run of runs) {
      const lines = run.stdout.map((line) => JSON.parse(line) as LabLine);
      const verdicts = lines.filter((line) => line.event === 'held').map((line) => [line.step, line.held, line.text]);
      expect(verdicts.map(([step, held]) => [step, held])).toEqual('abcdefgh'.split('').map((step) => [step, true]));
      expect(run.exitCode).toBe(0);
      const summary = lines.at(-1);
      expect(summary).toMatchObject({
        event: 'summary',
        held: true,
        lostWrites: 0,
        moves: [
          { from: 'Source', to: 'Replica 1', reason: 'failover', promotedToAnswerMs: expect.any(Number), propagatedMs: expect.any(Number) },
          { from: 'Replica 1', to: 'Source', promotedToAnswerMs: expect.any(Number), propagatedMs: expect.any(Number) },
        ],
      });
      expect(summary?.acknowledgedWrites).toBeGreaterThan(100);
    }
    const left = [...labFolders()].filter((folder) => !before.has(folder));
    expect(left).toEqual([]);
    expect(processesIn(left)).toEqual([]);
  });

  test('Ctrl-C in the middle of the story ends everything', async () => {
    const before = labFolders();
    const lab = spawn('node', [entry, 'lab', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(lab, 'exit');
    let folders: string[] = [];
    for await (const line of createInterface({ input: lab.stdout })) {
      const { event, step } = JSON.parse(line) as LabLine;
      if (event !== 'step' || step !== 'b') continue;
      folders = [...labFolders()].filter((folder) => !before.has(folder));
      expect(processesIn(folders).length).toBeGreaterThanOrEqual(6);
      lab.kill('SIGINT');
      lab.stdout.resume();
      break;
    }
    const [code] = (await exited) as [number | null];
    expect(code).toBe(1);
    expect(folders.filter((folder) => labFolders().has(folder))).toEqual([]);
    expect(processesIn(folders)).toEqual([]);
  });
});
