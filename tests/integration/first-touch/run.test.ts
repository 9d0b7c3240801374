/** What a run does for a lead, and what it leaves alone. */
import { afterEach, describe, expect, it } from 'vitest';
import { cronRoute } from '@/lib/cron/cron-route';
import { createFirstTouchJob } from '@/lib/cron/first-touch-job';
import { parseEnv } from '@/lib/env';
import { eraseLead } from '@/lib/leads';
import { previewFirstTouch, setFirstTouch } from '@/lib/emailbison-first-touch-availability';
import type { CampaignSpec, SettingsSpec } from '../../../scripts/simulator/server';
import { createStage, DAY, expectLedgerToEqualEmails, halfHours, HOUR, KEY, MINUTE, MONDAY, writtenTo, type Stage, type WorkspaceOptions } from './support';

const RERENDERS: SettingsSpec = { rendersAt: 'scheduling', patchRerenders: true };
const FALLBACK = 'You can pick a time that suits you here: https://calendly.com/acme/intro';
const FAR = halfHours(MONDAY + 7 * DAY, 21);

let stage: Stage;
afterEach(async () => { await stage.close(); });

async function setUp(campaign: CampaignSpec = {}, settings: SettingsSpec = RERENDERS, more: WorkspaceOptions = {}): Promise<string> {
  stage = await createStage(settings);
  return await stage.addWorkspace({ open: FAR, campaigns: [{ status: 'active', leads: { count: 4 }, ...campaign }], ...more });
}

const value = (workspace: string, lead: number): string | undefined => stage.sim.emailbison.lead(workspace, lead).variables.availability_slot;
const leadsOf = (workspace: string): number[] => [...new Set(stage.sim.emailbison.emails({ workspace }).map(({ leadId }) => leadId))].sort((a, b) => a - b);
const states = async (workspace: string): Promise<Record<string, number>> => {
  const groups = await stage.db.slotOffer.groupBy({ by: ['state'], where: { clientId: workspace }, _count: true });
  return Object.fromEntries(groups.map(({ state, _count }) => [state, _count]));
};

describe('a sentence', () => {
  it('is written once, with only the one variable, and stays', async () => {
    const workspace = await setUp({ leads: [{ id: 900, email: 'Lee@Buyer.test', customVariables: { industry: 'saas' } }] }, RERENDERS, { customVariables: ['industry'] });
    expect(await stage.run()).toMatchObject({ updated: 1, checked: 1, success: true });
    expect(value(workspace, 900)).toMatch(/^Would .+ UTC or .+ UTC work for you\?$/);
    expect(stage.sim.emailbison.lead(workspace, 900).variables.industry).toBe('saas');
    await stage.at(MONDAY + MINUTE);
    expect(await stage.run()).toMatchObject({ alreadySet: 1, updated: 0 });
    expect(await stage.run()).toMatchObject({ alreadySet: 1, updated: 0 });
    expect(writtenTo(stage.sim, workspace).get(900)).toHaveLength(1);
    expect(await states(workspace)).toEqual({ prepared: 2 });
  });

  it('is written for everybody else beside workspaces whose zone this machine does not know', async () => {
    const workspace = await setUp();
    const odd: string[] = [];
    // More than are visited at once.
    for (let nth = 0; nth < 6; nth++) odd.push(await stage.addWorkspace({ open: FAR, timezone: 'Mars/Olympus', campaigns: [{ status: 'active', leads: { count: 1 } }] }));
    expect(await stage.run()).toMatchObject({ updated: 4, workspaces: { visited: 7, inError: 6 }, errors: { byKind: { misconfigured: 6 } } });
    expect(await states(workspace)).toEqual({ prepared: 8 });
    expect(await stage.db.slotOffer.count({ where: { clientId: { in: odd } } })).toBe(0);
  });

  it('uses the spelling that the variable has', async () => {
    const workspace = await setUp({}, RERENDERS, { customVariables: ['Availability_Slot'] });
    await stage.run();
    const [lead] = leadsOf(workspace);
    expect(Object.keys(stage.sim.emailbison.lead(workspace, lead ?? 0).variables)).toEqual(['Availability_Slot']);
  });

  it('whose time is taken is replaced, in place of the old offer', async () => {
    const workspace = await setUp({ leads: { count: 1 } });
    await stage.run();
    const [lead] = leadsOf(workspace);
    const before = value(workspace, lead ?? 0);
    const [taken] = await stage.db.slotOffer.findMany({ where: { clientId: workspace, state: 'prepared' }, orderBy: { slotUtc: 'asc' } });
    await stage.at(MONDAY + MINUTE);
    await stage.setOpen(workspace, FAR.filter((slot) => slot !== taken?.slotUtc.getTime()));
    expect(await stage.run()).toMatchObject({ replaced: 1, updated: 0 });
    expect(value(workspace, lead ?? 0)).not.toBe(before);
    const prepared = await stage.db.slotOffer.findMany({ where: { clientId: workspace, state: 'prepared' } });
    expect(prepared).toHaveLength(2);
    expect(prepared.map(({ slotUtc }) => slotUtc.getTime())).not.toContain(taken?.slotUtc.getTime());
  });

  it('that nobody can confirm beyond the age limit gives way to the fallback, and comes back with the calendar', async () => {
    const workspace = await setUp({ leads: { count: 2 } });
    await stage.run();
    const [lead = 0] = leadsOf(workspace);
    stage.sim.setNow(MONDAY + 20 * MINUTE);
    expect(await stage.run()).toMatchObject({ unusable: 2, updated: 0 });
    expect(value(workspace, lead)).toBe(FALLBACK);
    expect(await states(workspace)).toEqual({ failed: 4 });
    expect(await stage.run()).toMatchObject({ fallback: 2, unusable: 0 });
    await stage.at(MONDAY + 21 * MINUTE);
    expect(await stage.run()).toMatchObject({ updated: 2 });
    expect(value(workspace, lead)).toMatch(/^Would/);
    expect(await states(workspace)).toMatchObject({ prepared: 4 });
  });

  it('without any time that fits is the fallback, and says which rule emptied the list', async () => {
    const workspace = await setUp({ leads: { count: 1 } }, RERENDERS, { open: [MONDAY + 2 * HOUR] });
    const report = await stage.run();
    expect(report).toMatchObject({ noSlots: 1 });
    expect(Object.keys(report.reasons)[0]).toContain('after the send time plus the minimum notice');
    expect(value(workspace, leadsOf(workspace)[0] ?? 0)).toBe(FALLBACK);
    expect(await states(workspace)).toEqual({});
  });

  it('is not offered to a lead that has booked', async () => {
    const workspace = await setUp({ leads: [{ id: 900, email: 'lee@buyer.test' }] });
    await stage.db.lead.create({ data: { clientId: workspace, email: 'lee@buyer.test', bookings: { create: { clientId: workspace, startsAt: new Date(MONDAY + DAY), endsAt: new Date(MONDAY + DAY + HOUR), source: 'api', externalId: 'b1' } } } });
    expect(await stage.run()).toMatchObject({ booked: 1 });
    expect(value(workspace, 900)).toBe(FALLBACK);
  });
});

describe('a run that ends in the middle of a replacement', () => {
  it.each(['prepared', 'recorded', 'patched'] as const)('after "%s": the next run finishes that one, and makes no third offer', async (step) => {
    const workspace = await setUp({ leads: { count: 1 } });
    await stage.run();
    const [taken] = await stage.db.slotOffer.findMany({ where: { clientId: workspace }, orderBy: { slotUtc: 'asc' } });
    await stage.at(MONDAY + MINUTE);
    await stage.setOpen(workspace, FAR.filter((slot) => slot !== taken?.slotUtc.getTime()));
    const cut = stage.contextWith({ onStep: (at) => { if (at === step) throw new Error('cut'); } });
    await expect(stage.run({}, cut)).rejects.toThrow('cut');
    const chosen = (await stage.db.slotOffer.findMany({ where: { clientId: workspace, state: 'prepared' }, orderBy: { slotUtc: 'asc' } })).map(({ slotUtc }) => slotUtc);
    await stage.at(MONDAY + 2 * MINUTE);
    await stage.run();
    const [record] = await stage.db.firstTouch.findMany();
    // Seen in the scheduled email, or written once more.
    expect(['written', 'rendered']).toContain(record?.state);
    expect(record?.slotsUtc).toEqual(chosen);
    expect(value(workspace, leadsOf(workspace)[0] ?? 0)).toBe(record?.sentence);
    const prepared = await stage.db.slotOffer.findMany({ where: { clientId: workspace, state: 'prepared' }, orderBy: { slotUtc: 'asc' } });
    expect(prepared.map(({ slotUtc }) => slotUtc)).toEqual(chosen);
    expect(new Set([...writtenTo(stage.sim, workspace).values()].flat()).size).toBe(2);
  });
});

describe('a lead whose data is erased', () => {
  it.each(['prepared', 'recorded', 'patched', 'written'] as const)('after "%s": its own end, and the others go on', async (step) => {
    const workspace = await setUp({ leads: { count: 3 } });
    let left = 1;
    const erasing = stage.contextWith({ onStep: async (at, email) => { if (at === step && left-- > 0) await eraseLead(stage.db, workspace, email); } });
    const report = await stage.run({}, erasing);
    expect(report).toMatchObject({ success: true, checked: 3, errors: { total: 0 } });
    expect(report.updated + report.notDue).toBe(3);
    if (step === 'prepared') expect(report).toMatchObject({ updated: 2, reasons: { 'notDue: the lead is gone': 1 } });
    expect([await stage.db.lead.count(), await stage.db.firstTouch.count(), await stage.db.slotOffer.count()]).toEqual([2, 2, 4]);
  });
});

describe('which leads', () => {
  it('only this campaign counts, wherever its entry stands, and only what is scheduled', async () => {
    const workspace = await setUp({ id: 12, leads: [{ id: 900, email: 'a@buyer.test' }, { id: 901, email: 'b@buyer.test' }, { id: 902, email: 'c@buyer.test' }] });
    stage.sim.emailbison.setProgress(workspace, 12, 901, { emailsSent: 1 });
    // Another campaign's emails, sent and not, say nothing of this one.
    stage.sim.emailbison.addCampaign(workspace, { id: 3, status: 'paused', leads: [{ id: 950, email: 'd@buyer.test' }] });
    expect(await stage.run()).toMatchObject({ updated: 2, checked: 2 });
    expect([...writtenTo(stage.sim, workspace).keys()].sort()).toEqual([900, 902]);
  });

  it('all pages are read, leads that move between them too; those beyond two days of volume wait', async () => {
    const workspace = await setUp({ status: 'queued', maxNewLeadsPerDay: 20, leads: { count: 100 } }, { ...RERENDERS, leadDrift: 2 });
    const first = await stage.run();
    expect(first.updated + first.notDue).toBe(first.checked);
    await stage.run();
    expect(writtenTo(stage.sim, workspace).size).toBeGreaterThanOrEqual(40);
    expect(first.updated).toBe(40);
  });

  it('scheduled beyond the lead time is not due yet', async () => {
    const workspace = await setUp({ leads: { count: 1 } });
    const [email] = stage.sim.emailbison.emails({ workspace });
    stage.sim.emailbison.moveEmail(workspace, email?.id ?? 0, MONDAY + 30 * HOUR);
    expect(await stage.run()).toMatchObject({ notDue: 1, updated: 0 });
    await stage.at(MONDAY + 7 * HOUR);
    expect(await stage.run()).toMatchObject({ updated: 1 });
  });
});

describe('when EmailBison fails', () => {
  it('a refused write fails the offer, which counts for nothing', async () => {
    const workspace = await setUp({ leads: { count: 2 } });
    stage.sim.setFaults([{ match: { provider: 'emailbison', endpoint: 'lead-patch' }, fault: { kind: 'status', status: 422 } }]);
    expect(await stage.run()).toMatchObject({ failed: 2, updated: 0 });
    expect(await states(workspace)).toEqual({ failed: 4 });
    stage.sim.clearFaults();
    await stage.at(MONDAY + MINUTE);
    expect(await stage.run()).toMatchObject({ failed: 2 });
    await stage.at(MONDAY + 62 * MINUTE);
    expect(await stage.run()).toMatchObject({ updated: 2 });
    expect(await states(workspace)).toMatchObject({ prepared: 4 });
  });

  it('an unknown result is written again, the same, by the next run', async () => {
    const workspace = await setUp({ leads: { count: 2 } });
    stage.sim.setFaults([{ match: { provider: 'emailbison', endpoint: 'lead-patch' }, fault: { kind: 'status', status: 500 } }]);
    expect(await stage.run()).toMatchObject({ unknown: 2 });
    expect(await states(workspace)).toEqual({ prepared: 4 });
    stage.sim.clearFaults();
    await stage.at(MONDAY + MINUTE);
    expect(await stage.run()).toMatchObject({ rewritten: 2, updated: 0 });
    expect(await states(workspace)).toEqual({ prepared: 4 });
    for (const sentences of writtenTo(stage.sim, workspace).values()) expect(new Set(sentences).size).toBe(1);
  });

  it('a revoked token is one error of its workspace, and others go on', async () => {
    await setUp({ leads: { count: 1 } });
    const revoked = await stage.addWorkspace({ agencyId: 'agency-2', open: FAR, campaigns: [{ status: 'active', leads: { count: 1 } }] });
    stage.sim.emailbison.setTokenState(revoked, 'revoked');
    expect(await stage.run()).toMatchObject({ updated: 1, errors: { total: 1, byKind: { unauthorized: 1 }, first: { workspaceId: revoked } }, success: true });
  });

  it('down for an hour in the middle: nothing is lost, and nobody is written two sentences', async () => {
    const workspace = await setUp({ leads: { count: 6 } });
    await stage.run();
    for (let minute = 1; minute <= 180; minute += 15) {
      await stage.at(MONDAY + minute * MINUTE);
      if (minute > 30 && minute < 90) stage.sim.setFaults([{ match: { provider: 'emailbison' }, fault: { kind: 'status', status: 503 } }]);
      else stage.sim.clearFaults();
      await stage.run();
    }
    await stage.at(MONDAY + DAY);
    await stage.run();
    expect(await expectLedgerToEqualEmails(stage, workspace)).toEqual({ withTimes: 6, withFallback: 0, withNeither: 0 });
    for (const sentences of writtenTo(stage.sim, workspace).values()) expect(new Set(sentences).size).toBe(1);
  }, 60_000);
});

describe('the route', () => {
  const SECRET = 'a-secret-of-the-tests';
  const call = async (query = ''): Promise<{ status: number; body: Record<string, unknown> }> => {
    const env = parseEnv({ ...stage.sim.env, DATABASE_URL: stage.url, CREDENTIALS_KEY: KEY, CRON_SECRET: SECRET, LOG_LEVEL: 'silent' });
    const handler = cronRoute(createFirstTouchJob(() => stage.context), { env: () => env, db: () => stage.db });
    const response = await handler(new Request(`http://app.test/api/cron/emailbison/availability-slot${query}`, { headers: { authorization: `Bearer ${SECRET}` } }));
    return { status: response.status, body: await response.json() as Record<string, unknown> };
  };

  it('two overlapping runs: one works, the other is told so, and every lead is written to once', async () => {
    const workspace = await setUp({ leads: { count: 12 } });
    const answers = await Promise.all([call(), call(), call()]);
    expect(answers.filter(({ body }) => body.reason === 'locked')).toHaveLength(2);
    expect(answers.filter(({ body }) => body.updated === 12)).toHaveLength(1);
    for (const sentences of writtenTo(stage.sim, workspace).values()) expect(sentences).toHaveLength(1);
  });

  it('dryRun=true says what it would do and writes nothing anywhere', async () => {
    const workspace = await setUp({ leads: { count: 3 } });
    const dump = async (): Promise<unknown> => await Promise.all([
      stage.db.lead.count(), stage.db.slotOffer.count(), stage.db.firstTouch.count(), stage.db.firstTouchVisit.count(),
      stage.db.emailBisonInstance.count(), stage.db.cronRun.count(), stage.db.workspaceAvailabilityStatus.findMany(),
    ]);
    const before = await dump();
    expect(await call('?dryRun=true')).toMatchObject({ status: 200, body: { dryRun: true, updated: 3 } });
    expect(await dump()).toEqual(before);
    expect(stage.sim.emailbison.writes({ workspace })).toEqual([]);
    expect(await call()).toMatchObject({ body: { updated: 3, dryRun: false } });
    expect(await call('?dryRun=maybe')).toMatchObject({ status: 400, body: { parameter: 'dryRun' } });
  });

  it('a database that fails is a 503, not a good run', async () => {
    await setUp();
    await stage.db.$executeRaw`ALTER TABLE "FirstTouchVisit" RENAME TO "Gone"`;
    expect(await call()).toMatchObject({ status: 503, body: { success: false } });
  });
});

describe('a stale calendar', () => {
  const attempts = async (workspace: string): Promise<{ errorKind: string | null; fetchedAt: Date | null } | null> =>
    await stage.db.workspaceAvailabilityStatus.findUnique({ where: { clientId: workspace }, select: { errorKind: true, fetchedAt: true } });

  it('is not called: the cache alone is read', async () => {
    const workspace = await setUp({ leads: { count: 1 } });
    const before = await attempts(workspace);
    stage.sim.setNow(MONDAY + 20 * MINUTE);
    expect(await stage.run()).toMatchObject({ unusable: 1 });
    expect(await attempts(workspace)).toEqual(before);
  });

  it('is refreshed first where the operator turned that on, within the deadline and under the claim', async () => {
    const workspace = await setUp({ leads: { count: 1 } });
    stage.sim.setNow(MONDAY + 20 * MINUTE);
    const context = stage.contextWith({ refreshIfStale: true });
    // No time for a calendar before the run's end: none is called.
    const before = await attempts(workspace);
    await stage.run({ timeBudgetMs: 7_000, isDryRun: false }, context);
    expect(await attempts(workspace)).toEqual(before);
    // Claimed by somebody else: waited for, not called twice.
    await stage.db.workspaceAvailabilityStatus.update({ where: { clientId: workspace }, data: { refreshingUntil: new Date(Date.now() + 60_000) } });
    await stage.run({}, context);
    expect(await attempts(workspace)).toEqual(before);
    await stage.db.workspaceAvailabilityStatus.update({ where: { clientId: workspace }, data: { refreshingUntil: null } });
    // A dry run writes nothing, so it does not refresh.
    await stage.run({ isDryRun: true }, context);
    expect(await attempts(workspace)).toEqual(before);
    await stage.run({}, context);
    expect(await attempts(workspace)).toMatchObject({ errorKind: 'network' });
  }, 60_000);
});

describe('a run that is cut off', () => {
  it('says so, answers in time, and the next ones begin with whom it did not reach', async () => {
    stage = await createStage(RERENDERS);
    const workspaces: string[] = [];
    for (let i = 0; i < 16; i++) workspaces.push(await stage.addWorkspace({ agencyId: `agency-${String(i % 3)}`, open: FAR, campaigns: [{ status: 'active', leads: { count: 1 } }] }));
    stage.sim.setFaults([{ match: { provider: 'emailbison' }, fault: { kind: 'slow', ms: 200 } }]);
    const startedAtMs = performance.now();
    const first = await stage.run({ timeBudgetMs: 3_000, startedAtMs });
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    expect(first).toMatchObject({ finishedWithinBudget: false, success: false });
    expect(first.workspaces.notReached).toBeGreaterThan(0);
    const visited = await stage.db.firstTouchVisit.findMany();
    await stage.at(MONDAY + MINUTE);
    await stage.run({ timeBudgetMs: 3_000 });
    const after = await stage.db.firstTouchVisit.findMany();
    // Nobody has a second turn before everybody had a first.
    const again = after.filter(({ clientId, visitedAt }) => visited.some((one) => one.clientId === clientId && one.visitedAt < visitedAt));
    expect(again.length === 0 || after.length === workspaces.length).toBe(true);
    expect(after.length).toBeGreaterThan(visited.length);
    stage.sim.clearFaults();
    await stage.at(MONDAY + 2 * MINUTE);
    await stage.run();
    for (const workspace of workspaces) expect(writtenTo(stage.sim, workspace).size).toBe(1);
  }, 60_000);
});

describe('a pause', () => {
  it("of the agency, or of the calendar's vendor, skips the workspace, and the preview says so", async () => {
    const workspace = await setUp({ leads: { count: 1 } });
    await stage.db.agency.create({ data: { id: 'agency-1', name: 'One', pausedAt: new Date() } });
    expect(await stage.run()).toMatchObject({ checked: 0, workspaces: { total: 1, visited: 0, skippedPaused: 1 } });
    expect(await previewFirstTouch(stage.context, workspace)).toMatchObject({ content: 'broken', sentence: null, reason: 'It is paused.' });
    await stage.db.agency.update({ where: { id: 'agency-1' }, data: { pausedAt: null } });
    await stage.db.providerPause.create({ data: { provider: 'calendly', pausedAt: new Date() } });
    expect(await stage.run()).toMatchObject({ checked: 0, workspaces: { skippedPaused: 1 } });
    await stage.db.providerPause.deleteMany();
    expect(await stage.run()).toMatchObject({ updated: 1 });
  });
});

describe('looking and setting', () => {
  it('the preview is what the next lead gets', async () => {
    const workspace = await setUp({ leads: { count: 1 } });
    const preview = await previewFirstTouch(stage.context, workspace);
    await stage.run();
    expect(preview).toMatchObject({ content: 'times', zone: 'UTC' });
    expect(value(workspace, leadsOf(workspace)[0] ?? 0)).toBe(preview.sentence);
  });

  it('a template is checked when it is set, and the placeholder named', async () => {
    const workspace = await setUp();
    await expect(setFirstTouch(stage.db, workspace, true, { template: 'How about {{time}}?' })).rejects.toThrow(/\{\{time\}\} is no placeholder/);
    await expect(setFirstTouch(stage.db, workspace, true, { fallback: 'At {{option1}}' })).rejects.toThrow(/\{\{option1\}\} must not be in a fallback/);
    await setFirstTouch(stage.db, workspace, true, { template: 'How about {{option1}}?', fallback: null });
    expect(await previewFirstTouch(stage.context, workspace)).toMatchObject({ slotsUtc: [expect.any(String)] });
  });
});
