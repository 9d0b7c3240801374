// `npm run bench`: what a sweep costs, beside the bare cost of the same requests, in one session on this machine.
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../local/fail';
import { formatSeconds } from '../local/sweep-line';
import { live, type Lifetime } from '../local/lifetime';
import { say, step } from '../local/output';
import { checksOf } from './checks';
import { BENCH_DIR, parseOptions, type Options } from './options';
import { startPrograms, type Programs, type Run } from './programs';
import { textOf } from './report';
import type { Results } from './results';
import { setStage, type Stage } from './stage';
import { alternate } from './statistics';

/** Slots begin at whole and half hours; a sweep across one sees every list change. */
const SLOT_MS = 30 * 60_000;

const options = parseOptions(process.argv, new Date());

await live(async (lifetime) => {
  // What else the machine does decides what its times are worth.
  const [loadBefore = NaN] = loadavg();
  const { workspaces, agencies, p50 } = options;
  const stage = await step('stage', async (note) => {
    note('PostgreSQL, providers, seeded agencies');
    return await setStage(lifetime, { workspaces, agencies, p50Ms: p50, dir: BENCH_DIR });
  });
  const programs = await startPrograms(lifetime, stage);
  const rows = await compare(programs, options, lifetime);
  const database = await measureDatabase(programs, stage, options);
  const figures = {
    at: new Date().toISOString(),
    options,
    machine: {
      cores: availableParallelism(), processor: cpus()[0]?.model.trim() ?? 'unknown', node: process.versions.node, platform: process.platform,
      'load before': loadBefore.toFixed(1),
    },
    postgres: await stage.meter.settings(),
    rows,
    database,
  };
  const results: Results = { ...figures, checks: checksOf(figures) };
  if (options.cpuProf) await profile(programs, options);
  await mkdir(dirname(options.json), { recursive: true });
  await writeFile(options.json, JSON.stringify(results, null, 1));
  say(`\n${textOf(results)}\n\nAll figures: ${relative(process.cwd(), options.json)}`);
  if (results.checks.some((check) => check.ok === false)) throw new UserError('A target was missed.');
});

async function compare(programs: Programs, { repeats, concurrency, short: isShort }: Options, lifetime: Lifetime): Promise<Results['rows']> {
  const fixed = `concurrency ${String(concurrency)}`;
  const rows: Results['rows'] = {
    ours: { name: `ours, ${fixed}`, runs: [] },
    bare: { name: `bare requests and JSON.parse, ${fixed}`, runs: [] },
    naive: { name: `naive peer, ${fixed}`, runs: [] },
    defaults: { name: 'ours, shipped defaults, warm', runs: [] },
    cold: { name: 'ours, shipped defaults, first sweep ever', runs: [] },
  };
  for (let round = 1; round <= repeats; round++) {
    rows.cold.runs.push(await timed(`first sweep ever ${String(round)}/${String(repeats)}`, programs.cold));
    lifetime.throwIfEnding();
  }
  const contenders = {
    ours: () => programs.sweep(concurrency),
    bare: () => programs.bare(concurrency),
    defaults: () => programs.sweep(),
    naive: () => programs.naive(concurrency),
  };
  // Where times are not asked for, nothing needs to be warm, and the peer has nothing to show.
  const names = isShort ? (['ours', 'bare', 'defaults'] as const) : (['ours', 'bare', 'defaults', 'naive'] as const);
  if (!isShort) for (const name of names) await timed(`warm-up: ${name}`, contenders[name]);
  for (const [round, order] of alternate(names, repeats).entries()) {
    for (const name of order) {
      lifetime.throwIfEnding();
      await awayFromSlotStart();
      rows[name].runs.push(await timed(`${name} ${String(round + 1)}/${String(repeats)}`, contenders[name]));
    }
  }
  return rows;
}

async function measureDatabase(programs: Programs, { meter, simulator }: Stage, { repeats, short: isShort }: Options): Promise<Results['database']> {
  const database: Results['database'] = { afterCheckpoint: [], between: [], changedAfterCheckpoint: [], changed: [] };
  await awayFromSlotStart();
  // A slot may have passed since the last sweep.
  if (!isShort) await timed('settle', () => programs.sweep());
  for (let round = 1; round <= repeats; round++) {
    const of = `${String(round)}/${String(repeats)}`;
    await awayFromSlotStart();
    await meter.checkpoint();
    database.afterCheckpoint.push(await timed(`unchanged, after a checkpoint ${of}`, () => programs.sweep()));
    database.between.push(await timed(`unchanged ${of}`, () => programs.sweep()));
    for (const [name, runs] of [['changed, after a checkpoint', database.changedAfterCheckpoint], ['changed', database.changed]] as const) {
      await simulator.call('bookEach', undefined);
      runs.push(await timed(`${name} ${of}`, () => programs.sweep()));
    }
  }
  return database;
}

async function profile(programs: Programs, { concurrency, json }: Options): Promise<void> {
  const file = (name: string): string => `${json.replace(/\.json$/, '')}.${name}.cpuprofile`;
  await timed('profile of ours', () => programs.sweep(concurrency, file('ours')));
  await timed('profile of bare', () => programs.bare(concurrency, file('bare')));
}

async function timed(name: string, run: () => Promise<Run>): Promise<Run> {
  return await step(name, async (note) => {
    const result = await run();
    const { cost, requests, database, mismatches } = result;
    note(
      `${formatSeconds(cost.wallMs / 1000)} wall, ${formatSeconds(cost.cpuMs / 1000)} CPU, ${String(requests)} requests` +
        (database ? `, ${String(database.statements)} statements` : '') + (mismatches[0] === undefined ? '' : `; MISMATCH ${mismatches[0]}`),
    );
    return result;
  });
}

/** Waits until no slot is about to pass: the lists of two sweeps are equal then if nobody books. */
async function awayFromSlotStart(): Promise<void> {
  const reserveMs = 20_000;
  const leftMs = SLOT_MS - (Date.now() % SLOT_MS);
  if (leftMs > reserveMs) return;
  await step('waiting for a slot to pass', () => delay(leftMs + 1_000));
}
