import { defineConfig } from 'vitest/config';

/** `pure` needs nothing but Node and takes seconds; `real` starts mysqld and named, fetched into the cache by its global set-up. */
export default defineConfig({
  test: {
    // By default one core is left idle: of two that is half of them.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'pure',
          include: [
            'test/{unit,scenarios,fuzz}/**/*.test.ts',
            'test/*.test.ts',
            'test/real/chaos/judge.test.ts',
          ],
          testTimeout: 30_000,
        },
      },
      // The built program, started as a user starts it: each test waits for processes.
      { test: { name: 'program', include: ['test/program/**/*.test.ts'], testTimeout: 60_000 } },
      // The simulated world: needs no more than `pure`, but takes half a minute.
      { test: { name: 'sim', include: ['test/sim/**/*.test.ts'], testTimeout: 300_000 } },
      {
        test: {
          name: 'real',
          include: ['test/real/{contract,lab}/**/*.test.ts', 'test/real/chaos/chaos.test.ts'],
          globalSetup: ['test/real/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          // Two cores and 450 MB a server: one world at a time.
          fileParallelism: false,
        },
      },
    ],
  },
});
