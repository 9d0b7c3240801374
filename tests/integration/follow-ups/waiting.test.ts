import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pause, resume } from '@/lib/workspaces';
import { setOfferRules } from '@/lib/slots/settings';
import { addLeads, fillCache, hoursFrom } from '../slots/workspace';
import { createStage, DAY, expectTruth, followUp, HOUR, MINUTE, type Stage } from './support';

let stage: Stage;
beforeAll(async () => { stage = await createStage(); });
afterAll(async () => { await stage.close(); });
beforeEach(async () => { await stage.db.client.deleteMany(); });
afterEach(async () => { await expectTruth(stage); });

const hoursOf = (from: string, to: string) => Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, [[from, to]]]));

describe('without usable times', () => {
  it('deferred with growing waits, and sent by itself when times return', async () => {
    const workspaceId = await stage.addWorkspace({ slots: [] });
    const [id = ''] = await stage.addFollowUps(workspaceId, 'webhook');
    const start = Date.now();
    let at = start;
    const context = stage.contextWith({ now: () => at, maxAgeMs: 10 * DAY });
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      expect(await stage.run(context)).toMatchObject({ deferred: 1 });
      const { nextAttemptAt, deferredSince, reason } = await followUp(stage.db, id);
      expect([deferredSince?.getTime(), typeof reason]).toEqual([start, 'string']);
      waits.push(nextAttemptAt.getTime() - at);
      expect(await stage.run(context)).toMatchObject({ claimed: 0 });
      at = nextAttemptAt.getTime();
    }
    expect(waits.every((wait, i) => wait <= HOUR && (i === 0 || wait >= (waits[i - 1] ?? 0)))).toBe(true);
    await fillCache(stage.db, workspaceId, hoursFrom(300).slice(100));
    expect(await stage.run(context)).toMatchObject({ sent: 1 });
    expect(await followUp(stage.db, id)).toMatchObject({ state: 'sent', deferredSince: null, reason: null });
  });

  it('expired after a day, with the reason, and not before', async () => {
    const [id = ''] = await stage.addFollowUps(await stage.addWorkspace({ slots: [] }), 'webhook');
    const start = Date.now();
    let at = start;
    const context = stage.contextWith({ now: () => at, maxAgeMs: 10 * DAY });
    for (let looks = 0; looks < 100; looks++) {
      const { expired, deferred } = await stage.run(context);
      expect(expired + deferred).toBe(1);
      if (expired === 1) break;
      at = (await followUp(stage.db, id)).nextAttemptAt.getTime();
    }
    expect(at - start).toBe(DAY);
    expect(await followUp(stage.db, id)).toMatchObject({ state: 'expired', reason: expect.stringContaining('No usable times for 24 hours: ') as string });
  });

  it('a cache past its age limit counts as none', async () => {
    const workspaceId = await stage.addWorkspace();
    await stage.addFollowUps(workspaceId, 'webhook');
    await fillCache(stage.db, workspaceId, hoursFrom(20), 16 * MINUTE);
    expect(await stage.run()).toMatchObject({ deferred: 1 });
    // Past its freshness alone, it is used.
    await fillCache(stage.db, workspaceId, hoursFrom(20), 5 * MINUTE);
    await stage.db.followUp.updateMany({ where: { clientId: workspaceId }, data: { nextAttemptAt: new Date(0) } });
    expect(await stage.run()).toMatchObject({ sent: 1 });
  });
});

describe('the rules of the workspace', () => {
  it('preferred days, nearness and language hold in what is sent', async () => {
    const now = Date.parse('2027-03-01T09:00:00Z'); // a Monday
    const slots = [1, 2, 3, 8, 10].map((day) => now + day * DAY + HOUR); // Tue, Wed, Thu, Tue, Thu
    const workspaceId = await stage.addWorkspace({ settings: { timezone: 'Europe/Berlin' } });
    await setOfferRules(stage.db, workspaceId, { preferredDays: ['tue', 'thu'], offerWithinDays: 7, locale: 'de-DE' });
    await fillCache(stage.db, workspaceId, slots, Date.now() - now);
    const [other] = await addLeads(stage.db, workspaceId, 1);
    // Offered before, and preferred all the same.
    await stage.db.slotOffer.createMany({ data: [0, 2].map((i) => ({ clientId: workspaceId, leadId: other ?? '', channel: 'x', sendKey: 'x', position: i, slotUtc: new Date(slots[i] ?? 0), state: 'sent' as const })) });
    await stage.addFollowUps(workspaceId, 'webhook', 1, now);
    stage.receiver.received.length = 0;
    expect(await stage.run(stage.contextWith({ now: () => now, maxAgeMs: DAY }))).toMatchObject({ sent: 1 });
    expect(stage.receiver.received.map(({ message }) => message)).toEqual(['Hello,\n\nwould Dienstag, 2. März um 11:00 MEZ oder Donnerstag, 4. März um 11:00 MEZ work?']);
    // What it says was checked here; the check of all is for the default language.
    await stage.db.client.delete({ where: { id: workspaceId } });
    stage.receiver.received.length = 0;
  });

  it('a time chosen by a try that failed, and too near since, is chosen anew', async () => {
    const now = Date.parse('2027-03-01T09:00:00Z');
    let at = now;
    const workspaceId = await stage.addWorkspace({ settings: { firstTouchMinNoticeMinutes: 120, firstTouchOfferCount: 1 } });
    await fillCache(stage.db, workspaceId, [now + 150 * MINUTE, now + DAY], Date.now() - now);
    const [id = ''] = await stage.addFollowUps(workspaceId, 'webhook', 1, now);
    const context = stage.contextWith({ now: () => at, maxAgeMs: DAY });
    stage.receiver.behave({ kind: 'status', status: 429 });
    expect(await stage.run(context)).toMatchObject({ retrying: 1 });
    stage.receiver.behave({ kind: 'accept' });
    at = now + HOUR;
    expect(await stage.run(context)).toMatchObject({ sent: 1 });
    const offers = await stage.db.slotOffer.findMany({ where: { sendKey: id }, orderBy: { slotUtc: 'asc' } });
    expect(offers.map(({ state, reason }) => [state, reason])).toEqual([['failed', 'replaced: a time came too near before the follow-up went out'], ['sent', null]]);
  });

  it("a pause of the agency, or of the calendar's vendor, moves what is due, and its end sends it", async () => {
    const workspaceId = await stage.addWorkspace({ agencyId: 'resting' });
    await stage.addFollowUps(workspaceId, 'webhook');
    const agency = { where: { id: 'resting' }, create: { id: 'resting', name: 'Resting' }, update: {} };
    await stage.db.agency.upsert(agency);
    await stage.db.agency.update({ where: { id: 'resting' }, data: { pausedAt: new Date() } });
    expect(await stage.run()).toMatchObject({ moved: 1 });
    await stage.db.agency.delete({ where: { id: 'resting' } });
    await stage.db.providerPause.create({ data: { provider: 'calendly', pausedAt: new Date() } });
    await stage.letTimePass();
    expect(await stage.run()).toMatchObject({ moved: 1 });
    await stage.db.providerPause.deleteMany();
    await stage.letTimePass();
    expect(await stage.run()).toMatchObject({ sent: 1 });
  });
});

describe('outside the hours', () => {
  const cases: [string, string, string, string, string][] = [
    ['night, and the clock goes forward in it', 'Europe/Berlin', '2027-03-27T20:00:00Z', '2027-03-28T07:00:00Z', '09:00'],
    ['night, and the clock goes back in it', 'Europe/Berlin', '2027-10-30T20:00:00Z', '2027-10-31T08:00:00Z', '09:00'],
    ['an opening that the change skips', 'Europe/Berlin', '2027-03-27T23:00:00Z', '2027-03-28T01:00:00Z', '02:30'],
    ['the southern change', 'Australia/Sydney', '2027-10-02T12:00:00Z', '2027-10-02T22:00:00Z', '09:00'],
  ];
  it.each(cases)('%s (%s): moved to the opening on the wall clock, and sent then', async (_what, timezone, now, opening, from) => {
    let at = Date.parse(now);
    const workspaceId = await stage.addWorkspace({ slots: [Date.parse(opening) + 3 * DAY + 6 * HOUR, Date.parse(opening) + 4 * DAY + 6 * HOUR], settings: { timezone, workingHours: hoursOf(from, '17:00') } });
    await fillCache(stage.db, workspaceId, [Date.parse(opening) + 3 * DAY + 3 * HOUR, Date.parse(opening) + 4 * DAY + 3 * HOUR], Date.now() - at);
    const [id = ''] = await stage.addFollowUps(workspaceId, 'webhook', 1, at - MINUTE);
    const context = stage.contextWith({ now: () => at, maxAgeMs: 3 * DAY });
    expect(await stage.run(context)).toMatchObject({ moved: 1 });
    expect(await followUp(stage.db, id)).toMatchObject({ state: 'pending', nextAttemptAt: new Date(opening), reason: 'outside the working hours', attempts: 0 });
    at = Date.parse(opening) - 1;
    expect(await stage.run(context)).toMatchObject({ claimed: 0 });
    at = Date.parse(opening);
    expect(await stage.run(context)).toMatchObject({ sent: 1 });
  });

  it('paused: moved, and sent after it is resumed; the wait for times begins anew', async () => {
    const workspaceId = await stage.addWorkspace();
    const [id = ''] = await stage.addFollowUps(workspaceId, 'webhook');
    await stage.db.followUp.update({ where: { id }, data: { deferredSince: new Date(Date.now() - 2 * DAY) } });
    await pause(stage.db, workspaceId, new Date());
    expect(await stage.run()).toMatchObject({ moved: 1 });
    const moved = await followUp(stage.db, id);
    expect(moved).toMatchObject({ state: 'pending', reason: 'paused', deferredSince: null });
    expect(moved.nextAttemptAt.getTime()).toBeGreaterThan(Date.now());
    await resume(stage.db, workspaceId);
    await stage.letTimePass();
    expect(await stage.run()).toMatchObject({ sent: 1 });
  });

  it('switched off while it is claimed: given back', async () => {
    const workspaceId = await stage.addWorkspace();
    const [id = ''] = await stage.addFollowUps(workspaceId, 'webhook');
    stage.receiver.behave({ kind: 'cut' });
    await stage.run();
    stage.receiver.behave({ kind: 'accept' });
    const before = stage.receiver.received.length;
    await stage.db.workspaceSettings.update({ where: { clientId: workspaceId }, data: { followUpsEnabled: false } });
    await stage.db.followUp.update({ where: { id }, data: { state: 'sending', claimedUntil: new Date(0), claimToken: 'killed' } });
    expect(await stage.run()).toMatchObject({ moved: 1 });
    expect(stage.receiver.received).toHaveLength(before);
    expect(await followUp(stage.db, id)).toMatchObject({ state: 'pending', reason: 'follow-ups are switched off' });
  });
});
