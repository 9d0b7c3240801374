import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '@/lib/reader/cursor';
import { itemsOf, store, success } from '../refresh/writes';
import { createTestApi, DAY_MS, hours, iso, type TestApi } from './api';

let api: TestApi;
const SLOTS = hours(20);

beforeAll(async () => { api = await createTestApi({ alone: true }); });
afterAll(async () => { await api.close(); });
beforeEach(() => api.restKeys());

interface Page {
  changes: { workspaceId: string; changedAt: string; generation: number }[];
  nextCursor: string;
  hasMore: boolean;
}

async function page(cursor?: string, limit?: number): Promise<Page> {
  const query = new URLSearchParams({ ...(cursor !== undefined && { changedSince: cursor }), ...(limit !== undefined && { limit: String(limit) }) });
  const response = await api.call(`/api/availability?${query.toString()}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

const idsOf = ({ changes }: Page): string[] => changes.map(({ workspaceId }) => workspaceId);

/** The cursor after everything so far. */
async function end(): Promise<string> {
  for (let last = await page(); ; last = await page(last.nextCursor)) if (!last.hasMore) return last.nextCursor;
}

/** A writer whose commit a test decides; what it does is what the store does when slots change. */
async function writer(): Promise<{ change: (id: string) => Promise<void>; commit: () => Promise<void> }> {
  const client = new pg.Client({ connectionString: api.url });
  await client.connect();
  await client.query('BEGIN');
  return {
    change: async (id) => { await client.query('UPDATE "WorkspaceAvailabilityCache" SET generation = generation + 1, "changedXid" = pg_current_xact_id() WHERE "clientId" = $1', [id]); },
    commit: async () => { await client.query('COMMIT'); await client.end(); },
  };
}

/** mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  return all.map((one) => ({ one, at: random() })).sort((a, b) => a.at - b.at).map(({ one }) => one);
}

describe('what is a change', () => {
  it('a first reading, other slots, a booking and its end are; time passing and a failed try are not', async () => {
    await api.addWorkspace('what');
    let cursor = await end();
    const isListed = async (): Promise<boolean> => {
      const next = await page(cursor);
      cursor = next.nextCursor;
      return idsOf(next).includes('what');
    };
    expect(await isListed()).toBe(false);
    const t = Date.now() - 60_000;
    await api.storeSlots('what', SLOTS, t);
    expect(await isListed()).toBe(true);
    await api.storeSlots('what', SLOTS, t + 1);
    expect(await isListed()).toBe(false);
    await api.storeSlots('what', [...SLOTS, t + 31 * DAY_MS], t + 2);
    expect(await isListed()).toBe(false);
    await api.storeSlots('what', SLOTS.slice(1), t + 3);
    expect(await isListed()).toBe(true);
    const booking = { workspaceId: 'what', startsAt: iso(SLOTS[3] ?? 0), endsAt: iso(SLOTS[4] ?? 0) };
    for (const expected of [true, false]) {
      await api.call('/api/bookings/what', { method: 'PUT', body: booking });
      expect(await isListed()).toBe(expected);
    }
    for (const expected of [true, false]) {
      await api.call('/api/bookings/what', { method: 'DELETE' });
      expect(await isListed()).toBe(expected);
    }
  });

  it('pages are in the order of the changes, each workspace once, and cost two statements', async () => {
    const cursor = await end();
    const ids = Array.from({ length: 7 }, (_, i) => `page-${i}`);
    for (const id of ids) await api.addWorkspace(id);
    // Several in one transaction share its id: a page may end between them.
    const items = await itemsOf({ ...api.deps.context, db: api.db });
    await store(api.db, ...ids.slice(0, 5).flatMap((id) => { const item = items.get(id); return item ? [success(item, Date.now(), SLOTS)] : []; }));
    for (const id of ids.slice(5)) await api.storeSlots(id, SLOTS);
    await api.storeSlots('page-1', SLOTS.slice(2), Date.now() + 20);
    const pages: Page[] = [];
    api.statements();
    for (let next = await page(cursor, 2); ; next = await page(next.nextCursor, 2)) {
      expect(api.statements()).toBe(2);
      pages.push(next);
      if (!next.hasMore) break;
    }
    expect(pages.flatMap(idsOf)).toEqual(['page-0', 'page-2', 'page-3', 'page-4', 'page-5', 'page-6', 'page-1']);
    expect(pages.map(({ hasMore }) => hasMore)).toEqual([true, true, true, false]);
    expect(pages.at(-1)?.changes[0]).toMatchObject({ workspaceId: 'page-1', generation: 2 });
    expect(await page(pages.at(-1)?.nextCursor)).toEqual({ changes: [], nextCursor: pages.at(-1)?.nextCursor, hasMore: false });
  });
});

describe('no change is lost', () => {
  it('of two writers the later one commits first: it waits for the earlier one, and both are listed', async () => {
    for (const id of ['early', 'late']) {
      await api.addWorkspace(id);
      await api.storeSlots(id, SLOTS);
    }
    let cursor = await end();
    const [early, late] = [await writer(), await writer()];
    await early.change('early');
    await late.change('late');
    await late.commit();
    const meanwhile = await page(cursor);
    expect(idsOf(meanwhile)).toEqual([]);
    cursor = meanwhile.nextCursor;
    await early.commit();
    expect(idsOf(await page(cursor))).toEqual(['early', 'late']);
  });

  it('a transaction that only reads, or holds an advisory lock as the sweep does, delays nothing', async () => {
    await api.addWorkspace('undelayed');
    const cursor = await end();
    const client = new pg.Client({ connectionString: api.url });
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT pg_try_advisory_xact_lock(1)');
    await client.query('SELECT count(*) FROM "Client"');
    await api.storeSlots('undelayed', SLOTS);
    expect(idsOf(await page(cursor))).toEqual(['undelayed']);
    await client.end();
  });

  it('of writers that commit in any order, a poller between them sees the last change of every workspace', async () => {
    const seed = Number(process.env.TEST_SEED ?? Date.now() % 100_000);
    const random = seededRandom(seed);
    const ids = Array.from({ length: 12 }, (_, i) => `many-${String(i).padStart(2, '0')}`);
    for (const id of ids) {
      await api.addWorkspace(id);
      await api.storeSlots(id, SLOTS);
    }
    let cursor = await end();
    const seen = new Map<string, number>();
    const poll = async (): Promise<void> => {
      const next = await page(cursor, 1 + Math.floor(random() * 4));
      cursor = next.nextCursor;
      for (const { workspaceId, generation } of next.changes) seen.set(workspaceId, generation);
      if (next.hasMore) await poll();
    };
    const expected = new Map<string, number>();
    // Always some under way: each round begins two and ends one or two, whichever.
    const open: { id: string; commit: () => Promise<void> }[] = [];
    for (let round = 0; round < 25 || open.length > 0; round++) {
      for (const id of round < 25 ? shuffled(ids, random).filter((one) => !open.some((other) => other.id === one)).slice(0, 2) : []) {
        const one = await writer();
        await one.change(id);
        expected.set(id, (expected.get(id) ?? 1) + 1);
        open.push({ id, commit: one.commit });
      }
      for (const { commit } of open.splice(Math.floor(random() * open.length), open.length > 5 ? 2 : 1)) await commit();
      await api.restKeys();
      await poll();
    }
    expect(Object.fromEntries(seen), `TEST_SEED=${seed}`).toEqual(Object.fromEntries(expected));
  });
});

describe('another database', () => {
  it('refuses a cursor of the one before, and lists rows that were restored with ids of the future', async () => {
    await api.addWorkspace('restored');
    await api.storeSlots('restored', SLOTS);
    await api.db.$executeRaw`UPDATE "WorkspaceAvailabilityCache" SET "changedXid" = '9000000000000'::xid8 WHERE "clientId" = 'restored'`;
    expect(idsOf(await page())[0]).toBe('restored');
    const cursor = await end();
    await api.storeSlots('restored', SLOTS.slice(1), Date.now() + 20);
    expect(idsOf(await page(cursor))).toEqual(['restored']);

    const ours = decodeCursor(cursor);
    const other = encodeCursor({ cluster: 'abc', xid: ours?.xid ?? '', workspaceId: ours?.workspaceId ?? '' });
    const refused = await api.call(`/api/availability?changedSince=${other}`);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ errors: [{ field: 'changedSince', message: expect.stringContaining('start at the beginning') as string }] });
  });

  it('needs no special right of its database user', async () => {
    const role = `reader_${Date.now()}`;
    await api.db.$executeRawUnsafe(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    const url = new URL(api.url);
    [url.username, url.password] = [role, 'x'];
    const plain = new pg.Client({ connectionString: url.href });
    await plain.connect();
    const { rows } = await plain.query('SELECT to_hex(system_identifier) AS cluster, pg_current_snapshot()::text FROM pg_control_system()');
    await plain.end();
    await api.db.$executeRawUnsafe(`DROP ROLE ${role}`);
    expect(rows[0]).toMatchObject({ cluster: expect.stringMatching(/^[0-9a-f]+$/) as string });
  });
});
