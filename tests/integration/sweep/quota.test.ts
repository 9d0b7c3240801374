import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sealCredential, parseCredentialKeys, quotaKeyOf } from '@/lib/credentials';
import { paceOf, reserveQuota } from '@/lib/refresh/quota';
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
  reserveQuota(cache.db, items, { now, endsAt: now + forMs, sharePercent: 50, ttlMs: 60_000, timeoutMs: 5_000 });

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
    const { admitted, refused, quotaLimited } = await reserve(itemsWith('big', 1_000), Date.now(), 48_000);
    expect(admitted.map((item) => item.workspaceId)).toEqual(itemsWith('big', admitted.length).map((item) => item.workspaceId));
    expect(admitted.length + refused.length).toBe(1_000);
    const { intervalMs } = paceOf('ghl', 50, null);
    expect(quotaLimited).toEqual([{ provider: 'ghl', workspaces: 1_000, expectedAgeSeconds: Math.round(intervalMs) }]);
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

  it('keeps every official request of a sweep inside the vendor\'s own limit', async () => {
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

  it('is not used up by asking about the account again for each of its calendars', async () => {
    // Two pages of event types, of a paid account.
    const quotaKey = await addAccount('calendly', 120);
    await cache.db.quotaBucket.create({ data: { quotaKey, provider: 'calendly', nextFreeAt: new Date(0), dayStartedAt: new Date(), learnedLimit: 500 } });
    const asked: string[] = [];
    cache.sim.onAnswer(({ endpoint }) => asked.push(endpoint));
    const report = await cache.sweep({ timeBudgetMs: 6_000 });
    expect(report.errors.byKind).toEqual({});
    expect(asked.filter((endpoint) => endpoint === 'users-me')).toHaveLength(1);
    expect(asked.filter((endpoint) => endpoint === 'event-types')).toHaveLength(2);
    expect(report.refreshed).toBe(asked.length - 3);
    expect(report.refreshed).toBeGreaterThan(10);
    // What was sent is what the day has used, although a second page was not foreseen.
    expect(await cache.db.quotaBucket.findMany({ select: { dayUsed: true } })).toEqual([{ dayUsed: asked.length }]);
  });

  it('begins no refresh that the end of the run would cut off, to ask all of it again in the next', async () => {
    await addAccount('hubspot', 60);
    cache.sim.setLatency({ fixedMs: 150 });
    const asked = new Map<string, number>();
    cache.sim.onAnswer(({ calendarId = '' }) => asked.set(calendarId, (asked.get(calendarId) ?? 0) + 1));
    const report = await cache.sweep({ timeBudgetMs: 5_000 });
    expect(report).toMatchObject({ abandoned: 0, errors: { total: 0 } });
    expect(report.refreshed).toBe(asked.size);
    expect(new Set(asked.values()).size).toBe(1);
  });
});

/** Workspaces of one account, each with its own calendar there. Returns the account's quota key. */
async function addAccount(provider: 'ghl' | 'hubspot' | 'calendly', count: number): Promise<string> {
  let quotaKey = '';
  const keys = parseCredentialKeys(cache.env.CREDENTIALS_KEY ?? '');
  for (const id of Array.from({ length: count }, (_, i) => `w${i}`)) {
    const { url, token } = cache.sim.addCalendar({ id, provider, zone: 'UTC', account: 'one-account', slug: id });
    await cache.addWorkspace({ id, url, type: provider });
    const sealed = sealCredential(keys, { clientId: id, provider }, token);
    quotaKey = quotaKeyOf(provider, token);
    await cache.db.providerCredential.create({
      data: { clientId: id, provider, ciphertext: Buffer.from(sealed.ciphertext), keyId: sealed.keyId, quotaKey },
    });
  }
  return quotaKey;
}
