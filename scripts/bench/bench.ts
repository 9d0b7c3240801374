// `npm run bench`: what sweeps and reads cost, beside the bare cost of the same requests, in one session on this machine.
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname, relative } from 'node:path';
import { UserError } from '../local/fail';
import { live } from '../local/lifetime';
import { say, step } from '../local/output';
import { MEASURES } from './measures';
import { BENCH_DIR, parseOptions } from './options';
import { startPrograms } from './programs';
import { checksOf, textOf } from './report';
import type { Results, Section } from './results';
import { setStage } from './stage';

const options = parseOptions(process.argv, new Date());

await live(async (lifetime) => {
  // What else the machine does decides what its times are worth.
  const [loadBefore = NaN] = loadavg();
  const measures = options.only.map((name) => ({ name, measure: MEASURES[name] }));
  const workspaces = Math.max(options.agencies, ...measures.map(({ measure }) => measure.workspaces(options)));
  const stage = await step('stage', async (note) => {
    note(`PostgreSQL, providers with ${String(workspaces)} calendars`);
    return await setStage(lifetime, { workspaces, agencies: options.agencies, dir: BENCH_DIR });
  });
  const programs = await startPrograms(lifetime, stage);
  const sections: Section[] = [];
  for (const { name, measure } of measures) {
    say(`\n${name}`);
    sections.push(await measure.run({ lifetime, stage, programs, options }));
  }
  const results: Results = {
    at: new Date().toISOString(),
    options,
    machine: {
      cores: availableParallelism(), processor: cpus()[0]?.model.trim() ?? 'unknown', node: process.versions.node, platform: process.platform,
      'load before': loadBefore.toFixed(1),
    },
    postgres: await stage.meter.settings(),
    sections,
  };
  await mkdir(dirname(options.json), { recursive: true });
  await writeFile(options.json, JSON.stringify(results, null, 1));
  say(`\n${textOf(results)}\n\nAll figures: ${relative(process.cwd(), options.json)}`);
  const missed = checksOf(results).filter((check) => check.ok === false);
  if (missed.length > 0) throw new UserError(`${String(missed.length)} of the targets ${missed.length === 1 ? 'was' : 'were'} missed.`);
});
