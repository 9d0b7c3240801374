import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('the engine knows the flag that bounds its heap', () => {
  const start = "import('./lib/startup.ts').then(({ boundHeapGrowth }) => { boundHeapGrowth(); console.log('bound'); })";
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', '-e', start], { encoding: 'utf8' });
  // An unknown flag is a line on the standard error and nothing else.
  expect({ stdout, stderr, status }).toEqual({ stdout: 'bound\n', stderr: '', status: 0 });
});
