/** Whether tables and indexes stay as small as they began. */
import { step } from '../../local/output';
import { atMost } from '../checks';
import { prepare, type Measure } from '../session';
import { query } from '../stage';
import { formatNumber } from '../table';

const WORKSPACES = 1_000;
const FEW = 10;
const MANY = 1_000;
/** In steps, for the progress and for the sizes between. */
const STEPS = [FEW, 100, 300, 600, MANY];
const SLOTS = 320;
/** One in a hundred calendars changes each minute. */
const CHANGE_EVERY = 100;
const MAX_GROWTH = 1.5;
const TABLES = ['WorkspaceAvailabilityStatus', 'WorkspaceAvailabilityCache'] as const;

interface Size {
  sweeps: number;
  bytes: Record<string, number>;
}

export const bloat: Measure = {
  workspaces: () => WORKSPACES,
  async run(session) {
    const { programs, stage } = session;
    await prepare(session, WORKSPACES, 0);
    // A sweep takes milliseconds here instead of a minute; with the default, vacuum would come once in a thousand sweeps.
    await query(stage.databaseUrl, "ALTER SYSTEM SET autovacuum_naptime = '1s'");
    await query(stage.databaseUrl, 'SELECT pg_reload_conf()');
    const worker = await programs.ours();
    const sizes: Size[] = [];
    let done = 0;
    for (const sweeps of STEPS) {
      await step(`${String(sweeps)} sweeps stored`, () => worker.call('store', { sweeps: sweeps - done, slots: SLOTS, changeEvery: CHANGE_EVERY }));
      done = sweeps;
      sizes.push({ sweeps, bytes: await sizesOf(stage.databaseUrl) });
    }
    await query(stage.databaseUrl, 'ALTER SYSTEM RESET autovacuum_naptime');
    await query(stage.databaseUrl, 'SELECT pg_reload_conf()');
    const [first] = sizes;
    const last = sizes.at(-1);
    const names = Object.keys(first?.bytes ?? {});
    return {
      title: `Bloat: ${formatNumber(MANY)} sweeps of ${formatNumber(WORKSPACES)} workspaces, one in ${String(CHANGE_EVERY)} changed in each`,
      tables: [[
        ['kB after sweeps', ...sizes.map(({ sweeps }) => formatNumber(sweeps)), '×'],
        ...names.map((name) => [name, ...sizes.map(({ bytes }) => formatNumber((bytes[name] ?? NaN) / 1024)), formatNumber((last?.bytes[name] ?? NaN) / (first?.bytes[name] ?? NaN), 2)]),
      ]],
      notes: ['Made-up results through the sweep’s own store, without requests. Autovacuum looks every second: once in tens of sweeps, where a deployment has one look a sweep.'],
      checks: names.map((name) => atMost(`${name}, × its size after ${String(FEW)} sweeps,`, (last?.bytes[name] ?? NaN) / (first?.bytes[name] ?? NaN), MAX_GROWTH)),
      figures: sizes,
    };
  },
};

async function sizesOf(url: string): Promise<Record<string, number>> {
  const columns = TABLES.flatMap((table) => [
    `pg_table_size('"${table}"') AS "${table}"`,
    `pg_indexes_size('"${table}"') AS "${table}, its key"`,
  ]);
  const [row = {}] = await query(url, `SELECT ${columns.join(', ')}`);
  return Object.fromEntries(Object.entries(row).map(([name, bytes]) => [name, Number(bytes)]));
}
