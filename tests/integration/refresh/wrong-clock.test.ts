import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepReport } from '@/lib/refresh/sweep';
import { createTestCache, type TestCache } from '../../support/cache';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './writes';

const WRONG_BY_MS = 10 * MINUTE_MS;
const IDS = ['calendly', 'hubspot', 'ghl'] as const;

let cache: TestCache;

beforeAll(async () => {
  cache = await createTestCache();
  for (const provider of IDS) await cache.addCalendar({ id: provider, provider, zone: 'UTC', workingHours: everyHour() });
  await cache.addCalendar({ id: 'failing', provider: 'ghl', zone: 'UTC' });
});
afterAll(async () => { await cache.close(); });

function everyHour(): Record<string, [number, number][]> {
  return Object.fromEntries(['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'].map((day) => [day, [[0, 24 * 60]]]));
}

/** A sweep by a process whose wall clock is wrong; monotonic time is right, as it is on a real machine. */
async function sweepWithClockOff(byMs: number): Promise<SweepReport> {
  const preload = `
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) { if (given.length === 0) super(Real.now() + ${byMs}); else super(...given); }
      static now() { return Real.now() + ${byMs}; }
    };`;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--import', `data:text/javascript,${encodeURIComponent(preload)}`, 'tests/integration/refresh/wrong-clock-sweep.ts'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.stdin.end(JSON.stringify({ ...cache.sim.env, DATABASE_URL: cache.url, LOG_LEVEL: 'silent' }));
  const { report, childNow } = JSON.parse(await text(child.stdout)) as { report: SweepReport; childNow: number };
  expect(Math.abs(childNow - Date.now() - byMs)).toBeLessThan(MINUTE_MS);
  return report;
}

async function databaseNow(): Promise<number> {
  const rows = await cache.db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
  return rows[0]?.now.getTime() ?? 0;
}

describe.each([['ahead', WRONG_BY_MS], ['behind', -WRONG_BY_MS]])('a process whose clock is ten minutes %s', (_name, byMs) => {
  it('stores the same slots and instants as any other, and decides as it would', async () => {
    cache.sim.clearFaults();
    await cache.db.workspaceAvailabilityStatus.updateMany({ data: { retryAt: null } });
    expect(await cache.sweep()).toMatchObject({ refreshed: 4 });
    cache.sim.setFaults([{ match: { calendarId: 'failing' }, fault: { kind: 'status', status: 422 } }]);
    // A wait that has ended, and one that has not: by ten minutes they would trade places.
    await cache.db.workspaceAvailabilityStatus.update({ where: { clientId: 'hubspot' }, data: { retryAt: new Date((await databaseNow()) - 5 * MINUTE_MS) } });
    await cache.db.workspaceAvailabilityStatus.update({ where: { clientId: 'ghl' }, data: { retryAt: new Date((await databaseNow()) + 5 * MINUTE_MS) } });
    const before = await cache.stored('calendly');
    const from = Math.floor(await databaseNow());
    const report = await sweepWithClockOff(byMs);
    const until = await databaseNow();
    expect(report).toMatchObject({ refreshed: 2, changed: 0, skippedBackoff: 1, errors: { total: 1 } });

    const { succeededAt, staleAt } = await cache.status('calendly');
    const began = succeededAt?.getTime() ?? 0;
    expect(began).toBeGreaterThanOrEqual(from);
    expect(began).toBeLessThanOrEqual(until);
    expect(staleAt?.getTime()).toBe(began + MINUTE_MS);
    const after = await cache.stored('calendly');
    expect(after?.generation).toBe(before?.generation);
    expect(after?.slotsUtc.map(Number).filter((slot) => slot >= began)).toEqual(cache.sim.truth('calendly', began, began + 30 * DAY_MS));

    const { retryAt, fetchedAt } = await cache.status('failing');
    expect(fetchedAt?.getTime()).toBeGreaterThanOrEqual(from);
    expect(fetchedAt?.getTime()).toBeLessThanOrEqual(until);
    expect(retryAt?.getTime()).toBeGreaterThanOrEqual(from + HOUR_MS / 2);
    expect(retryAt?.getTime()).toBeLessThanOrEqual(until + HOUR_MS);
  });
});
