import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '@/lib/db';
import { expireOffers, listOffers, markFailed, markSent, prepareOffer, previewOffer, replaceOffer, type OfferOutcome, type OfferRequest } from '@/lib/slots/offers';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { addCachedWorkspace, addLeads, fillCache, HOUR, hoursFrom, liveCounts, MAX_AGE_MS, requestOf } from './workspace';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDb(database.url, { poolMax: 4 });
});
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

const startsOf = (outcome: OfferOutcome): number[] => ('offers' in outcome ? outcome.offers.map(({ startMs }) => startMs) : []);
const [FIRST, SECOND, THIRD, FOURTH] = hoursFrom(4) as [number, number, number, number];

async function setUp(slots: readonly number[] = [FIRST, SECOND], settings: Parameters<typeof addCachedWorkspace>[2] = {}): Promise<{ workspaceId: string; leads: string[]; request: OfferRequest }> {
  const workspaceId = await addCachedWorkspace(db, slots, settings);
  const leads = await addLeads(db, workspaceId, 4);
  return { workspaceId, leads, request: requestOf(workspaceId, leads[0] ?? '') };
}
const states = async (leadId: string): Promise<[number, string, string | null][]> =>
  (await db.slotOffer.findMany({ where: { leadId }, orderBy: { slotUtc: 'asc' } })).map(({ slotUtc, state, reason }) => [slotUtc.getTime(), state, reason]);
const book = async (workspaceId: string, startMs: number, leadId?: string): Promise<void> => {
  await db.booking.create({ data: { clientId: workspaceId, startsAt: new Date(startMs), endsAt: new Date(startMs + HOUR / 2), source: 'test', externalId: randomUUID(), leadId: leadId ?? null } });
};

describe('preparing an offer', () => {
  it('writes the chosen times in order, with what a sentence needs', async () => {
    const { workspaceId, request } = await setUp([FIRST, SECOND], { timezone: 'Europe/Berlin' });
    const outcome = await prepareOffer(db, request);
    expect(outcome).toMatchObject({
      kind: 'prepared',
      offers: [{ startMs: FIRST, position: 1, state: 'prepared', reason: null, leadId: request.leadId, channel: 'first_touch', sendKey: 'email-1' }, { startMs: SECOND, position: 2 }],
      context: { leadZone: null, workspaceZone: 'Europe/Berlin', bookingLink: `https://calendly.com/${workspaceId}`, state: 'fresh' },
    });
    expect(await states(request.leadId)).toEqual([[FIRST, 'prepared', null], [SECOND, 'prepared', null]]);
  });

  it('again gives the same offer and counts once, also when other times are open now', async () => {
    const { workspaceId, request } = await setUp();
    const first = await prepareOffer(db, request);
    await fillCache(db, workspaceId, [FIRST, SECOND, THIRD, FOURTH]);
    const second = await prepareOffer(db, request);
    expect(second).toMatchObject({ kind: 'existing', standing: 'open', offers: 'offers' in first ? first.offers : [] });
    expect(await liveCounts(db, workspaceId, [FIRST, SECOND])).toEqual([1, 1]);
  });

  it('tells whether the times of an offer made before are still open', async () => {
    const { workspaceId, request } = await setUp();
    await prepareOffer(db, request);
    await fillCache(db, workspaceId, [SECOND], MAX_AGE_MS + 60_000);
    expect(await prepareOffer(db, request)).toMatchObject({ kind: 'existing', standing: 'unconfirmed' });
    await fillCache(db, workspaceId, [SECOND]);
    expect(await prepareOffer(db, request)).toMatchObject({ kind: 'existing', standing: 'taken' });
    await fillCache(db, workspaceId, []);
    expect(await prepareOffer(db, request)).toMatchObject({ kind: 'existing', standing: 'taken' });
  });

  it('never offers a lead what they were offered before, in any channel', async () => {
    const { request } = await setUp([FIRST, SECOND, THIRD]);
    expect(startsOf(await prepareOffer(db, request))).toEqual([FIRST, SECOND]);
    await markSent(db, request);
    const next = { ...request, channel: 'follow_up', sendKey: 'f-1' };
    expect(startsOf(await prepareOffer(db, next))).toEqual([THIRD]);
    expect(await prepareOffer(db, { ...next, sendKey: 'f-2' })).toMatchObject({ kind: 'none', emptiedBy: 'notOffered' });
  });

  it('leaves out what is booked, and says that nothing is open when all is', async () => {
    const { workspaceId, request } = await setUp();
    await book(workspaceId, FIRST);
    expect(startsOf(await prepareOffer(db, request))).toEqual([SECOND]);
    await book(workspaceId, SECOND);
    expect(await prepareOffer(db, { ...request, sendKey: 'email-2' })).toMatchObject({ kind: 'none', emptiedBy: 'open' });
  });

  it('makes none for a lead who has a booking to come', async () => {
    const { workspaceId, request } = await setUp();
    await book(workspaceId, FOURTH, request.leadId);
    expect(await prepareOffer(db, request)).toMatchObject({ kind: 'booked' });
    await db.booking.updateMany({ where: { leadId: request.leadId }, data: { cancelledAt: new Date() } });
    expect(await prepareOffer(db, request)).toMatchObject({ kind: 'prepared' });
  });

  it.each<[string, Parameters<typeof addCachedWorkspace>[2], Partial<OfferRequest>, object]>([
    ['the notice is too long', {}, { minNoticeMinutes: 2_000 }, { kind: 'none', emptiedBy: 'notice' }],
    ['it is sent too late', {}, { sendAtMs: SECOND + 1 }, { kind: 'none', emptiedBy: 'notice' }],
    ['the hours are others', { workingHours: { mon: [['00:00', '00:01']] } }, {}, { kind: 'none', emptiedBy: 'workingHours' }],
    ['the hours cannot be read', { workingHours: { monday: [] } }, {}, { kind: 'unusable', reason: expect.stringContaining('"monday" is not a day') as unknown }],
    ['the workspace is paused', { pausedAt: new Date() }, {}, { kind: 'unusable', context: { state: 'paused' } }],
    ['the lead is gone', {}, { leadId: randomUUID() }, { kind: 'gone' }],
    ['the workspace is gone', {}, { workspaceId: randomUUID() }, { kind: 'gone' }],
  ])('makes none when %s, and says so', async (_name, settings, given, expected) => {
    const { workspaceId, request } = await setUp([FIRST, SECOND], settings);
    expect(await prepareOffer(db, { ...request, ...given })).toMatchObject(expected);
    expect(await db.slotOffer.count({ where: { clientId: workspaceId } })).toBe(0);
  });

  it('makes none from what was last confirmed longer ago than the age limit', async () => {
    const { workspaceId, request } = await setUp();
    await fillCache(db, workspaceId, [FIRST, SECOND], MAX_AGE_MS + 60_000);
    expect(await prepareOffer(db, request)).toMatchObject({ kind: 'unusable', reason: expect.stringContaining('over the limit') as unknown, context: { state: 'unavailable' } });
  });

  it('is not given another workspace\'s lead', async () => {
    const [one, other] = [await setUp(), await setUp()];
    expect(await prepareOffer(db, { ...one.request, leadId: other.request.leadId })).toEqual({ kind: 'gone' });
  });
});

describe('counts', () => {
  it('are of live offers: what failed or ended is free again', async () => {
    const { workspaceId, leads: [a = '', b = '', c = '', d = ''] } = await setUp();
    const one = (leadId: string): OfferRequest => requestOf(workspaceId, leadId, { count: 1 });
    expect(startsOf(await prepareOffer(db, one(a)))).toEqual([FIRST]);
    expect(startsOf(await prepareOffer(db, one(b)))).toEqual([SECOND]);
    await markFailed(db, one(b), 'not_rendered');
    expect(startsOf(await prepareOffer(db, one(c)))).toEqual([SECOND]);
    await expireOffers(db, { workspaceId, leadId: a, reason: 'booked' });
    expect(startsOf(await prepareOffer(db, one(d)))).toEqual([FIRST]);
    expect(await liveCounts(db, workspaceId, [FIRST, SECOND])).toEqual([1, 1]);
  });
});

describe('an offer that', () => {
  it('was sent stays sent, however often and whatever is said after', async () => {
    const { request } = await setUp();
    await prepareOffer(db, request);
    expect((await markSent(db, request)).map(({ state }) => state)).toEqual(['sent', 'sent']);
    expect((await markSent(db, request)).map(({ state }) => state)).toEqual(['sent', 'sent']);
    expect(await markFailed(db, request, 'late')).toBe(0);
    expect(await replaceOffer(db, { ...request, reason: 'taken' })).toMatchObject({ kind: 'existing', offers: [{ state: 'sent' }, { state: 'sent' }] });
  });

  it('failed is made again for the same send, from all times, and not twice', async () => {
    const { request } = await setUp();
    await prepareOffer(db, request);
    expect(await markFailed(db, request, 'refused: 422')).toBe(2);
    expect(await states(request.leadId)).toEqual([[FIRST, 'failed', 'refused: 422'], [SECOND, 'failed', 'refused: 422']]);
    expect(startsOf(await prepareOffer(db, request))).toEqual([FIRST, SECOND]);
    expect(await states(request.leadId)).toEqual([[FIRST, 'prepared', null], [SECOND, 'prepared', null]]);
  });

  it('is replaced keeps the times that are still open', async () => {
    const { workspaceId, request } = await setUp();
    await prepareOffer(db, request);
    await fillCache(db, workspaceId, [SECOND, THIRD]);
    expect(startsOf(await replaceOffer(db, { ...request, reason: 'taken' }))).toEqual([SECOND, THIRD]);
    expect(await states(request.leadId)).toEqual([[FIRST, 'failed', 'replaced: taken'], [SECOND, 'prepared', null], [THIRD, 'prepared', null]]);
    expect(await prepareOffer(db, request)).toMatchObject({ kind: 'existing', offers: [{ startMs: SECOND, position: 1 }, { startMs: THIRD, position: 2 }] });
  });

  it('cannot be replaced ends all the same', async () => {
    const { workspaceId, request } = await setUp();
    await prepareOffer(db, request);
    await fillCache(db, workspaceId, []);
    expect(await replaceOffer(db, { ...request, reason: 'taken' })).toMatchObject({ kind: 'none', emptiedBy: 'open' });
    expect(await liveCounts(db, workspaceId, [FIRST, SECOND])).toEqual([0, 0]);
  });

  it('went out before its replacement did is settled by what the email says', async () => {
    const { workspaceId, request } = await setUp();
    await prepareOffer(db, request);
    await fillCache(db, workspaceId, [THIRD, FOURTH]);
    await replaceOffer(db, { ...request, reason: 'taken' });
    await markSent(db, request, [FIRST, SECOND]);
    expect(await states(request.leadId)).toEqual([[FIRST, 'sent', null], [SECOND, 'sent', null], [THIRD, 'failed', 'not in the email'], [FOURTH, 'failed', 'not in the email']]);
  });

  it('ended by a booking is not offered to this lead again', async () => {
    const { workspaceId, request } = await setUp();
    await prepareOffer(db, request);
    await markSent(db, request);
    expect(await expireOffers(db, { workspaceId, leadId: request.leadId, reason: 'booked' })).toBe(2);
    expect(await prepareOffer(db, { ...request, sendKey: 'email-2' })).toMatchObject({ kind: 'none', emptiedBy: 'notOffered' });
  });

  it('has passed ends when it was not sent, and stays on record when it was', async () => {
    const { workspaceId, leads: [a = '', b = ''] } = await setUp();
    await prepareOffer(db, requestOf(workspaceId, a));
    await prepareOffer(db, requestOf(workspaceId, b));
    await markSent(db, requestOf(workspaceId, a));
    expect(await expireOffers(db, { workspaceId, reason: 'passed' })).toBe(0);
    await db.$executeRaw`UPDATE "SlotOffer" SET "slotUtc" = "slotUtc" - interval '2 days' WHERE "clientId" = ${workspaceId}`;
    expect(await expireOffers(db, { workspaceId, reason: 'passed' })).toBe(2);
    expect((await states(a)).map(([, state]) => state)).toEqual(['sent', 'sent']);
    expect((await states(b)).map(([, state]) => state)).toEqual(['expired', 'expired']);
  });
});

describe('a preview', () => {
  it('says what would be offered, writes nothing, and needs no lead', async () => {
    const { workspaceId, request } = await setUp();
    expect(await previewOffer(db, request)).toMatchObject({ kind: 'choose', slotsMs: [FIRST, SECOND] });
    expect(await previewOffer(db, { ...request, leadId: null })).toMatchObject({ kind: 'choose', slotsMs: [FIRST, SECOND], context: { workspaceZone: 'UTC' } });
    expect(await previewOffer(db, { ...request, leadId: randomUUID() })).toEqual({ kind: 'gone' });
    expect(await db.slotOffer.count({ where: { clientId: workspaceId } })).toBe(0);
    await prepareOffer(db, request);
    expect(await previewOffer(db, request)).toMatchObject({ kind: 'existing' });
  });
});

describe('the list of a workspace', () => {
  it('has its offers with their leads, the newest first, and no other workspace\'s', async () => {
    const { workspaceId, leads: [a = '', b = ''] } = await setUp();
    await prepareOffer(db, requestOf(workspaceId, a));
    await prepareOffer(db, requestOf(workspaceId, b, { count: 1 }));
    await prepareOffer(db, (await setUp()).request);
    const listed = await listOffers(db, workspaceId);
    expect(listed.map(({ lead, slotUtc, state }) => [lead.id, slotUtc.getTime(), state])).toEqual([[b, FIRST, 'prepared'], [a, FIRST, 'prepared'], [a, SECOND, 'prepared']]);
    expect(await listOffers(db, workspaceId, { limit: 1 })).toHaveLength(1);
  });
});
