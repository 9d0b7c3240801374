import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '@/lib/db';
import { parseListFilter, type ListFilter } from '@/lib/console/filter';
import { listConsoleWorkspaces, matchingIds, type WorkspacePage } from '@/lib/console/workspace-list';
import { WORKSPACE_STATES } from '@/lib/refresh/state';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { best, slowness } from '../../support/slowness';
import { addManyWorkspaces } from './many';

const SEED = Number(process.env.SEED ?? Math.random().toFixed(6));
const COUNT = 1_000;
const OPTIONS = { maxAgeMs: 900_000, timeoutMs: 5_000 };

let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDb(database.url, { poolMax: 2 });
  await addManyWorkspaces(db, COUNT, SEED);
});
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

function list(given: Partial<ListFilter> = {}, pageSize = COUNT, now?: number): Promise<WorkspacePage> {
  return listConsoleWorkspaces(db, { ...parseListFilter({}), ...given }, { ...OPTIONS, pageSize, ...(now !== undefined && { now }) });
}

describe(`the list of workspaces (SEED=${SEED})`, () => {
  it('counts and filters by the same states that readers are told', async () => {
    const now = Date.now();
    const all = await list({}, COUNT, now);
    expect(all.rows).toHaveLength(COUNT);
    expect(all.total).toBe(COUNT);
    for (const state of WORKSPACE_STATES) {
      const told = all.rows.filter((row) => row.state === state).map(({ id }) => id);
      const found = await list({ state }, COUNT, now);
      expect(told.length).toBeGreaterThan(0);
      expect(found.rows.map(({ id }) => id).sort()).toEqual(told.sort());
      expect(all.byState[state]).toBe(told.length);
      // The counts beside the filter are of every state, whichever is chosen.
      expect(found.byState).toEqual(all.byState);
    }
  });

  it('puts first what a person must look at, and then what is oldest', async () => {
    const { rows } = await list();
    const rank = ['misconfigured', 'unavailable', 'empty', 'stale', 'fresh', 'paused'];
    const keys = rows.map((row) => [rank.indexOf(row.state), -(row.ageMs ?? Infinity)] as const);
    expect(keys).toEqual([...keys].sort(([a, x], [b, y]) => a - b || (x === y ? 0 : x - y)));
  });

  it.each([
    ['name', 'asc', (page: WorkspacePage) => page.rows.map((row) => row.name)],
    ['age', 'desc', (page: WorkspacePage) => page.rows.map((row) => -(row.ageMs ?? Infinity))],
    ['age', 'asc', (page: WorkspacePage) => page.rows.map((row) => row.ageMs ?? Infinity)],
    ['due', 'asc', (page: WorkspacePage) => page.rows.map((row) => (row.dueAt === null ? Infinity : Math.max(0, row.dueAt - page.now)))],
    ['slots', 'asc', (page: WorkspacePage) => page.rows.map((row) => row.slotCount)],
    ['slots', 'desc', (page: WorkspacePage) => page.rows.map((row) => -row.slotCount)],
  ] as const)('sorts by %s %s', async (sort, dir, keyOf) => {
    const keys = keyOf(await list({ sort, dir }));
    expect(keys).toEqual([...keys].sort((a, b) => (a === b ? 0 : a < b ? -1 : 1)));
  });

  it('finds by a part of name, id, agency and link, and takes wildcards as they are written', async () => {
    expect((await list({ q: 'space 00042' })).rows.map(({ id }) => id)).toEqual(['w-42']);
    expect((await list({ q: 'W-1000' })).total).toBe(1);
    const ofAgency = await list({ q: 'Agency 3' });
    expect(ofAgency.total).toBeGreaterThan(50);
    expect(ofAgency.rows.every((row) => row.agencyId === 'agency-3')).toBe(true);
    const byLink = await list({ q: 'hubspot.example.com' });
    expect(byLink.total).toBeGreaterThan(50);
    expect(byLink.rows.every((row) => row.provider === 'hubspot')).toBe(true);
    expect((await list({ q: '%' })).total).toBe(0);
    expect((await list({ q: '_____' })).total).toBe(0);
  });

  it('says whose pause it is', async () => {
    const { rows } = await list({ state: 'paused', agency: 'agency-7' });
    expect(rows.length).toBeGreaterThan(50);
    expect(new Set(rows.map((row) => row.pausedBy))).toEqual(new Set(['workspace', 'agency']));
    expect(rows.find((row) => row.pausedBy === 'agency')?.reason).toMatch(/agency is paused/);
  });

  it('combines filters, and pages show every match once', async () => {
    const filter = { agency: 'agency-1', provider: 'calendly' } as const;
    const whole = await list(filter);
    expect(whole.total).toBeGreaterThan(10);
    const pages = await Promise.all(Array.from({ length: Math.ceil(whole.total / 10) }, (_, i) => list({ ...filter, page: i + 1 }, 10)));
    expect(pages.flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(whole.rows.map(({ id }) => id));
    const ids = await matchingIds(db, { ...parseListFilter({ page: '2' }), ...filter }, OPTIONS);
    expect(ids).toEqual(whole.rows.map(({ id }) => id));
    expect((await list({ page: 99 }, 100)).rows).toEqual([]);
  });

  it('names every agency, also one without a display name', async () => {
    const { agencies, workspaces } = await list({ q: 'nothing is called so' });
    expect(agencies.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, i) => `agency-${i}`));
    expect(workspaces).toBe(COUNT);
  });

  it('answers a page of 1,000 workspaces within 100 ms', async () => {
    const took = await best(5, () => list({ sort: 'age' }, 100));
    expect(took).toBeLessThan(100 * (await slowness(db)));
  });

  it('gives up when the database takes longer than the page may wait', async () => {
    await expect(listConsoleWorkspaces(db, parseListFilter({}), { ...OPTIONS, timeoutMs: 1 })).rejects.toThrow();
  });
});

describe('the list of 10,000 workspaces', () => {
  it('answers within 500 ms', async () => {
    const large = await createTestDatabase();
    const client = createDb(large.url, { poolMax: 1 });
    try {
      await addManyWorkspaces(client, 10_000, 0.5);
      const took = await best(3, () => listConsoleWorkspaces(client, parseListFilter({ q: 'work' }), OPTIONS));
      expect(took).toBeLessThan(500 * (await slowness(client)));
    } finally {
      await client.$disconnect();
      await large.drop();
    }
  });
});
