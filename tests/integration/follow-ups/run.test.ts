import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveFollowUp } from '@/lib/followups';
import { fillCache, hoursFrom } from '../slots/workspace';
import { createStage, DAY, expectTruth, followUp, HOUR, MINUTE, type Stage } from './support';

let stage: Stage;
beforeAll(async () => { stage = await createStage(); });
afterAll(async () => { await stage.close(); });
beforeEach(async () => {
  await stage.db.client.deleteMany();
  await stage.db.followUpTurn.deleteMany();
  stage.sim.clearFaults();
  stage.sim.emailbison.clearLogs();
  stage.sim.emailbison.updateSettings({ refusesReplies: null });
  stage.receiver.behave({ kind: 'accept' });
  stage.receiver.received.length = 0;
});

const offersOf = async (id: string): Promise<string[]> => (await stage.db.slotOffer.findMany({ where: { sendKey: id }, orderBy: { position: 'asc' } })).map(({ state }) => state);
const dueNow = async (id: string): Promise<void> => { await stage.db.$executeRaw`UPDATE "FollowUp" SET "nextAttemptAt" = now() - interval '1 second' WHERE id = ${id}`; };

describe('sending', () => {
  it('answers the thread at EmailBison and calls the webhook, with open times, once each', async () => {
    const workspaceId = await stage.addWorkspace();
    await stage.addFollowUps(workspaceId, 'emailbison_reply', 12);
    await stage.addFollowUps(workspaceId, 'webhook', 12);
    expect(await stage.run()).toMatchObject({ success: true, claimed: 24, sent: 24, awaitingOperator: 0, availabilityRefresh: 'dedicated-cron', finishedWithinBudget: true });
    expect(await expectTruth(stage)).toEqual({ sent: 24 });
    expect(await stage.run()).toMatchObject({ claimed: 0, success: true });
    const [email] = stage.sim.emailbison.acceptedReplies();
    expect(email).toMatchObject({ contentType: 'html', body: { inject_previous_email_body: true } });
    expect(email?.message).toMatch(/^<p>Hello,<\/p><p>would .+ or .+ work\?<\/p>$/);
  });

  it('a follow-up that is not due, or of a workspace that is switched off, waits', async () => {
    const [on, off] = [await stage.addWorkspace(), await stage.addWorkspace({ settings: { followUpsEnabled: false } })];
    await stage.addFollowUps(on, 'webhook', 1, Date.now() + HOUR);
    await stage.addFollowUps(off, 'webhook');
    expect(await stage.run()).toMatchObject({ claimed: 0 });
  });

  it('names sender and recipient where the thread says who answers', async () => {
    const workspaceId = await stage.addWorkspace();
    const [id = ''] = await stage.addFollowUps(workspaceId, 'emailbison_reply');
    const [senderEmailId = 0] = stage.sim.emailbison.workspace(workspaceId).senderIds;
    const { thread, lead } = await followUp(stage.db, id);
    await stage.db.followUp.update({ where: { id }, data: { thread: { replyId: (thread as { replyId: number }).replyId, senderEmailId: String(senderEmailId) } } });
    expect(await stage.run()).toMatchObject({ sent: 1 });
    expect(stage.sim.emailbison.acceptedReplies()[0]).toMatchObject({ senderEmailId, to: [{ name: lead.email, address: lead.email }] });
  });
});

describe('refusals and outages', () => {
  it('data.success false: tried again, and the reason is kept', async () => {
    const [id = ''] = await stage.addFollowUps(await stage.addWorkspace(), 'emailbison_reply');
    stage.sim.emailbison.updateSettings({ refusesReplies: 'The inbox is disconnected' });
    expect(await stage.run()).toMatchObject({ retrying: 1 });
    expect(await followUp(stage.db, id)).toMatchObject({ state: 'pending', attempts: 1, intendedAt: null, lastError: expect.stringContaining('The inbox is disconnected') as string });
    stage.sim.emailbison.updateSettings({ refusesReplies: null });
    await dueNow(id);
    expect(await stage.run()).toMatchObject({ sent: 1 });
    expect(await expectTruth(stage)).toEqual({ sent: 1 });
  });

  it('429 with Retry-After: not earlier than told, and others of the instance do not ask meanwhile', async () => {
    const workspaceId = await stage.addWorkspace();
    const ids = await stage.addFollowUps(workspaceId, 'emailbison_reply', 30);
    stage.sim.addFault({ match: { provider: 'emailbison' }, fault: { kind: 'status', status: 429, retryAfterSeconds: 600 } });
    const asked: string[] = [];
    const stop = stage.sim.onRequest(({ endpoint }) => asked.push(endpoint));
    expect(await stage.run()).toMatchObject({ retrying: 30 });
    stop();
    expect(asked.length).toBeLessThanOrEqual(8);
    for (const id of ids) {
      const { nextAttemptAt, attempts } = await followUp(stage.db, id);
      expect(nextAttemptAt.getTime()).toBeGreaterThan(Date.now() + 590_000);
      expect(attempts).toBeLessThanOrEqual(1);
    }
    expect(await stage.run()).toMatchObject({ claimed: 0 });
  });

  it('a reply that was accepted and whose answer was lost is unknown, and never sent again by itself', async () => {
    const [id = ''] = await stage.addFollowUps(await stage.addWorkspace(), 'emailbison_reply');
    stage.sim.addFault({ match: { endpoint: 'reply-send' }, fault: { kind: 'reset', isCarriedOut: true } });
    expect(await stage.run()).toMatchObject({ unknown: 1, awaitingOperator: 1 });
    stage.sim.clearFaults();
    for (let i = 0; i < 3; i++) {
      await stage.letTimePass();
      expect(await stage.run()).toMatchObject({ claimed: 0, awaitingOperator: 1 });
    }
    expect(await expectTruth(stage)).toEqual({ unknown: 1 });
    expect(await offersOf(id)).toEqual(['prepared', 'prepared']);
    expect(await resolveFollowUp(stage.db, id, 'sent')).toBe(true);
    expect(await resolveFollowUp(stage.db, id, 'not-sent')).toBe(false);
    expect(await expectTruth(stage)).toEqual({ sent: 1 });
  });

  it('one that a person found not sent goes out anew', async () => {
    const [id = ''] = await stage.addFollowUps(await stage.addWorkspace(), 'emailbison_reply');
    stage.sim.addFault({ match: { endpoint: 'reply-send' }, fault: { kind: 'reset' } });
    expect(await stage.run()).toMatchObject({ unknown: 1 });
    stage.sim.clearFaults();
    expect(await resolveFollowUp(stage.db, id, 'not-sent')).toBe(true);
    expect(await stage.run()).toMatchObject({ sent: 1 });
    expect(await expectTruth(stage)).toEqual({ sent: 1 });
  });

  it('a webhook whose answer was lost is sent again: the same key, the same message', async () => {
    const [id = ''] = await stage.addFollowUps(await stage.addWorkspace(), 'webhook');
    stage.receiver.behave({ kind: 'cut' });
    expect(await stage.run()).toMatchObject({ retrying: 1 });
    stage.receiver.behave({ kind: 'accept' });
    await dueNow(id);
    expect(await stage.run()).toMatchObject({ sent: 1 });
    expect(stage.receiver.received.map(({ key }) => key)).toEqual([id, id]);
    expect(new Set(stage.receiver.received.map(({ message }) => message)).size).toBe(1);
    expect(await expectTruth(stage)).toEqual({ sent: 1 });
  });

  it('a webhook whose times were taken meanwhile is not sent again', async () => {
    const workspaceId = await stage.addWorkspace();
    const [id = ''] = await stage.addFollowUps(workspaceId, 'webhook');
    stage.receiver.behave({ kind: 'cut' });
    await stage.run();
    await fillCache(stage.db, workspaceId, hoursFrom(200).slice(100));
    stage.receiver.behave({ kind: 'accept' });
    await dueNow(id);
    expect(await stage.run()).toMatchObject({ unknown: 1 });
    expect(stage.receiver.received).toHaveLength(1);
  });

  it('fails after the last try, and its times are free; gone for good fails at once', async () => {
    const workspaceId = await stage.addWorkspace();
    const [id = ''] = await stage.addFollowUps(workspaceId, 'webhook');
    stage.receiver.behave({ kind: 'status', status: 400 });
    for (let i = 1; i < 10; i++) {
      await dueNow(id);
      expect(await stage.run()).toMatchObject({ retrying: 1 });
    }
    await dueNow(id);
    expect(await stage.run()).toMatchObject({ failed: 1 });
    expect(await followUp(stage.db, id)).toMatchObject({ state: 'failed', attempts: 10, lastError: expect.stringContaining('400') as string });
    expect(await offersOf(id)).toEqual(['failed', 'failed']);
    const [gone = ''] = await stage.addFollowUps(workspaceId, 'webhook');
    stage.receiver.behave({ kind: 'status', status: 410 });
    expect(await stage.run()).toMatchObject({ failed: 1 });
    expect(await followUp(stage.db, gone)).toMatchObject({ state: 'failed', attempts: 1 });
  });

  it('EmailBison is down for an hour in the middle: nothing fails, nothing is unknown, all go out once', async () => {
    const workspaceId = await stage.addWorkspace({ slots: hoursFrom(200).slice(10) });
    await stage.addFollowUps(workspaceId, 'emailbison_reply', 10);
    const start = Date.now();
    let minute = 0;
    const context = stage.contextWith({ now: () => start + minute * MINUTE, maxAgeMs: DAY });
    stage.sim.addFault({ match: { provider: 'emailbison' }, fault: { kind: 'reset' } });
    const seen = { unknown: 0, failed: 0, sent: 0, retrying: 0 };
    for (; minute < 240 && seen.sent < 10; minute++) {
      if (minute === 60) stage.sim.clearFaults();
      const report = await stage.run(context);
      for (const name of ['unknown', 'failed', 'sent', 'retrying'] as const) seen[name] += report[name];
      if (minute < 60) expect(seen.sent).toBe(0);
    }
    expect(seen).toMatchObject({ unknown: 0, failed: 0, sent: 10 });
    expect(seen.retrying).toBeGreaterThan(10);
    expect(await expectTruth(stage)).toEqual({ sent: 10 });
  }, 60_000);

  it('one bad row does not stop the others, and does not come back for ever', async () => {
    const workspaceId = await stage.addWorkspace();
    const [bad = '', worse = ''] = await stage.addFollowUps(workspaceId, 'webhook', 2);
    await stage.addFollowUps(workspaceId, 'webhook', 10);
    await stage.db.followUp.update({ where: { id: bad }, data: { channel: 'fax' } });
    const context = stage.contextWith({ at: (step, { id }) => (step === 'prepared' && id === worse ? Promise.reject(new Error('a defect')) : Promise.resolve()) });
    expect(await stage.run(context)).toMatchObject({ sent: 10, failed: 1, retrying: 1, success: true });
    expect(await followUp(stage.db, bad)).toMatchObject({ state: 'failed', lastError: 'There is no channel "fax".' });
    expect(await followUp(stage.db, worse)).toMatchObject({ state: 'pending', attempts: 1 });
  });

  it('a thread that names no reply fails without a call', async () => {
    const [id = ''] = await stage.addFollowUps(await stage.addWorkspace(), 'emailbison_reply');
    await stage.db.followUp.update({ where: { id }, data: { thread: { replyId: 'x' } } });
    const asked: string[] = [];
    const stop = stage.sim.onRequest(({ endpoint }) => asked.push(endpoint));
    expect(await stage.run()).toMatchObject({ failed: 1 });
    stop();
    expect(asked).toEqual([]);
    expect(await followUp(stage.db, id)).toMatchObject({ intendedAt: null });
  });
});
