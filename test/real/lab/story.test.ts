/** The default scenario of the lab, as a user plays it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { entry, type LabLine, labPlace, playLab, verdictsOf } from './lab-run.ts';

describe('source-dns lab', () => {
  test('two labs side by side: every step of both stories holds, no acknowledged write is lost, and nothing is left behind', async () => {
    const { env, contents, processes } = labPlace();
    const runs = await Promise.all([playLab([], env), playLab(['--default-pool'], env)]);
    for (const { exitCode, lines } of runs) {
      expect(verdictsOf(lines)).toEqual('abcdefgh'.split('').map((step) => [step, true]));
      expect(exitCode).toBe(0);
      const summary = lines.at(-1);
      expect(summary).toMatchObject({
        event: 'summary',
        held: true,
        lostWrites: 0,
        moves: [
          {
            from: 'Source',
            to: 'Replica 1',
            // On a busy machine the replicas may follow before a probe sees the promotion.
            reason: expect.stringMatching(/^(failover|followers-moved)$/),
            promotedToAnswerMs: expect.any(Number),
            propagatedMs: expect.any(Number),
            writtenMs: expect.any(Number),
          },
          {
            from: 'Replica 1',
            to: 'Source',
            promotedToAnswerMs: expect.any(Number),
            propagatedMs: expect.any(Number),
          },
        ],
      });
      expect(summary?.acknowledgedWrites).toBeGreaterThan(100);
    }
    // The application of the second lab asks for the name at each connection, and fails until the name has moved.
    const [following, asking] = runs.map(({ lines }) => Number(lines.at(-1)?.moves?.[0]?.['failedWrites']));
    expect(following).toBeLessThan(asking ?? 0);
    expect(contents()).toEqual([]);
    expect(processes()).toEqual([]);
  });

  // The lab in a network namespace has an outer lab, which passes the signal on.
  test.for(['semi-sync', 'group-isolate'])(
    'Ctrl-C in the middle of %s ends everything',
    async (scenario, { skip }) => {
      const { env, contents, processes } = labPlace();
      const lab = spawn('node', [entry, 'lab', '--scenario', scenario, '--json'], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...env },
      });
      const exited = once(lab, 'exit');
      let folders: readonly string[] = [];
      let impossible = false;
      for await (const line of createInterface({ input: lab.stdout })) {
        const { event, step, message } = JSON.parse(line) as LabLine;
        impossible ||= message?.startsWith('no network namespace') === true;
        if (event !== 'step' || step !== 'b') continue;
        folders = contents();
        expect(processes().length).toBeGreaterThanOrEqual(6);
        lab.kill('SIGINT');
        lab.stdout.resume();
        break;
      }
      if (impossible && process.env['CHAOS_MAY_BE_ABSENT'] === '1') skip('no network namespaces');
      expect(folders).toEqual([expect.stringMatching(/^source-dns-lab-/)]);
      const [code] = (await exited) as [number | null];
      expect(code).toBe(1);
      expect(contents()).toEqual([]);
      expect(processes()).toEqual([]);
    },
  );
});
