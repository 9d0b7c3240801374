import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pause } from '@/lib/workspaces';
import { createTestApi, DAY_MS, HOUR_MS, hours, iso, MINUTE_MS, type TestApi } from './api';

let api: TestApi;
const SLOTS = hours(48);
const at = (index: number): number => SLOTS[index] ?? NaN;

beforeAll(async () => {
  api = await createTestApi();
  await api.addWorkspace('w');
  await api.storeSlots('w', [Date.now() + 1, ...SLOTS]);
});
afterAll(async () => { await api.close(); });

interface Answer {
  state: string;
  reason: string | null;
  ageMs: number;
  totalSlots: number;
  slots: { startsAt: string; endsAt: string; local?: string; label?: string }[];
}

async function get(query = '', headers: Record<string, string> = {}): Promise<{ status: number; headers: Headers; body: Answer }> {
  const response = await api.call(`/api/availability/w${query}`, { headers });
  return { status: response.status, headers: response.headers, body: (response.status === 304 ? {} : await response.json()) as Answer };
}

describe('one workspace', () => {
  it('answers its slots with state, age, duration and booking link, from one statement for key and slots', async () => {
    api.statements();
    const { status, headers, body } = await get();
    expect(api.statements()).toBe(1);
    expect(status).toBe(200);
    expect(body).toEqual({
      workspaceId: 'w', state: 'fresh', reason: null, asOf: headers.get('x-availability-as-of'), ageMs: Number(headers.get('x-availability-age-ms')),
      durationMinutes: 30, bookingLink: 'https://calendly.com/w/intro', calendarType: 'calendly', totalSlots: 48,
      slots: SLOTS.map((start) => ({ startsAt: iso(start), endsAt: iso(start + 30 * MINUTE_MS) })),
    });
    expect(body.ageMs).toBeGreaterThan(0);
    expect(headers.get('cache-control')).toBe('private, no-cache');
  });

  it('from and to are a half-open range, limit cuts the answer alone, tz adds the local time', async () => {
    const range = await get(`?from=${iso(at(2))}&to=${encodeURIComponent('2099-01-01T00:00:00+01:00')}`);
    expect(range.body).toMatchObject({ state: 'fresh', totalSlots: 46 });
    const { body } = await get(`?from=${iso(at(2))}&to=${iso(at(10))}&limit=3&tz=America/New_York`);
    expect(body).toMatchObject({ state: 'fresh', totalSlots: 8 });
    expect(body.slots.map(({ startsAt }) => startsAt)).toEqual([at(2), at(3), at(4)].map(iso));
    for (const { startsAt, local, label } of body.slots) {
      expect(iso(Date.parse(local ?? ''))).toBe(startsAt);
      expect(local).toMatch(/T\d\d:00:00-0[45]:00$/);
      expect(label).toMatch(/^\w{3}, \w{3} \d+, \d+:00 [AP]M E[SD]T$/);
    }
    const none = await get(`?from=${iso(at(47) + 1)}`);
    expect(none.body).toMatchObject({ state: 'fresh', totalSlots: 0, slots: [] });
  });

  it('a booking takes its time, and a cancelled one gives it back', async () => {
    const booking = { workspaceId: 'w', startsAt: iso(at(5)), endsAt: iso(at(5) + 90 * MINUTE_MS) };
    await api.call('/api/bookings/taken', { method: 'PUT', body: booking });
    expect((await get()).body.slots.map(({ startsAt }) => startsAt)).toEqual(SLOTS.filter((start) => start !== at(5) && start !== at(6)).map(iso));
    await api.call('/api/bookings/taken', { method: 'DELETE' });
    expect((await get()).body.totalSlots).toBe(48);
  });

  it.each([
    ['never read', (id: string) => Promise.resolve(id), 'unavailable'],
    ['empty', (id: string) => api.storeSlots(id, []), 'empty'],
    ['older than the age limit', (id: string) => api.storeSlots(id, SLOTS, Date.now() - 16 * MINUTE_MS), 'unavailable'],
    ['past its time to live', (id: string) => api.storeSlots(id, SLOTS, Date.now() - 2 * MINUTE_MS), 'stale'],
    ['paused', async (id: string) => { await api.storeSlots(id, SLOTS); await pause(api.db, id, new Date()); }, 'paused'],
  ])('%s: says so, never slots that may not be offered', async (name, arrange, state) => {
    const id = await api.addWorkspace(`state ${name}`);
    await arrange(id);
    const body = (await (await api.call(`/api/availability/${encodeURIComponent(id)}`)).json()) as Answer;
    expect(body.state).toBe(state);
    expect(body.slots.length).toBe(state === 'stale' ? 48 : 0);
    if (state === 'stale') expect(body.reason).toBeNull();
    else expect(body.reason).toMatch(/\w/);
  });

  it('HEAD answers the same headers without the body', async () => {
    const head = await api.call('/api/availability/w', { method: 'HEAD' });
    expect([head.status, await head.text(), head.headers.get('etag')]).toEqual([200, '', (await get()).headers.get('etag')]);
  });
});

describe('the entity tag', () => {
  it('stays while only the age grows: 304 without a body, with the ages of now as headers', async () => {
    const first = await get();
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^W\/"[\w-]{22}"$/);
    await api.storeSlots('w', SLOTS, Date.now() + 50);
    const again = await api.call('/api/availability/w', { headers: { 'if-none-match': `"other", ${tag}` } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect(again.headers.get('etag')).toBe(tag);
    expect(again.headers.get('x-availability-as-of')).not.toBe(first.headers.get('x-availability-as-of'));
    expect(again.headers.get('x-availability-age-ms')).toMatch(/^\d+$/);
  });

  it('is another for other slots, state, duration, booking link or parameters', async () => {
    await api.addWorkspace('tag');
    const tag = async (query = ''): Promise<string> => (await api.call(`/api/availability/tag${query}`)).headers.get('etag') ?? '';
    const seen = [await tag()];
    await api.storeSlots('tag', SLOTS);
    seen.push(await tag(), await tag('?limit=48'), await tag(`?to=${iso(at(47) + DAY_MS)}`), await tag('?tz=UTC'));
    await api.storeSlots('tag', SLOTS.slice(1));
    seen.push(await tag());
    await api.db.workspaceAvailabilityCache.update({ where: { clientId: 'tag' }, data: { slotDurationMinutes: 31 } });
    seen.push(await tag());
    await api.db.workspaceAvailabilityStatus.update({ where: { clientId: 'tag' }, data: { staleAt: new Date(Date.now() - 1) } });
    seen.push(await tag());
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('a slot beyond the limit does not change it, when as many come as go', async () => {
    await api.addWorkspace('beyond');
    const tag = async (): Promise<string | null> => (await api.call('/api/availability/beyond?limit=2')).headers.get('etag');
    await api.storeSlots('beyond', SLOTS.slice(0, 4));
    const before = await tag();
    await api.storeSlots('beyond', [...SLOTS.slice(0, 3), at(3) + HOUR_MS], Date.now() + 50);
    expect(await tag()).toBe(before);
  });
});
