import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slotMapOf } from '@/lib/console/slot-map';
import { readWindow, readWorkspaceDetails } from '@/lib/console/workspace';
import { prepareOffer } from '@/lib/slots/offers';
import { createTestCache, type TestCache } from '../../support/cache';
import { addLeads, requestOf } from '../slots/workspace';

const BOUNDS = { maxAgeMs: 900_000, timeoutMs: 5_000 };
let cache: TestCache;
beforeAll(async () => { cache = await createTestCache(); });
afterAll(async () => { await cache.close(); });

async function addRead(): Promise<string> {
  const id = randomUUID();
  await cache.addCalendar({ id, provider: 'calendly', zone: 'Europe/Paris' }, { agencyId: 'north', timezone: 'America/New_York' });
  await cache.sweep();
  return id;
}

describe("a workspace's page", () => {
  it('reads state, configuration and what the provider said, and no token', async () => {
    const id = await addRead();
    await cache.addCredential(id);
    const details = await readWorkspaceDetails(cache.db, id, BOUNDS);
    expect(details).toMatchObject({
      id, agencyId: 'north', provider: 'calendly', isClaimed: false, meta: { resolvedId: expect.any(String) as string },
      configuration: { url: cache.sim.calendar(id).url, timezone: 'America/New_York', durationMinutes: 30, credentials: [{ provider: 'calendly', baseUrl: null }], firstTouch: { isOn: false, offerCount: 2 } },
    });
    expect(JSON.stringify(details)).not.toContain(cache.sim.calendar(id).token);
    // A new credential is another configuration: what is stored was not read with it.
    expect(details?.state).toBe('unavailable');
    expect(await readWorkspaceDetails(cache.db, 'nobody', BOUNDS)).toBeNull();
  });

  it('maps what is open, offered and booked, in its own zone', async () => {
    const id = await addRead();
    const stored = (await cache.stored(id))?.slotsUtc ?? [];
    const open = stored.filter((slot) => slot.getTime() > Date.now());
    const [lead] = await addLeads(cache.db, id, 1);
    const offered = await prepareOffer(cache.db, requestOf(id, lead ?? '', { sendAtMs: Date.now() }));
    const taken = open.at(-1) ?? new Date();
    await cache.db.booking.create({ data: { clientId: id, startsAt: taken, endsAt: new Date(taken.getTime() + 1_800_000), source: 'crm', externalId: 'b1' } });

    const window = await readWindow(cache.db, id, { lookaheadDays: 30, timeoutMs: 5_000 });
    const map = slotMapOf(window ?? expect.fail());
    expect(map.zone).toBe('America/New_York');
    expect(offered.kind).toBe('prepared');
    expect(map.counts.offered).toBe(2);
    expect(map.counts.booked).toBe(1);
    expect(map.counts.open + map.counts.offered + map.counts.booked).toBe(open.length);
    expect(await readWindow(cache.db, 'nobody', { lookaheadDays: 30, timeoutMs: 5_000 })).toBeNull();
  });
});
