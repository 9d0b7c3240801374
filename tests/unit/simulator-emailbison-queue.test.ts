import { describe, expect, it } from 'vitest';
import { EmailBison } from '../../scripts/simulator/emailbison/api';
import { EmailBisonWorld } from '../../scripts/simulator/emailbison/world';
import type { CampaignSpec, SettingsSpec, WorkspaceSpec } from '../../scripts/simulator/emailbison/spec';

/** The queue and the clock, without a server. */

const at = (iso: string): number => Date.parse(iso);
const MONDAY_NOON = at('2026-11-23T12:00:00Z');
const HOUR_MS = 3_600_000;

function start(options: { now?: number; seed?: number; settings?: SettingsSpec; senders?: WorkspaceSpec['senders'] } = {}) {
  const clock = { now: options.now ?? MONDAY_NOON };
  const world = new EmailBisonWorld(options.seed ?? 1, () => clock.now, { default: options.settings ?? {} });
  const bison = new EmailBison(world);
  bison.addWorkspace({ id: 'acme', customVariables: ['availability_slot'], ...(options.senders ? { senders: options.senders } : {}) });
  return {
    bison,
    goTo: (ms: number) => (clock.now = ms),
    campaign: (spec: CampaignSpec, leads = 100) => bison.addCampaign('acme', { leads: { count: leads }, ...spec }),
    emails: (status?: 'scheduled' | 'sent' | 'sending_paused') => bison.emails({ workspace: 'acme', status }),
  };
}

/** [first, last] scheduled instant. */
function span(emails: { scheduledAtMs: number }[]): [number, number] {
  const times = emails.map(({ scheduledAtMs }) => scheduledAtMs);
  return [Math.min(...times), Math.max(...times)];
}

describe('the queue is filled', () => {
  it('at launch, with the rest of the day and not before', () => {
    const { bison, campaign, emails } = start();
    const { id } = campaign({ status: 'draft', maxEmailsPerDay: 40 });
    expect(emails()).toEqual([]);
    bison.setCampaign('acme', id, 'launch');
    expect(emails('scheduled')).toHaveLength(40);
    const [first, last] = span(emails());
    expect(first).toBeGreaterThanOrEqual(MONDAY_NOON);
    expect(last).toBeLessThan(at('2026-11-23T17:00:00Z'));
    expect(last - first).toBeGreaterThan(3 * HOUR_MS);
  });

  it('at the end of each sending day with the next, across a weekend', () => {
    const { goTo, campaign, emails } = start({ now: at('2026-11-27T15:00:00Z') });
    campaign({ status: 'active', maxEmailsPerDay: 40 });
    goTo(at('2026-11-27T16:59:59Z'));
    expect(span(emails('scheduled').concat(emails('sent')))[1]).toBeLessThan(at('2026-11-27T17:00:00Z'));
    goTo(at('2026-11-27T17:00:00Z'));
    expect(emails('sent')).toHaveLength(40);
    const [first, last] = span(emails('scheduled'));
    expect(first).toBeGreaterThanOrEqual(at('2026-11-30T09:00:00Z'));
    expect(last).toBeLessThan(at('2026-11-30T17:00:00Z'));
  });

  it('after hours, with the next day', () => {
    const { campaign, emails } = start({ now: at('2026-11-23T20:00:00Z') });
    campaign({ status: 'active' });
    expect(new Date(span(emails())[0]).toISOString().slice(0, 10)).toBe('2026-11-24');
  });

  it('never beyond the limits of campaign, new leads and inboxes, which all campaigns share', () => {
    const { campaign, emails, goTo } = start({ senders: [{ email: 'a@send.test', dailyLimit: 25 }, { email: 'b@send.test', dailyLimit: 20 }] });
    campaign({ status: 'active', maxEmailsPerDay: 30 });
    campaign({ status: 'active', maxNewLeadsPerDay: 10 });
    campaign({ status: 'active' });
    expect(emails()).toHaveLength(45);
    goTo(at('2026-11-23T17:00:00Z'));
    expect(emails('scheduled')).toHaveLength(45);
  });

  it('the same for the same seed, otherwise for another', () => {
    const times = (seed: number): string => {
      const { campaign, emails } = start({ seed });
      campaign({ status: 'active' });
      return JSON.stringify(emails());
    };
    expect(times(7)).toBe(times(7));
    expect(times(7)).not.toBe(times(8));
  });

  it('in wall-clock hours on both sides of a DST change', () => {
    // New York falls back on 1 November 2026: 09:00 is 13:00 UTC on Friday, 14:00 UTC on Monday.
    const { goTo, campaign, emails } = start({ now: at('2026-10-30T13:00:00Z') });
    campaign({ status: 'active', zone: 'America/New_York', window: ['09:00', '10:00'], maxEmailsPerDay: 30 });
    expect(span(emails())[0]).toBeGreaterThanOrEqual(at('2026-10-30T13:00:00Z'));
    expect(span(emails())[1]).toBeLessThan(at('2026-10-30T14:00:00Z'));
    goTo(at('2026-10-30T14:00:00Z'));
    const [first, last] = span(emails('scheduled'));
    expect(first).toBeGreaterThanOrEqual(at('2026-11-02T14:00:00Z'));
    expect(last).toBeLessThan(at('2026-11-02T15:00:00Z'));
  });

  it.each([
    // 02:30 is skipped on 8 March: the window opens at the instant that would have been it. It comes twice on 1 November.
    ['2026-03-08T05:00:00Z', '2026-03-08T07:30:00Z', '2026-03-08T08:00:00Z'],
    ['2026-11-01T05:00:00Z', '2026-11-01T07:30:00Z', '2026-11-01T09:00:00Z'],
  ])('on the day of the change itself, from %s', (now, from, to) => {
    const { campaign, emails } = start({ now: at(now) });
    campaign({ status: 'active', zone: 'America/New_York', sendingDays: ['sun'], window: ['02:30', '04:00'] });
    const [first, last] = span(emails());
    expect(first).toBeGreaterThanOrEqual(at(from));
    expect(last).toBeLessThan(at(to));
  });
});

describe('as time passes', () => {
  it('what is due is sent once, in order, each at its instant, however long nobody looked', () => {
    const { bison, goTo, campaign } = start();
    campaign({ status: 'active', maxEmailsPerDay: 30, steps: [{ subject: 'One', body: 'a' }, { subject: 'Two', body: 'b', waitInDays: 2 }] });
    goTo(at('2026-12-31T00:00:00Z'));
    const sent = bison.sent();
    expect(sent).toHaveLength(200);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(200);
    expect(sent.every(({ sentAtMs, scheduledAtMs }) => sentAtMs === scheduledAtMs)).toBe(true);
    expect(sent.map(({ sentAtMs }) => sentAtMs)).toEqual(sent.map(({ sentAtMs }) => sentAtMs).sort((a, b) => a - b));
    const days = sent.map(({ sentAtMs }) => new Date(sentAtMs).toISOString().slice(0, 10));
    expect(Math.max(...days.map((day) => days.filter((other) => other === day).length))).toBe(30);
    const first = new Map(sent.filter(({ step }) => step === 1).map(({ leadId, sentAtMs }) => [leadId, sentAtMs]));
    for (const { leadId, sentAtMs, step } of sent) {
      if (step === 2) expect(sentAtMs - (first.get(leadId) ?? Infinity)).toBeGreaterThan(24 * HOUR_MS);
    }
    expect(bison.workspace('acme').campaigns[0]?.status).toBe('completed');
  });

  it('a pause holds what waits, a resume gives it new times under the same ids', () => {
    const { bison, goTo, campaign, emails } = start();
    const { id } = campaign({ status: 'active' }, 20);
    const ids = emails().map((email) => email.id);
    bison.setCampaign('acme', id, 'pause');
    goTo(at('2026-11-25T10:00:00Z'));
    expect(emails('sending_paused').map((email) => email.id)).toEqual(ids);
    expect(bison.sent()).toEqual([]);
    bison.setCampaign('acme', id, 'resume');
    expect(emails('scheduled').map((email) => email.id)).toEqual(ids);
    expect(span(emails())[0]).toBeGreaterThanOrEqual(at('2026-11-25T10:00:00Z'));
  });

  it('leads added to an active campaign are taken in after five minutes and scheduled at the end of the day', () => {
    const { bison, goTo, campaign, emails } = start();
    const { id } = campaign({ status: 'active' }, 1);
    bison.addLeads('acme', { count: 5 }, id);
    expect(bison.campaign('acme', id).leads).toBe(1);
    goTo(MONDAY_NOON + 300_000);
    expect(bison.campaign('acme', id)).toMatchObject({ leads: 6 });
    expect(emails()).toHaveLength(1);
    goTo(at('2026-11-23T17:00:00Z'));
    expect(emails()).toHaveLength(6);
  });

  it('rows can be moved, and follow the clock to their new time', () => {
    const { bison, goTo, campaign, emails } = start();
    campaign({ status: 'active' }, 1);
    const [email] = emails();
    bison.moveEmail('acme', email?.id ?? 0, MONDAY_NOON + 60_000);
    goTo(MONDAY_NOON + 60_000);
    expect(bison.sent()).toMatchObject([{ id: email?.id, sentAtMs: MONDAY_NOON + 60_000 }]);
  });
});
