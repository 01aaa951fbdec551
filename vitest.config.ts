import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that need the whole machine. */
const alone = ['test/real/contract/{flood,many-clusters,race}.test.ts'];

/** Each of these files has a process for itself. */
const isolated = [
  // They check that nothing is left open in their process.
  'test/unit/dns/{client,read,transport}/*.test.ts',
  'test/unit/dns/key/key-standing.test.ts',
  'test/unit/daemon/hooks/hooks.test.ts',
  'test/fuzz/**/*.test.ts',
  // They mock modules.
  'test/unit/client/wrong-builds.test.ts',
  'test/unit/mysql/connection/driver-let-go.test.ts',
];

/** The order in which projects begin. */
const projects = ['pure', 'sockets', 'isolated', 'program', 'sim', 'real', 'alone'];

/**
 * These files begin before the others of their project: at the end they would leave a core idle. The first one
 * begins before all: at a low priority the simulated world fills the time in which others wait.
 */
const longest = [
  'sim/run/sim',
  'scenarios/scenarios',
  'scenarios/subjects',
  'unit/dns/client/answers',
  'fuzz/mysql/fuzz',
  'unit/client/pool',
  'program/signals',
  'program/state-dir',
  'real/chaos/chaos',
  'real/lab/scenarios',
  'real/lab/story',
  'real/page/page',
];

/** Smaller is earlier. */
function place({ project, moduleId }: TestSpecification): number {
  const rank = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  if (rank === 0) return -1;
  return projects.indexOf(project.name) * (longest.length + 1) + (rank < 0 ? longest.length : rank);
}

/** Project by project, and in each the longest files first; a clean clone knows no times yet. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}

/**
 * `pure` and `sockets` need nothing but Node. `real` and `alone` start mysqld and named, which their global set-up
 * fetches into the cache.
 */
export default defineConfig({
  test: {
    // On two cores. All that starts servers or processes waits for half of its time, and the simulated world
    // takes what is left.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    projects: [
      // These files mock nothing and leave nothing behind. So the files of one worker share their modules.
      {
        test: {
          name: 'pure',
          include: [
            'test/unit/{core,config,setup,cli,doctor,hook,metrics,page}/**/*.test.ts',
            'test/scenarios/*.test.ts',
            'test/*.test.ts',
            'test/real/chaos/judge.test.ts',
          ],
          // Thousands of random worlds: see sim.
          exclude: ['test/unit/core/{twin,waiting}.test.ts'],
          isolate: false,
          testTimeout: 30_000,
        },
      },
      // A process starts as long as a small file runs: also these share the modules of one worker.
      {
        test: {
          name: 'sockets',
          include: ['test/unit/{client,dns,mysql,daemon,http,library}/**/*.test.ts'],
          exclude: isolated,
          isolate: false,
          testTimeout: 30_000,
        },
      },
      { test: { name: 'isolated', include: isolated, testTimeout: 30_000 } },
      // The built program, started as a user starts it: each test waits for processes.
      {
        test: {
          name: 'program',
          include: ['test/program/**/*.test.ts'],
          globalSetup: ['test/program/global-setup.ts'],
          testTimeout: 60_000,
        },
      },
      // Random worlds: the simulated one, and those in which the decision is held to its slow twin. They wait
      // for nothing: at a low priority they fill the time in which others wait.
      {
        test: {
          name: 'sim',
          include: ['test/sim/**/*.test.ts', 'test/unit/core/{twin,waiting}.test.ts'],
          setupFiles: ['test/sim/gently.ts'],
          // They may last as long as everything else.
          testTimeout: 1_800_000,
        },
      },
      // Real servers: each file uses about half of a core. So three files at a time fit on two cores, with
      // the simulated world beside them. Each file stops what it starts: the files of one worker share their
      // modules.
      {
        test: {
          name: 'real',
          include: [
            'test/real/{contract,clients,lab,doctor,monitoring,page}/**/*.test.ts',
            'test/real/chaos/chaos.test.ts',
          ],
          exclude: alone,
          isolate: false,
          globalSetup: ['test/real/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      // These need the whole machine: a thousand clusters, a flood, a race.
      {
        test: {
          name: 'alone',
          include: alone,
          globalSetup: ['test/real/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
