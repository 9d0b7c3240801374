import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { putBooking } from '@/lib/bookings';
import { claimDue, recordIntent } from '@/lib/follow-ups/claims';
import { finishClaim } from '@/lib/follow-ups/finish';
import { cancelFollowUps } from '@/lib/followups';
import { createStage, DAY, expectTruth, followUp, HOUR, MINUTE, type Stage } from './support';

let stage: Stage;
beforeAll(async () => { stage = await createStage(); });
afterAll(async () => { await stage.close(); });
beforeEach(async () => {
  await stage.db.client.deleteMany();
  await stage.db.followUpTurn.deleteMany();
  stage.sim.emailbison.clearLogs();
  stage.receiver.received.length = 0;
});

const offersOf = async (id: string): Promise<string[]> => (await stage.db.slotOffer.findMany({ where: { sendKey: id }, orderBy: { position: 'asc' } })).map(({ state }) => state);

describe('cancelled between claim and send', () => {
  it.each(['claimed', 'prepared', 'asked'] as const)('by a reply, at %s: nothing goes out, and its times are free', async (where) => {
    const workspaceId = await stage.addWorkspace();
    const [id = ''] = await stage.addFollowUps(workspaceId, 'emailbison_reply');
    const { lead } = await followUp(stage.db, id);
    const context = stage.contextWith({
      at: async (step) => { if (step === where) expect(await cancelFollowUps(stage.db, { workspaceId, leadEmail: lead.email.toUpperCase(), reason: 'replied' })).toBe(1); },
    });
    expect(await stage.run(context)).toMatchObject({ lost: 1 });
    expect(await stage.run()).toMatchObject({ claimed: 0 });
    expect(await expectTruth(stage)).toEqual({ cancelled: 1 });
    expect((await offersOf(id)).every((state) => state === 'failed')).toBe(true);
  });

  it('a reply after the send has begun leaves it to its sender', async () => {
    const workspaceId = await stage.addWorkspace();
    const [id = ''] = await stage.addFollowUps(workspaceId, 'emailbison_reply');
    const { lead } = await followUp(stage.db, id);
    const context = stage.contextWith({
      at: async (step) => { if (step === 'intended') expect(await cancelFollowUps(stage.db, { workspaceId, leadEmail: lead.email, reason: 'replied' })).toBe(0); },
    });
    expect(await stage.run(context)).toMatchObject({ sent: 1 });
    expect(await expectTruth(stage)).toEqual({ sent: 1 });
  });

  it('a booking cancels what waits, and one made before it is due too', async () => {
    const workspaceId = await stage.addWorkspace();
    const [id = ''] = await stage.addFollowUps(workspaceId, 'webhook');
    const { lead } = await followUp(stage.db, id);
    const startsAt = Date.now() + DAY;
    await putBooking(stage.db, { workspaceId, source: 'api', externalId: randomUUID(), leadEmail: lead.email, startsAt, endsAt: startsAt + HOUR }, 'operator');
    expect(await followUp(stage.db, id)).toMatchObject({ state: 'cancelled', reason: 'the lead has a booking' });
    await stage.db.followUp.update({ where: { id }, data: { state: 'pending', finishedAt: null } });
    expect(await stage.run()).toMatchObject({ cancelled: 1 });
    expect(stage.receiver.received).toEqual([]);
  });
});

describe('claims', () => {
  it('a write with another claim changes nothing', async () => {
    const [id = ''] = await stage.addFollowUps(await stage.addWorkspace(), 'webhook');
    const [old] = await claimDue(stage.db, { limit: 1, claimMs: 60_000 });
    await stage.letTimePass();
    const [taken] = await claimDue(stage.db, { limit: 1, claimMs: 60_000 });
    if (!old || !taken) throw new Error('not claimed');
    expect([old.id, taken.id]).toEqual([id, id]);
    expect(await recordIntent(stage.db, old, 'x', { claimMs: 60_000 })).toBe(false);
    expect(await finishClaim(stage.db, old, { state: 'sent', offers: 'sent' })).toBe(false);
    expect(await followUp(stage.db, id)).toMatchObject({ state: 'sending', claimToken: taken.claimToken, intendedAt: null });
    expect(await finishClaim(stage.db, taken, { state: 'failed', offers: 'failed' })).toBe(true);
  });

  it('a row that another run put off while this one chose is not taken at once', async () => {
    const workspaceId = await stage.addWorkspace({ settings: { pausedAt: new Date() } });
    await stage.addFollowUps(workspaceId, 'webhook', 80);
    const reports = await Promise.all(Array.from({ length: 6 }, () => stage.run()));
    expect(reports.reduce((sum, { moved }) => sum + moved, 0)).toBe(80);
    expect(reports.reduce((sum, { claimed }) => sum + claimed, 0)).toBe(80);
  });

  it('agencies take turns, whatever the backlog and the age of one of them', async () => {
    const [big, small, none] = [await stage.addWorkspace({ agencyId: 'big' }), await stage.addWorkspace({ agencyId: 'small' }), await stage.addWorkspace({ agencyId: null })];
    await stage.addFollowUps(big, 'webhook', 40, Date.now() - DAY);
    await stage.addFollowUps(small, 'webhook', 6, Date.now() - MINUTE);
    await stage.addFollowUps(none, 'webhook', 6, Date.now() - MINUTE);
    const names = new Map([[big, 'big'], [small, 'small'], [none, 'none']]);
    const turns: string[] = [];
    for (let i = 0; i < 18; i++) turns.push(...(await claimDue(stage.db, { limit: 1, claimMs: 60_000 })).map(({ workspaceId }) => names.get(workspaceId) ?? ''));
    for (let i = 1; i <= turns.length; i++) {
      const counts = ['big', 'small', 'none'].map((name) => turns.slice(0, i).filter((turn) => turn === name).length);
      expect(Math.max(...counts) - Math.min(...counts), turns.join(' ')).toBeLessThanOrEqual(1);
    }
    // A claim of several takes of each agency, too, and the next run goes on where this one ended.
    const batch = await claimDue(stage.db, { limit: 8, claimMs: 60_000 });
    expect(batch.map(({ workspaceId }) => names.get(workspaceId))).toEqual(Array.from({ length: 8 }, () => 'big'));
  });
});
