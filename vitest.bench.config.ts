import { defineConfig } from 'vitest/config';

/** Measurements, not tests: they report and assert no times. `npm run bench:clusters`. */
export default defineConfig({
  test: {
    include: ['test/bench/**/*.bench.ts'],
    globalSetup: ['test/real/global-setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
