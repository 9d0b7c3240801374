import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const POSTGRES = ['tests/support/postgres-global-setup.ts'];

/** Files share a process, as the parts of the app do: most of the time of a small file was loading the app once more. */
const SHARED = { isolate: false };

export default defineConfig({
  resolve: { alias: { '@': import.meta.dirname } },
  test: {
    // Much of what these tests do is waiting. The parts that start servers run one file at a time by themselves.
    maxWorkers: availableParallelism() + 1,
    // What the app logs is not what a test says.
    env: { LOG_LEVEL: 'silent' },
    projects: [
      // Properties over months of dates take seconds on a quiet machine; a busy one must not fail them.
      { extends: true, test: { ...SHARED, name: 'unit', include: ['tests/unit/**/*.test.ts'], testTimeout: 30_000 } },
      {
        extends: true,
        test: {
          ...SHARED,
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          globalSetup: POSTGRES,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          globalSetup: POSTGRES,
          // Each file starts several servers of its own; two files at once would test the machine.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          globalSetup: POSTGRES,
          // One browser at a time; and the first file to come builds the app.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
