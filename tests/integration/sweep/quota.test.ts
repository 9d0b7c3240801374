import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { paceOf, quotaLimitedOf, reserveQuota } from '@/lib/refresh/quota';
import { refreshOne } from '@/lib/refresh/refresh-one';
import type { WorkItem } from '@/lib/refresh/types';
import { createTestCache, type TestCache } from '../../support/cache';
import { itemOf } from '../../unit/sweep/facts';

let cache: TestCache;
beforeEach(async () => { cache = await createTestCache(); });
afterEach(async () => { await cache.close(); });

function itemsWith(quotaKey: string, count: number): WorkItem[] {
  return Array.from({ length: count }, (_, i) => itemOf({
    workspaceId: `${quotaKey}-${i}`,
    link: { id: 'l', url: 'https://api.leadconnectorhq.com/widget/booking/AbCdEfGhIjKlMnOpQrSt', provider: 'ghl', chosenId: null },
    credential: { id: 'c', ciphertext: '', keyId: 'k', quotaKey },
    fingerprint: '00ff',
    stored: { slotCount: 1, slotsFingerprint: '00ff', meta: { resolvedAt: Date.now() } },
  }));
}

const reserve = (items: WorkItem[], now: number, forMs: number) =>
  reserveQuota(cache.db, items, { now, endsAt: now + forMs, sharePercent: 50, timeoutMs: 5_000 });

describe('the share of a credential\'s quota', () => {
  it('puts at most half of the burst into any window, across runs that know nothing of each other', async () => {
    const now = Date.now();
    const starts: number[] = [];
    // Ten runs in ten seconds, each asking for far more than there is.
    for (let i = 0; i < 10; i++) {
      const { admitted } = await reserve(itemsWith('one', 200), now + i * 1_000, 30_000);
      starts.push(...admitted.map((item) => item.notBefore ?? 0));
    }
    starts.sort((a, b) => a - b);
    for (const [i, start] of starts.entries()) {
      const inWindow = starts.filter((other, j) => j >= i && other < start + 10_000).length;
      expect(inWindow).toBeLessThanOrEqual(50);
    }
    // And uses at least 90 % of it while behind.
    const spanMs = (starts.at(-1) ?? 0) - (starts[0] ?? 0);
    expect(starts.length).toBeGreaterThanOrEqual(0.9 * 50 * (spanMs / 10_000));
  });

  it('is of each credential apart, and leaves workspaces without one alone', async () => {
    const now = Date.now();
    const { admitted, refused } = await reserve([...itemsWith('a', 3), ...itemsWith('b', 3), itemOf({ workspaceId: 'plain' })], now, 30_000);
    expect(refused).toEqual([]);
    expect(admitted.find((item) => item.workspaceId === 'plain')?.notBefore).toBeNull();
    expect(admitted).toHaveLength(7);
  });

  it('serves the first in order and says how old the others get, when it cannot serve all', async () => {
    const items = itemsWith('big', 1_000);
    const { admitted, refused, grants } = await reserve(items, Date.now(), 48_000);
    expect(admitted.map((item) => item.workspaceId)).toEqual(itemsWith('big', admitted.length).map((item) => item.workspaceId));
    expect(admitted.length + refused.length).toBe(1_000);
    const { intervalMs } = paceOf('ghl', 50, null);
    const limited = (left: WorkItem[]): unknown => quotaLimitedOf([...items, ...itemsWith('small', 3)], left, grants, { now: Date.now(), ttlMs: 60_000 });
    expect(limited(refused)).toEqual([{ provider: 'ghl', workspaces: 1_000, expectedAgeSeconds: Math.round(intervalMs) }]);
    expect(limited([])).toEqual([]);
  });

  it('lets nobody overtake those in front for needing less', async () => {
    const cold = itemsWith('mixed', 200).map((item) => ({ ...item, stored: null }));
    const warm = itemsWith('mixed', 200);
    for (const forMs of [3_000, 3_200, 3_400]) {
      const { admitted } = await reserve([...cold, ...warm], Date.now() + forMs * 100, forMs);
      expect(admitted.length).toBeGreaterThan(0);
      expect(admitted.every(({ stored }) => stored === null)).toBe(true);
    }
  });

  it('is not kept from the others by one that no run is long enough for', async () => {
    const [first, ...others] = itemsWith('slow', 4);
    if (!first) throw new Error('there are four');
    // A place for one: a cold refresh takes two.
    const { admitted, refused } = await reserve([{ ...first, stored: null }, ...others], Date.now(), paceOf('ghl', 50, null).intervalMs / 2);
    expect(admitted.map(({ workspaceId }) => workspaceId)).toEqual(['slow-1']);
    expect(refused).toHaveLength(3);
  });

  it('stops at half of the day\'s quota', async () => {
    const now = Date.now();
    await reserve(itemsWith('day', 1), now, 1_000);
    await cache.db.quotaBucket.update({ where: { quotaKey: 'day' }, data: { dayUsed: 99_998 } });
    const { admitted } = await reserve(itemsWith('day', 10), now + 60_000, 30_000);
    expect(admitted).toHaveLength(2);
  });

  it('is scaled by the limit that the vendor\'s headers told, and closed while the vendor says so', async () => {
    const now = Date.now();
    await reserve(itemsWith('told', 1), now - 60_000, 1_000);
    await cache.db.quotaBucket.update({ where: { quotaKey: 'told' }, data: { learnedLimit: 10 } });
    const { admitted } = await reserve(itemsWith('told', 100), now, 10_000);
    expect(admitted.length).toBeLessThanOrEqual(5);
    await cache.db.quotaBucket.update({ where: { quotaKey: 'told' }, data: { blockedUntil: new Date(now + 60_000) } });
    expect((await reserve(itemsWith('told', 1), now + 30_000, 10_000)).admitted).toEqual([]);
  });
});

describe('a sweep with credentials', () => {
  it('keeps every official request inside the vendor\'s own limit', async () => {
    await addAccount('ghl', 80);
    const report = await cache.sweep({ timeBudgetMs: 4_000 });
    expect(report.errors.byKind).toEqual({});
    expect(report.refreshed).toBeGreaterThan(0);
    expect(report.refreshed).toBeLessThan(80);
    expect(report.skippedQuota).toBe(80 - report.refreshed);
    expect(report.quotaLimited).toMatchObject([{ provider: 'ghl', workspaces: 80 }]);
    expect(cache.sim.stats().byOrigin.ghlApi.requests).toBeLessThanOrEqual(50);
    expect(cache.sim.stats().byOrigin.ghlApi.rateLimited).toBe(0);
  });

  it('asks about an account once, not again for each of its calendars', async () => {
    // Two pages of event types.
    await addPaidCalendly(120);
    // Slower than the account's pace: others would begin meanwhile, and let their places pass.
    cache.sim.setLatency({ fixedMs: 600 });
    const asked = endpointsAsked();
    const report = await cache.sweep({ timeBudgetMs: 6_000 });
    expect(report).toMatchObject({ abandoned: 0, errors: { total: 0 } });
    expect(asked.filter((endpoint) => endpoint === 'users-me')).toHaveLength(1);
    expect(asked.filter((endpoint) => endpoint === 'event-types')).toHaveLength(2);
    expect(report.refreshed).toBe(asked.length - 3);
    expect(report.refreshed).toBeGreaterThan(5);
    // What was sent is what the day has used, although a second page was not foreseen.
    expect(await dayUsed()).toBe(asked.length);
  });

  it('refreshes the calendars that are known already while the account does not answer', async () => {
    await addPaidCalendly(6);
    expect(await cache.sweep({ timeBudgetMs: 8_000 })).toMatchObject({ refreshed: 6 });
    await addAccount('calendly', 2, 'new');
    cache.sim.addFault({ match: { endpoint: 'users-me' }, fault: { kind: 'hang' } });
    const report = await cache.sweep({ timeBudgetMs: 8_000 });
    expect(report.refreshed).toBe(6);
    // The one behind who would ask the same had no place left.
    expect(report).toMatchObject({ skippedQuota: 1, quotaLimited: [{ provider: 'calendly', workspaces: 8 }] });
  });

  it('begins no refresh that its end would cut off, to ask all of it again in the next', async () => {
    await addAccount('hubspot', 60);
    // Slower than its pace, so everybody is late for the place that was reserved.
    cache.sim.setLatency({ fixedMs: 400 });
    const asked = new Map<string, number>();
    cache.sim.onAnswer(({ calendarId = '' }) => asked.set(calendarId, (asked.get(calendarId) ?? 0) + 1));
    const report = await cache.sweep({ timeBudgetMs: 7_000, concurrency: 1 });
    expect(report).toMatchObject({ abandoned: 0, errors: { total: 0 }, quotaLimited: [{ provider: 'hubspot', workspaces: 60 }] });
    expect(report.refreshed).toBe(asked.size);
    expect(new Set(asked.values()).size).toBe(1);
  });

  it('leaves to the next what it sent more than it had foreseen', async () => {
    await addPaidCalendly(6);
    await cache.sweep({ timeBudgetMs: 8_000 });
    const before = await dayUsed();
    // Each window of thirty days is refused and asked for in five of seven: six requests where one was foreseen.
    cache.sim.addFault({ match: { endpoint: 'available-times' }, share: 1, times: 6, fault: { kind: 'status', status: 400 } });
    const asked = endpointsAsked();
    await cache.sweep({ timeBudgetMs: 12_000 });
    const endedAt = Date.now();
    expect(asked.length).toBeGreaterThan(6);
    const bucket = await cache.db.quotaBucket.findFirstOrThrow();
    expect(bucket.dayUsed).toBe(before + asked.length);
    // The places that were foreseen ended more than a second ago.
    expect(Number(bucket.nextFreeAt)).toBeGreaterThan(endedAt - 500);
  });

  it('counts what it tried once more', async () => {
    await addPaidCalendly(5);
    cache.sim.addFault({ match: { endpoint: 'available-times' }, times: 1, fault: { kind: 'status', status: 500 } });
    const asked = endpointsAsked();
    expect(await cache.sweep({ timeBudgetMs: 8_000 })).toMatchObject({ refreshed: 5, errors: { total: 0 } });
    expect(asked).toHaveLength(8);
    expect(await dayUsed()).toBe(8);
  });

  it('uses up no quota while a closed host keeps it from sending', async () => {
    await addAccount('hubspot', 20);
    await cache.sweep({ timeBudgetMs: 4_000 });
    const before = await dayUsed();
    const closed = { openedAt: new Date(), openUntil: new Date(Date.now() + 3_600_000) };
    const { host } = new URL(cache.sim.origins.hubspotApi);
    await cache.db.providerHost.upsert({ where: { host }, create: { host, ...closed }, update: closed });
    cache.sim.resetStats();
    await cache.sweep({ timeBudgetMs: 4_000 });
    expect(cache.sim.stats().byOrigin.hubspotApi.requests).toBe(0);
    expect(await dayUsed()).toBe(before);
  });
});

describe('one refresh with a credential', () => {
  it.each([true, false])('counts what it sent, whether it waits for its turn (%s) or is a person\'s', async (politely) => {
    await addPaidCalendly(150);
    const asked = endpointsAsked();
    expect(await refreshOne(cache.context, 'w0', { politely })).toMatchObject({ kind: 'refreshed' });
    expect(asked).toHaveLength(4);
    expect(await dayUsed()).toBe(4);
  });

  it('ends by its own deadline also while it waits for a turn', async () => {
    await addAccount('calendly', 110);
    const startedAt = performance.now();
    // Three requests were foreseen; with the second page it is one more.
    expect(await refreshOne(cache.contextWith({ workspaceTimeoutMs: 6_500 }), 'w0', { politely: true })).toMatchObject({ kind: 'failed', errorKind: 'timeout' });
    expect(performance.now() - startedAt).toBeLessThan(9_000);
    expect(await dayUsed()).toBe(3);
  });

  it('gives back what it did not send, however often it is tried', async () => {
    const quotaKey = await addAccount('calendly', 2);
    await cache.db.providerCredential.update({ where: { clientId_provider: { clientId: 'w0', provider: 'calendly' } }, data: { ciphertext: Buffer.from('no seal') } });
    for (let i = 0; i < 4; i++) expect(await refreshOne(cache.context, 'w0', { politely: false })).toMatchObject({ kind: 'failed', errorKind: 'unauthorized' });
    // Too short for the three requests of the other.
    const context = cache.contextWith({ workspaceTimeoutMs: 3_000 });
    for (let i = 0; i < 4; i++) expect(await refreshOne(context, 'w1', { politely: true })).toMatchObject({ kind: 'skipped', reason: 'quota' });
    const bucket = await cache.db.quotaBucket.findUniqueOrThrow({ where: { quotaKey } });
    expect(bucket.dayUsed).toBe(0);
    expect(Number(bucket.nextFreeAt)).toBeLessThanOrEqual(Date.now());
  });

  it('is not of a scheduling link, which the booking page alone answers for: its 429 closes that page\'s host', async () => {
    const { links } = cache.sim.addCalendar({ id: 'link', provider: 'calendly', zone: 'UTC' });
    await cache.addWorkspace({ id: 'w0', url: links.share ?? '', type: 'calendly' });
    await cache.db.providerCredential.create({ data: { clientId: 'w0', provider: 'calendly', quotaKey: 'key', keyId: 'test', ciphertext: Buffer.from('not needed') } });
    cache.sim.addFault({ match: { origin: 'calendlyBooking' }, fault: { kind: 'status', status: 429, retryAfterSeconds: 60 } });
    const report = await cache.sweep({ timeBudgetMs: 4_000 });
    expect(report.errors.byKind).toEqual({ rate_limited: 1 });
    expect(await cache.db.quotaBucket.count()).toBe(0);
    expect(report.openBreakers).toEqual([new URL(cache.sim.origins.calendlyBooking).host]);
  });
});

/** Workspaces of one account, each with its own calendar there. Returns the account's quota key. */
async function addAccount(provider: 'ghl' | 'hubspot' | 'calendly', count: number, name = 'w'): Promise<string> {
  for (const id of Array.from({ length: count }, (_, i) => `${name}${i}`)) {
    await cache.addCalendar({ id, provider, zone: 'UTC', account: 'one-account', slug: id });
    await cache.addCredential(id);
  }
  const { quotaKey } = await cache.db.providerCredential.findFirstOrThrow({ where: { provider } });
  return quotaKey;
}

/** A paid account, as its answers have told before. */
async function addPaidCalendly(count: number): Promise<void> {
  const quotaKey = await addAccount('calendly', count);
  await cache.db.quotaBucket.create({ data: { quotaKey, provider: 'calendly', nextFreeAt: new Date(0), dayStartedAt: new Date(), learnedLimit: 500 } });
}

/** Fills as requests are answered. */
function endpointsAsked(): string[] {
  const asked: string[] = [];
  cache.sim.onAnswer(({ endpoint }) => asked.push(endpoint));
  return asked;
}

async function dayUsed(): Promise<number> {
  const [bucket] = await cache.db.quotaBucket.findMany();
  return bucket?.dayUsed ?? 0;
}
