import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { getWorkspaceAvailabilitySlotsUtc, WorkspaceNotFoundError, type AvailabilityAnswer } from '@/lib/availability-cache';
import { Prisma } from '@/lib/db';
import { configuredWorkspaces, fingerprintOf, fingerprintSql, oneConfiguredWorkspace, oneNames, pausedByOf, pausedBySql } from '@/lib/refresh/configured';
import { createTestCache, type TestCache } from '../../support/cache';
import { failure, HOUR_MS, itemOf, MINUTE_MS, store, success } from './writes';

const MAX_AGE_MS = 15 * MINUTE_MS;
const T = Date.UTC(2026, 10, 23, 12, 0);
const SLOTS = [T + HOUR_MS, T + 2 * HOUR_MS, T + 2.5 * HOUR_MS, T + 4 * HOUR_MS];
const iso = (slots: readonly number[]): string[] => slots.map((ms) => new Date(ms).toISOString());

let cache: TestCache;
let count = 0;

beforeAll(async () => { cache = await createTestCache(); });
afterAll(async () => { await cache.close(); });
/** Nothing in this file may ask a provider. */
afterEach(() => { expect(Object.values(cache.sim.stats().byOrigin).reduce((sum, { requests }) => sum + requests, 0)).toBe(0); });

/** A workspace that was read at T. */
async function readWorkspace(slots: readonly number[] = SLOTS): Promise<string> {
  const id = await addWorkspace();
  await store(cache.db, success(await itemOf(cache.context, id), T, slots));
  return id;
}
async function addWorkspace(): Promise<string> {
  return await cache.addWorkspace({ id: `w${++count}`, url: 'https://calendly.com/acme/intro', type: 'calendly' });
}
function ask(id: string, now: number = T + MINUTE_MS / 2, maxAgeMs = MAX_AGE_MS): Promise<AvailabilityAnswer> {
  return getWorkspaceAvailabilitySlotsUtc(id, { refreshIfStale: false, maxAgeMs, now }, cache.context);
}

interface Case {
  name: string;
  make: () => Promise<string>;
  now?: number;
  expected: Partial<AvailabilityAnswer>;
  reason?: RegExp;
}

const CASES: Case[] = [
  { name: 'fresh', make: () => readWorkspace(), expected: { state: 'fresh', slotsUtc: iso(SLOTS), storedCount: 4, ageMs: 30_000, asOf: new Date(T).toISOString(), slotDurationMinutes: 30, lastError: null } },
  { name: 'stale from staleAt on', make: () => readWorkspace(), now: T + MINUTE_MS, expected: { state: 'stale', slotsUtc: iso(SLOTS) } },
  { name: 'stale at the age limit', make: () => readWorkspace(), now: T + MAX_AGE_MS, expected: { state: 'stale', slotsUtc: iso(SLOTS), ageMs: MAX_AGE_MS } },
  { name: 'unavailable beyond it', make: () => readWorkspace(), now: T + MAX_AGE_MS + 1, expected: { state: 'unavailable', slotsUtc: [], storedCount: 4 }, reason: /15 min old/ },
  { name: 'empty', make: () => readWorkspace([]), expected: { state: 'empty', slotsUtc: [], storedCount: 0, ageMs: 30_000 }, reason: /no time is open/ },
  { name: 'never attempted', make: addWorkspace, expected: { state: 'unavailable', slotsUtc: [], storedCount: 0, asOf: null, ageMs: null }, reason: /not been read/ },
  {
    name: 'usable after a failure, which is told',
    make: async () => {
      const id = await readWorkspace();
      await store(cache.db, failure(await itemOf(cache.context, id), T + 1_000, 'timeout', 'Too slow.'));
      return id;
    },
    expected: { state: 'fresh', slotsUtc: iso(SLOTS), lastError: 'Too slow.' },
  },
  {
    name: 'misconfigured when a person must act',
    make: async () => {
      const id = await readWorkspace();
      await store(cache.db, failure(await itemOf(cache.context, id), T + 1_000, 'unsupported_duration', 'Offers 15 minutes only.'));
      return id;
    },
    expected: { state: 'misconfigured', slotsUtc: [], storedCount: 4 }, reason: /Offers 15 minutes only/,
  },
  {
    name: 'misconfigured without a link, though slots of one are stored',
    make: async () => {
      const id = await readWorkspace();
      await cache.db.calendarLink.deleteMany({ where: { clientId: id } });
      return id;
    },
    expected: { state: 'misconfigured', slotsUtc: [], calendarUrl: null, calendarType: null }, reason: /no default calendar link/,
  },
  {
    name: 'paused, though a person must act and slots are young',
    make: async () => {
      const id = await readWorkspace();
      await store(cache.db, failure(await itemOf(cache.context, id), T + 1_000, 'unsupported_duration'));
      await cache.db.workspaceSettings.update({ where: { clientId: id }, data: { pausedAt: new Date(T) } });
      return id;
    },
    expected: { state: 'paused', slotsUtc: [] }, reason: /paused/,
  },
  {
    name: 'paused while its agency is',
    make: async () => {
      const id = await readWorkspace();
      await cache.db.agency.create({ data: { id: 'resting', name: 'Resting', pausedAt: new Date(T) } });
      await cache.db.client.update({ where: { id }, data: { userId: 'resting' } });
      return id;
    },
    expected: { state: 'paused', slotsUtc: [] }, reason: /agency is paused/,
  },
  ...([
    ['its link', (id: string) => cache.db.calendarLink.updateMany({ where: { clientId: id }, data: { url: 'https://calendly.com/acme/other' } })],
    ['its duration', (id: string) => cache.db.workspaceSettings.updateMany({ where: { clientId: id }, data: { meetingDurationMinutes: 45 } })],
    ['its zone', (id: string) => cache.db.workspaceSettings.updateMany({ where: { clientId: id }, data: { timezone: 'Europe/Paris' } })],
    ['its chosen calendar', (id: string) => cache.db.calendarLink.updateMany({ where: { clientId: id }, data: { externalId: 'other' } })],
  ] as const).map(([what, change]) => ({
    name: `unavailable at once when ${what} changed`,
    make: async () => {
      const id = await readWorkspace();
      await change(id);
      return id;
    },
    expected: { state: 'unavailable' as const, slotsUtc: [] }, reason: /configuration changed/,
  })),
];

it('configuration means the same to a reader of one workspace as to those of all', async () => {
  const { db } = cache;
  await db.agency.createMany({ data: [{ id: 'open', name: 'Open' }, { id: 'shut', name: 'Shut', pausedAt: new Date(T) }] });
  await db.providerPause.create({ data: { provider: 'ghl', pausedAt: new Date(T) } });
  const anyOf = <X>(nth: number, values: readonly X[]): X => values[nth % values.length] as X;
  const token = { ciphertext: new Uint8Array(1), keyId: 'k', quotaKey: 'q' };
  for (let nth = 0; nth < 120; nth++) {
    const clientId = `mixed-${nth}`;
    const type = anyOf(nth, ['calendly', 'hubspot', 'ghl', 'unknown'] as const);
    await db.client.create({ data: { id: clientId, name: clientId, userId: anyOf(nth, [null, 'open', 'shut', 'without a row', 'open']) } });
    await db.calendarLink.create({ data: { clientId, name: 'not this', url: 'https://calendly.com/not/this', type: 'calendly' } });
    if (nth % 7 > 0) await db.calendarLink.create({ data: { clientId, name: 'this', url: `https://calendly.com/a/${nth}`, type, isDefault: true, externalId: anyOf(nth, [null, 'x', '']) } });
    if (nth % 3 > 0) await db.workspaceSettings.create({ data: { clientId, timezone: anyOf(nth, ['UTC', 'Asia/Kolkata']), meetingDurationMinutes: anyOf(nth, [30, 45]), pausedAt: nth % 11 === 0 ? new Date(T) : null } });
    for (const provider of ['calendly', 'ghl', 'emailbison'] as const) if (nth % 5 > 1) await db.providerCredential.create({ data: { clientId, provider, ...token } });
  }
  const ofAll = await db.$queryRaw<Record<string, unknown>[]>`
    SELECT c.id, l.id AS link, ${fingerprintSql} AS fingerprint, ${pausedBySql} AS "pausedBy", p.id AS credential FROM ${configuredWorkspaces} WHERE c.id LIKE 'mixed-%' ORDER BY c.id`;
  const ofEach: Record<string, unknown>[] = [];
  for (const { id } of ofAll) {
    ofEach.push(...await db.$queryRaw<Record<string, unknown>[]>`
      SELECT c.id, (c.link).id AS link, ${fingerprintOf(oneNames)} AS fingerprint, ${pausedByOf(oneNames)} AS "pausedBy", c."credentialId" AS credential
      FROM ${oneConfiguredWorkspace(String(id), Prisma.sql`clock_timestamp()`, Prisma.sql`1 AS more`)}`);
  }
  expect(ofEach).toEqual(ofAll);
  expect(new Set(ofAll.map(({ pausedBy }) => pausedBy))).toEqual(new Set([null, 'workspace', 'agency', 'provider']));
  expect(ofAll.filter(({ credential }) => credential !== null).length).toBeGreaterThan(10);
  await db.providerPause.deleteMany();
});

describe('a reader is told', () => {
  it.each(CASES)('$name', async ({ make, now, expected, reason }) => {
    const answer = await ask(await make(), now);
    expect(answer).toMatchObject(expected);
    if (reason) expect(answer.reason).toMatch(reason);
    else expect(answer).not.toHaveProperty('reason');
  });

  it('that there is no such workspace', async () => {
    await expect(ask('nobody')).rejects.toThrow(WorkspaceNotFoundError);
  });
});

it('that a workspace is paused while the vendor of its calendar is, and only so long', async () => {
  const id = await readWorkspace();
  await cache.db.providerPause.create({ data: { provider: 'hubspot', pausedAt: new Date(T) } });
  expect((await ask(id)).state).not.toBe('paused');
  await cache.db.providerPause.create({ data: { provider: 'calendly', pausedAt: new Date(T) } });
  expect(await ask(id)).toMatchObject({ state: 'paused', slotsUtc: [] });
  await cache.db.providerPause.deleteMany({});
  expect((await ask(id)).state).not.toBe('paused');
});

describe('slots that cannot be had', () => {
  it('are left out once they begin, without a change of state', async () => {
    const id = await readWorkspace();
    const late = await ask(id, T + 2 * HOUR_MS, 10 * HOUR_MS);
    expect(late).toMatchObject({ state: 'stale', storedCount: 4, slotsUtc: iso(SLOTS.slice(2)) });
    expect(await ask(id, T + 5 * HOUR_MS, 10 * HOUR_MS)).toMatchObject({ state: 'stale', storedCount: 4, slotsUtc: [] });
  });

  it.each<[string, [number, number][], number[]]>([
    ['ends as the slot begins', [[T, SLOTS[0] ?? 0]], SLOTS],
    ['begins as the slot ends', [[T + 1.5 * HOUR_MS, T + 2 * HOUR_MS]], SLOTS],
    ['reaches a millisecond into the slot', [[T, T + HOUR_MS + 1]], SLOTS.slice(1)],
    ['begins a millisecond before the slot ends', [[T + 1.5 * HOUR_MS - 1, T + 2 * HOUR_MS]], SLOTS.slice(1)],
    ['lies inside the slot', [[T + HOUR_MS + MINUTE_MS, T + HOUR_MS + 2 * MINUTE_MS]], SLOTS.slice(1)],
    ['covers several slots', [[T + 1.9 * HOUR_MS, T + 2.6 * HOUR_MS]], [T + HOUR_MS, T + 4 * HOUR_MS]],
    ['has another beside it', [[T + HOUR_MS, T + 1.25 * HOUR_MS], [T + 4 * HOUR_MS, T + 5 * HOUR_MS]], SLOTS.slice(1, 3)],
    ['overlaps another', [[T + HOUR_MS, T + 2.1 * HOUR_MS], [T + 2 * HOUR_MS, T + 3 * HOUR_MS]], SLOTS.slice(3)],
    ['takes all', [[T, T + 24 * HOUR_MS]], []],
  ])('for a booking that %s', async (_name, bookings, left) => {
    const id = await readWorkspace();
    await cache.db.booking.createMany({ data: bookings.map(([from, to], i) => ({ clientId: id, startsAt: new Date(from), endsAt: new Date(to), source: 'test', externalId: `b${i}` })) });
    expect(await ask(id)).toMatchObject({ state: 'fresh', storedCount: 4, slotsUtc: iso(left) });
    await cache.db.booking.updateMany({ where: { clientId: id }, data: { cancelledAt: new Date(T) } });
    expect(await ask(id)).toMatchObject({ state: 'fresh', slotsUtc: iso(SLOTS) });
  });

  it('are not taken by another workspace\'s booking', async () => {
    const [id, other] = [await readWorkspace(), await readWorkspace()];
    await cache.db.booking.create({ data: { clientId: other, startsAt: new Date(T), endsAt: new Date(T + 24 * HOUR_MS), source: 'test', externalId: 'b' } });
    expect((await ask(id)).slotsUtc).toEqual(iso(SLOTS));
  });
});

describe('the last slot of a calendar', () => {
  it('leaves an empty calendar behind, and not a usable one without slots', async () => {
    const id = await readWorkspace([T + HOUR_MS]);
    await store(cache.db, success(await itemOf(cache.context, id), T + 2 * HOUR_MS, []));
    expect(await ask(id, T + 2 * HOUR_MS + 1)).toMatchObject({ state: 'empty', storedCount: 0, slotsUtc: [] });
  });
});
