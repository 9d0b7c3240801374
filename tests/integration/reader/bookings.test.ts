import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { putBooking } from '@/lib/bookings';
import { createDb } from '@/lib/db';
import { eraseLead, upsertLead, upsertLeads } from '@/lib/leads';
import { withWorkspaceLedger } from '@/lib/slots/ledger';
import { createTestApi, hours, HOUR_MS, iso, type TestApi } from './api';

let api: TestApi;
const BOOKED = 'the lead has a booking';
const [START = 0] = hours(1);
const END = START + HOUR_MS;

beforeAll(async () => {
  api = await createTestApi();
  await api.addWorkspace('w');
  await api.addWorkspace('w2');
});
afterAll(async () => { await api.close(); });
beforeEach(async () => {
  await api.restKeys();
  await api.db.booking.deleteMany();
  await api.db.lead.deleteMany();
});

interface Answer {
  status: number;
  body: { externalId: string; leadEmail: string | null; startsAt: string; endsAt: string; cancelledAt: string | null; source: string; errors?: { field: string }[] };
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const put = async (id: string, fields: object = {}): Promise<Answer> =>
  answerOf(await api.call(`/api/bookings/${encodeURIComponent(id)}`, { method: 'PUT', body: { workspaceId: 'w', leadEmail: 'Pat@Lead.test', startsAt: iso(START), endsAt: iso(END), ...fields } }));
const cancel = async (id: string, query = ''): Promise<Answer> => answerOf(await api.call(`/api/bookings/${encodeURIComponent(id)}${query}`, { method: 'DELETE' }));

async function leadWithWork(email = 'pat@lead.test'): Promise<string> {
  const leadId = await upsertLead(api.db, 'w', { email });
  const common = { clientId: 'w', leadId, dueAt: new Date(), nextAttemptAt: new Date(), template: 't', channel: 'webhook' };
  const claim = { claimToken: 'token', claimedUntil: new Date(END) };
  await api.db.followUp.createMany({
    data: [
      { ...common, id: `pending ${email}` }, { ...common, id: `claimed ${email}`, state: 'sending', ...claim },
      { ...common, id: `begun ${email}`, state: 'sending', ...claim, intendedAt: new Date() }, { ...common, id: `sent ${email}`, state: 'sent' },
    ],
  });
  await api.db.slotOffer.createMany({
    data: (['prepared', 'sent', 'failed'] as const).map((state, position) => ({ clientId: 'w', leadId, channel: 'first_touch', sendKey: 'k', position, slotUtc: new Date(START + position * HOUR_MS), state })),
  });
  return leadId;
}

async function workOf(leadId: string): Promise<unknown> {
  const followUps = await api.db.followUp.findMany({ where: { leadId }, orderBy: { id: 'asc' } });
  const offers = await api.db.slotOffer.findMany({ where: { leadId }, orderBy: { position: 'asc' } });
  return { followUps: followUps.map(({ id, state, claimToken, reason }) => [id.split(' ')[0], state, claimToken, reason]), offers: offers.map(({ state, reason }) => [state, reason]) };
}

const UNTOUCHED = {
  followUps: [['begun', 'sending', 'token', null], ['claimed', 'sending', 'token', null], ['pending', 'pending', null, null], ['sent', 'sent', null, null]],
  offers: [['prepared', null], ['sent', null], ['failed', null]],
};

async function untilSomebodyWaits(): Promise<void> {
  await vi.waitFor(async () => {
    const [row] = await api.db.$queryRaw<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`;
    expect(row?.waiting).toBe(1);
  }, { timeout: 5_000 });
}

describe('PUT a booking', () => {
  it('is made once: 201, then 200 with the same answer', async () => {
    const first = await put('b1');
    expect(first).toEqual({ status: 201, body: { externalId: 'b1', workspaceId: 'w', source: 'api', leadEmail: 'pat@lead.test', startsAt: iso(START), endsAt: iso(END), cancelledAt: null } });
    expect(await put('b1')).toEqual({ status: 200, body: first.body });
    expect(await api.db.booking.count()).toBe(1);
    expect(await api.db.lead.findMany()).toMatchObject([{ clientId: 'w', email: 'pat@lead.test' }]);
  });

  it("cancels the lead's follow-ups that are not being sent and ends its live offers; other leads keep theirs", async () => {
    const [leadId, otherId] = [await leadWithWork(), await leadWithWork('other@lead.test')];
    await put('b1');
    expect(await workOf(leadId)).toEqual({
      followUps: [['begun', 'sending', 'token', null], ['claimed', 'cancelled', null, BOOKED], ['pending', 'cancelled', null, BOOKED], ['sent', 'sent', null, null]],
      offers: [['expired', BOOKED], ['expired', BOOKED], ['failed', null]],
    });
    expect(await workOf(otherId)).toEqual(UNTOUCHED);
  });

  it('the same again does nothing, also not to what was made since; a change does', async () => {
    await put('b1');
    const leadId = await leadWithWork();
    await put('b1');
    expect(await workOf(leadId)).toEqual(UNTOUCHED);
    await put('b1', { endsAt: iso(END + HOUR_MS) });
    expect(await workOf(leadId)).not.toEqual(UNTOUCHED);
  });

  it('of an offer being made at this moment, its maker sees the booking or the booking ends it', async () => {
    const leadId = await upsertLead(api.db, 'w', { email: 'pat@lead.test' });
    let booked: Promise<Answer> | undefined;
    await withWorkspaceLedger(api.db, 'w', 5_000, async (tx) => {
      booked = put('b1');
      await untilSomebodyWaits();
      await tx.slotOffer.create({ data: { clientId: 'w', leadId, channel: 'first_touch', sendKey: 'k', position: 1, slotUtc: new Date(START) } });
    });
    expect((await booked)?.status).toBe(201);
    expect(await workOf(leadId)).toMatchObject({ offers: [['expired', BOOKED]] });
  });

  it('nothing is stored of one that fails half-way', async () => {
    const leadId = await leadWithWork();
    await api.db.$executeRawUnsafe(`ALTER TABLE "SlotOffer" ADD CONSTRAINT no_end CHECK (state <> 'expired')`);
    const failed = await put('b1', { leadEmail: 'PAT@lead.test' });
    await api.db.$executeRawUnsafe('ALTER TABLE "SlotOffer" DROP CONSTRAINT no_end');
    expect(failed.status).toBe(500);
    expect(JSON.stringify(failed)).not.toMatch(/SlotOffer|no_end/);
    expect(await api.db.booking.count()).toBe(0);
    expect(await workOf(leadId)).toEqual(UNTOUCHED);
  });

  it('works without a lead, moves, changes its lead, and is on again after it was off', async () => {
    expect((await put('b1', { leadEmail: null })).body.leadEmail).toBeNull();
    expect((await put('b1', { leadEmail: 'new@lead.test', startsAt: '2027-03-01T10:00:00+01:00', endsAt: '2027-03-01T11:00:00+01:00' })).body)
      .toMatchObject({ leadEmail: 'new@lead.test', startsAt: '2027-03-01T09:00:00.000Z', endsAt: '2027-03-01T10:00:00.000Z' });
    await cancel('b1');
    expect((await put('b1')).body.cancelledAt).toBeNull();
    expect(await api.db.booking.findMany()).toMatchObject([{ cancelledAt: null, startsAt: new Date(START) }]);
  });

  it('of twelve at once through several pools one makes it, and there is one booking and one lead', async () => {
    const pools = Array.from({ length: 3 }, () => createDb(api.url, { poolMax: 4 }));
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, i) => putBooking(
      pools[i % 3] ?? api.db, { workspaceId: 'w', source: 'api', externalId: 'race', leadEmail: i % 2 ? 'P@lead.test' : 'p@Lead.test', startsAt: START, endsAt: END }, { agencyId: 'agency-a' },
    )));
    await Promise.all(pools.map((pool) => pool.$disconnect()));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['created', ...Array.from({ length: 11 }, () => 'unchanged')]);
    expect([await api.db.booking.count(), await api.db.lead.count()]).toEqual([1, 1]);
  });
});

describe('DELETE a booking', () => {
  it('cancels it once and answers the same again; what was never there is a 404', async () => {
    await put('a/b ü?');
    const first = await cancel('a/b ü?');
    expect(first).toMatchObject({ status: 200, body: { externalId: 'a/b ü?', leadEmail: 'pat@lead.test', startsAt: iso(START) } });
    expect(first.body.cancelledAt).toMatch(/Z$/);
    expect(await cancel('a/b ü?')).toEqual(first);
    expect((await cancel('never')).status).toBe(404);
  });

  it('an id of several workspaces, or of several tools, is told apart', async () => {
    await put('same');
    await put('same', { workspaceId: 'w2' });
    await put('same', { source: 'cal.com' });
    expect(await cancel('same')).toMatchObject({ status: 400, body: { errors: [{ field: 'workspaceId' }] } });
    expect((await cancel('same', '?workspaceId=w2')).status).toBe(200);
    expect((await cancel('same', '?source=cal.com')).status).toBe(200);
    expect(await api.db.booking.findMany({ where: { cancelledAt: null } })).toMatchObject([{ clientId: 'w', source: 'api' }]);
  });
});

describe('leads', () => {
  it('one address is one lead of a workspace, however written; what is known stays where nothing is given', async () => {
    const first = await upsertLeads(api.db, 'w', [{ email: ' Pat@Lead.test ', firstName: 'Pat', timezone: 'Europe/Berlin' }, { email: 'two@lead.test' }]);
    const second = await upsertLeads(api.db, 'w', [{ email: 'PAT@lead.test', lastName: 'Doe' }, { email: 'pat@LEAD.test', firstName: 'Patricia', timezone: null }]);
    expect(second.get('pat@lead.test')).toBe(first.get('pat@lead.test'));
    expect(await api.db.lead.findMany({ where: { clientId: 'w', email: 'pat@lead.test' } })).toMatchObject([{ firstName: 'Patricia', lastName: 'Doe', timezone: 'Europe/Berlin' }]);
    expect(await upsertLead(api.db, 'w2', { email: 'pat@lead.test' })).not.toBe(first.get('pat@lead.test'));
    expect(await api.db.lead.count()).toBe(3);
  });

  it('erasing removes the person everywhere in the workspace; bookings keep their time without them', async () => {
    const leadId = await leadWithWork();
    await upsertLead(api.db, 'w2', { email: 'pat@lead.test' });
    await put('b1');
    expect(await eraseLead(api.db, 'w', 'PAT@lead.test')).toEqual({ offers: 3, followUps: 4, bookings: 1 });
    expect(await workOf(leadId)).toEqual({ followUps: [], offers: [] });
    expect(await api.db.booking.findMany()).toMatchObject([{ externalId: 'b1', leadId: null, startsAt: new Date(START), cancelledAt: null }]);
    expect(await api.db.lead.findMany()).toMatchObject([{ clientId: 'w2' }]);
    expect(await eraseLead(api.db, 'w', 'pat@lead.test')).toBeNull();
  });
});
