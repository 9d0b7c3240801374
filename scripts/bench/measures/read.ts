/** What a reader waits for. */
import { step } from '../../local/output';
import { atMost } from '../checks';
import { prepare, type Measure } from '../session';
import { query } from '../stage';
import { quantileOf, ratiosOf, summaryOf } from '../statistics';
import { formatNumber, formatSpread } from '../table';

const SLOTS = 1_000;
const BOOKINGS = 100;
const AT_ONCE = 16;
const READS = 1_000;
const MAX_RATIO = 3;
/** Among a few, so that the tables are not empty but for it. */
const WORKSPACES = 100;

export const read: Measure = {
  workspaces: () => WORKSPACES,
  async run(session) {
    const { programs, stage, options: { repeats } } = session;
    await prepare(session, WORKSPACES, 0);
    const worker = await programs.ours();
    await worker.call('store', { sweeps: 1, slots: SLOTS, changeEvery: 0 });
    const [row] = await query(stage.databaseUrl, 'SELECT "clientId" AS id FROM "WorkspaceAvailabilityCache" ORDER BY "clientId" LIMIT 1');
    const workspaceId = String(row?.id);
    // Each of half an hour, at every tenth slot.
    await query(stage.databaseUrl, `
      INSERT INTO "Booking" (id, "clientId", "startsAt", "endsAt", source, "externalId")
      SELECT 'booking-' || n, k."clientId", k."slotsUtc"[n * ${String(SLOTS / BOOKINGS)}], k."slotsUtc"[n * ${String(SLOTS / BOOKINGS)}] + interval '30 minutes', 'bench', n::text
      FROM "WorkspaceAvailabilityCache" k, generate_series(1, ${String(BOOKINGS)}) n WHERE k."clientId" = '${workspaceId}'`);
    await query(stage.databaseUrl, 'VACUUM ANALYZE');

    const { use } = await stage.meter.during(() => worker.call('read', { workspaceId, reads: 1, rounds: 1, atOnce: 1, only: 'ours' }));
    await step('warm-up', () => worker.call('read', { workspaceId, reads: READS, rounds: 1, atOnce: AT_ONCE }));
    const rounds = Math.max(3, repeats);
    const times = await step(`${String(rounds)} rounds of ${String(READS)} reads`, () => worker.call('read', { workspaceId, reads: READS, rounds, atOnce: AT_ONCE }));
    const of = (runs: readonly number[][], share: number): number[] => runs.map((run) => quantileOf(run, share));
    const ratio = (share: number): number[] => ratiosOf(of(times.ours, share), of(times.bare, share));
    const line = (name: string, runs: readonly number[][]): string[] => [name, formatSpread(of(runs, 0.5), 1), formatSpread(of(runs, 0.99), 1)];
    return {
      title: `A read of ${formatNumber(SLOTS)} slots beside ${formatNumber(BOOKINGS)} bookings, ${String(AT_ONCE)} at once, ${String(READS)} in each of ${String(rounds)} rounds`,
      tables: [[
        ['milliseconds', 'median', 'p99'],
        ['ours, × bare', formatSpread(ratio(0.5), 2), formatSpread(ratio(0.99), 2)],
        line(`getWorkspaceAvailabilitySlotsUtc, ${formatNumber(times.slots)} open`, times.ours),
        line('bare select of the slots as text, same driver', times.bare),
      ]],
      notes: [],
      checks: [
        { what: 'slots beside no booking are open, the others are not', figure: formatNumber(times.slots), ok: times.slots === SLOTS - BOOKINGS },
        atMost('statements of one read', use.statements, 1, { say: (value) => formatNumber(value) }),
        atMost('median, × bare,', summaryOf(ratio(0.5)).median, MAX_RATIO),
        atMost('p99, × bare,', summaryOf(ratio(0.99)).median, MAX_RATIO),
      ],
      figures: { statements: use.statements, times },
    };
  },
};
