/** One provider's part of the fault matrix: every fault against workspaces with good slots. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CalendarProvider, ErrorKind } from '@/lib/providers/errors';
import type { CacheSettings } from '@/lib/refresh/context';
import type { SweepReport } from '@/lib/refresh/sweep';
import { FAULT_KINDS, type Fault, type FaultRule } from '../../../scripts/simulator/server';
import { createTestCache, type TestCache } from '../../support/cache';

const PROVIDERS = ['calendly', 'hubspot', 'ghl'] as const satisfies CalendarProvider[];
const BUDGET_MS = 4_000;
const BUDGET_OVERRUN_MS = 2_000;
/** Of the workspaces that hang; the fetches of the others take some milliseconds. */
const DEADLINE_MS = 500;
const BIG_BODY_BYTES = 11 * 1024 * 1024;

type FaultInput = FaultRule['fault'];
/** Undefined kind: the fault is survived. */
type Expected = [name: string, fault: FaultInput, kind: ErrorKind | undefined, message: RegExp];

const status = (code: number, kind: ErrorKind): Expected => [`status ${code}`, { kind: 'status', status: code }, kind, new RegExp(`answered ${code}`)];

/** What every public booking page does; the credential's own answers are below. */
const EXPECTED: Record<Fault['kind'], Expected[]> = {
  slow: [
    ['slow, beyond the deadline', { kind: 'slow', ms: 10_000 }, 'timeout', /did not answer before the deadline/],
    ['slow, within it', { kind: 'slow', ms: 40 }, undefined, /^$/],
  ],
  hang: [['hang', { kind: 'hang' }, 'timeout', /did not answer before the deadline/]],
  drip: [['drip', { kind: 'drip', bytesPerSecond: 50 }, 'timeout', /did not answer before the deadline/]],
  reset: [
    ['reset before the head', { kind: 'reset', when: 'before-headers' }, 'network', /could not be reached/],
    ['reset in the body', { kind: 'reset', when: 'mid-body' }, 'network', /broke off its answer/],
  ],
  status: [
    status(401, 'unauthorized'), status(403, 'forbidden'), status(404, 'not_found'), status(410, 'not_found'), status(422, 'rejected_request'),
    status(429, 'rate_limited'), status(500, 'server_error'), status(503, 'server_error'), status(504, 'timeout'),
  ],
  html: [['html', { kind: 'html' }, 'invalid_response', /html/i]],
  cut: [
    ['cut, chunked', { kind: 'cut', variant: 'chunked' }, 'invalid_response', /JSON/],
    ['cut, short length', { kind: 'cut', variant: 'short-length' }, 'invalid_response', /JSON/],
    ['cut, long length', { kind: 'cut', variant: 'long-length' }, 'network', /broke off its answer/],
    ['cut, unmarked', { kind: 'cut', variant: 'unmarked' }, 'invalid_response', /JSON/],
  ],
  wrong: [['wrong', { kind: 'wrong' }, 'invalid_response', /./]],
  huge: [
    ['huge', { kind: 'huge', bytes: BIG_BODY_BYTES }, 'invalid_response', /more than the cap/],
    ['huge, declared', { kind: 'huge', bytes: BIG_BODY_BYTES, declareLength: true }, 'invalid_response', /more than the cap/],
  ],
  redirect: [['redirect to where nothing is', { kind: 'redirect', location: '/api/booking/gone' }, 'not_found', /answered 404/]],
  redirectPrivate: [['redirect to a private address', { kind: 'redirectPrivate' }, 'blocked_address', /may not be fetched/]],
  redirectLoop: [['redirect in a circle', { kind: 'redirectLoop' }, 'invalid_response', /redirects/]],
  /** Not a failure but a claim: see `describeEmpty`. */
  empty: [],
};

const OFFICIAL: Expected[] = [
  status(401, 'unauthorized'), status(403, 'unauthorized'), status(429, 'rate_limited'), status(500, 'server_error'),
  ['hang', { kind: 'hang' }, 'timeout', /did not answer before the deadline/],
  ['wrong', { kind: 'wrong' }, 'invalid_response', /./],
];

export function describeFaults(provider: CalendarProvider, slotsEndpoint: string, liveEndpoint: string): void {
  let cache: TestCache;
  const victim = `${provider}-victim`;
  const official = `${provider}-official`;
  const sibling = `${provider}-sibling`;
  const others = PROVIDERS.filter((p) => p !== provider).map((p) => `${p}-other`);

  beforeAll(async () => {
    // Wide limits: these cases follow one another faster than a vendor's quota allows.
    cache = await createTestCache({ simulator: { limits: { calendlyApi: { perMinute: 10_000 }, hubspotApi: { burst: 10_000 }, ghlApi: { burst: 10_000 } } } });
    for (const id of [victim, official, sibling]) await cache.addCalendar({ id, provider, zone: 'America/New_York' });
    for (const p of PROVIDERS) if (p !== provider) await cache.addCalendar({ id: `${p}-other`, provider: p, zone: 'UTC' });
    await cache.addCredential(official);
    // The first requests of a process are slow, and a sweep that knows nothing has more of them.
    await cache.sweep({ timeBudgetMs: 20_000 }, cache.contextWith({ quotaSharePercent: 100 }));
  });
  afterAll(async () => { await cache.close(); });

  /** Quota is another test's: its pace is slower than these cases follow one another. */
  async function sweep(settings: Partial<CacheSettings> = {}): Promise<SweepReport> {
    await cache.db.quotaBucket.deleteMany();
    return await cache.sweep({ timeBudgetMs: BUDGET_MS }, cache.contextWith({ quotaSharePercent: 100, ...settings }));
  }

  beforeEach(async () => {
    cache.sim.clearFaults();
    await cache.db.providerHost.deleteMany();
    await cache.db.workspaceAvailabilityStatus.updateMany({ data: { retryAt: null } });
    const report = await sweep();
    expect(report).toMatchObject({ success: true, refreshed: 5, errors: { total: 0 } });
  });

  async function expectKept(id: string, before: Awaited<ReturnType<typeof rows>>): Promise<void> {
    const after = await rows(id);
    expect(after.stored).toEqual(before.stored);
    expect(after.stored?.slotCount).toBeGreaterThan(100);
    expect(after.status.succeededAt).toEqual(before.status.succeededAt);
    expect(after.status.staleAt).toEqual(before.status.staleAt);
  }
  const rows = async (id: string) => ({ status: await cache.status(id), stored: await cache.stored(id) });

  async function meets(target: string, [, fault, kind, message]: Expected): Promise<void> {
    const before = new Map(await Promise.all([victim, official, sibling, ...others].map(async (id) => [id, await rows(id)] as const)));
    const targetBefore = before.get(target);
    if (!targetBefore) throw new Error(`no rows of ${target}`);
    cache.sim.setFaults([{ match: { calendarId: target }, fault }]);
    const startedAt = performance.now();
    const report = await sweep(kind === 'timeout' ? { workspaceTimeoutMs: DEADLINE_MS } : {});
    expect(performance.now() - startedAt).toBeLessThan(BUDGET_MS + BUDGET_OVERRUN_MS);
    expectAddsUp(report);
    expect(report.checked).toBe(5);

    const after = await rows(target);
    if (kind === undefined) {
      expect(report).toMatchObject({ refreshed: 5, errors: { total: 0 } });
      expect(after.status.succeededAt?.getTime()).toBeGreaterThan(targetBefore.status.succeededAt?.getTime() ?? Infinity);
      return;
    }
    await expectKept(target, targetBefore);
    // A public page's limit closes its host, and failures of a closed host are not counted against anybody.
    const isHostClosed = kind === 'rate_limited' && target === victim;
    expect(after.status).toMatchObject({ errorKind: kind, consecutiveFailures: isHostClosed ? 0 : 1 });
    expect(after.status.lastError).toMatch(message);
    expect(after.status.lastError).not.toMatch(/[?]|Bearer/);
    expect(after.status.fetchedAt?.getTime()).toBeGreaterThan(targetBefore.status.fetchedAt?.getTime() ?? Infinity);
    expect(report.errors).toMatchObject({ total: 1, byKind: { [kind]: 1 }, first: { workspaceId: target, kind } });

    for (const [id, was] of before) {
      if (id === target) continue;
      const { status: now, stored } = await rows(id);
      expect(stored, id).toEqual(was.stored);
      expect(now, id).toMatchObject({ errorKind: null, lastError: null, consecutiveFailures: 0 });
      // Who shares the host may have to wait, and is left as it was.
      const waits = isHostClosed && now.fetchedAt?.getTime() === was.status.fetchedAt?.getTime();
      if (!waits) expect(now.succeededAt?.getTime(), id).toBeGreaterThan(was.status.succeededAt?.getTime() ?? Infinity);
    }
  }

  describe(`${provider}: what a booking page can do leaves good slots and every other workspace alone`, () => {
    it('is tried for every fault that the simulator can make', () => {
      expect(Object.keys(EXPECTED).sort()).toEqual([...FAULT_KINDS].sort());
    });
    it.each(Object.values(EXPECTED).flat())('%s', async (...expected) => { await meets(victim, expected); });
    it('a first trouble is tried again in the same run and is then no failure', async () => {
      cache.sim.setFaults([{ match: { calendarId: victim }, times: 1, fault: { kind: 'reset' } }]);
      expect(await sweep()).toMatchObject({ refreshed: 5, errors: { total: 0 } });
    });
  });

  describe(`${provider}: what the official API can do, too`, () => {
    it.each(OFFICIAL)('%s', async (...expected) => { await meets(official, expected); });
  });

  describe(`${provider}: an empty answer after a non-empty one`, () => {
    const empty: FaultRule = { match: { calendarId: victim, endpoint: slotsEndpoint }, fault: { kind: 'empty' } };

    it('is stored when another call says that the page is live', async () => {
      cache.sim.setFaults([empty]);
      expect(await sweep()).toMatchObject({ refreshed: 5, changed: 1, errors: { total: 0 } });
      expect(await cache.stored(victim)).toMatchObject({ slotCount: 0, slotsUtc: [] });
    });

    it.each<[string, FaultInput, ErrorKind]>([
      ['is gone', { kind: 'status', status: 404 }, 'not_found'],
      ['cannot be asked', { kind: 'status', status: 500 }, 'server_error'],
      ['answers HTML', { kind: 'html' }, 'invalid_response'],
    ])('is not stored when the page %s', async (_name, fault, kind) => {
      const before = await rows(victim);
      cache.sim.setFaults([{ match: { calendarId: victim, endpoint: liveEndpoint }, fault }, empty]);
      await sweep();
      await expectKept(victim, before);
      const { errorKind } = await cache.status(victim);
      // A GoHighLevel page is HTML; one without its data is not believed, whatever it is called.
      expect(provider === 'ghl' && fault.kind === 'html' ? 'invalid_response' : kind).toBe(errorKind);
    });
  });

  if (provider === 'ghl') return;
  describe(`${provider}: a failing second page`, () => {
    it.each<[string, FaultInput]>([['fails', { kind: 'status', status: 500 }], ['is cut', { kind: 'cut' }]])('that %s stores nothing of the first', async (_name, fault) => {
      const before = await rows(victim);
      const booked = before.stored?.slotsUtc[0];
      if (!booked) throw new Error('no slot to book');
      cache.sim.addBooking(victim, booked.getTime(), booked.getTime() + 1);
      cache.sim.setFaults([{ match: { calendarId: victim }, page: 'second', fault }]);
      const report = await sweep();
      expect(cache.sim.faults()[0]?.happened).toBeGreaterThan(0);
      expect(report.errors.total).toBe(1);
      await expectKept(victim, before);
      cache.sim.removeBooking(victim, booked.getTime(), booked.getTime() + 1);
    });
  });
}

export function expectAddsUp(report: SweepReport): void {
  const skipped = report.skippedBackoff + report.skippedNotConfigured + report.skippedPaused + report.skippedClaimed + report.skippedQuota;
  expect(report.checked).toBe(report.attempted + skipped + report.abandoned + report.unknown + report.notReached);
  expect(report.attempted).toBe(report.refreshed + report.errors.total);
  expect(report.refreshed).toBe(report.changed + report.unchanged);
  expect(Object.values(report.errors.byKind).reduce((sum, n) => sum + n, 0)).toBe(report.errors.total);
}
