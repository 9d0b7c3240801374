/** Hours, preferred days, nearness and language of a workspace, in what its leads read; and a clock change in between. */
import { afterEach, expect, it } from 'vitest';
import { previewFirstTouch } from '@/lib/emailbison-first-touch-availability';
import { setOfferRules, type OfferRulesInput } from '@/lib/slots/settings';
import { createStage, DAY, expectLedgerToEqualEmails, halfHours, HOUR, MINUTE, MONDAY, type Stage } from './support';

const WEEK = { mon: [['09:00', '17:00']], tue: [['09:00', '17:00']], wed: [['09:00', '17:00']], thu: [['09:00', '17:00']], fri: [['09:00', '17:00']] };
const at = (iso: string): number => Date.parse(iso);

let stage: Stage;
afterEach(async () => { await stage.close(); });

const sentenceOf = (workspace: string, lead: number): string | undefined => stage.sim.emailbison.lead(workspace, lead).variables.availability_slot;

const OPEN = halfHours(MONDAY + 7 * DAY, 21);
const isThursday = (slot: number): boolean => new Date(slot).getUTCDay() === 4;

// Times that the rule prefers were each offered to somebody before: without it, others would come first.
it.each<[string, OfferRulesInput, (slot: number) => boolean, RegExp]>([
  ['preferred days come first', { preferredDays: ['thu'] }, isThursday, /^Would Thursday, .+ UTC or Thursday, .+ UTC work for you\?$/],
  ['times near the email come first', { offerWithinDays: 8 }, (slot) => slot < MONDAY + 9 * DAY, /^Would Monday, November 30 .+ UTC or Tuesday, December 1 .+ UTC work for you\?$/],
  ['times are written in the language of the workspace', { locale: 'de-de' }, () => false, /^Would Montag, 30\. November um 09:00 UTC oder Dienstag, 1\. Dezember um 12:00 UTC work for you\?$/],
])('%s, in the preview and in the email', async (_what, rules, isOffered, expected) => {
  stage = await createStage({ rendersAt: 'scheduling', patchRerenders: true });
  const workspace = await stage.addWorkspace({ open: OPEN, campaigns: [{ status: 'active', leads: [{ id: 900, email: 'pat@buyer.test' }] }] });
  const { id: leadId } = await stage.db.lead.create({ data: { clientId: workspace, email: 'other@buyer.test' } });
  await stage.db.slotOffer.createMany({ data: OPEN.filter(isOffered).map((slot, position) => ({ clientId: workspace, leadId, channel: 'follow-up', sendKey: 'x', position, slotUtc: new Date(slot), state: 'sent' as const })) });
  const sendAt = MONDAY + 2 * HOUR;
  for (const { id } of stage.sim.emailbison.emails({ workspace })) stage.sim.emailbison.moveEmail(workspace, id, sendAt);
  const without = await previewFirstTouch(stage.context, workspace, sendAt);
  expect(without.sentence).not.toMatch(expected);
  await setOfferRules(stage.db, workspace, rules);
  const preview = await previewFirstTouch(stage.context, workspace, sendAt);
  expect(preview.sentence).toMatch(expected);
  expect(await stage.run()).toMatchObject({ updated: 1 });
  expect(sentenceOf(workspace, 900)).toBe(preview.sentence);
});

it.each([
  { what: 'the clock goes forward between email and meeting', zone: 'America/New_York', now: '2027-03-11T09:00:00Z',
    open: ['2027-03-15T12:30:00Z', '2027-03-15T13:00:00Z', '2027-03-15T21:00:00Z', '2027-03-12T13:30:00Z', '2027-03-12T14:00:00Z'],
    said: 'Would Friday, March 12 at 9 AM EST or Monday, March 15 at 9 AM EDT work for you?', chosen: ['2027-03-12T14:00:00.000Z', '2027-03-15T13:00:00.000Z'],
    abroad: 'Would Friday, March 12 at 3 PM CET or Monday, March 15 at 2 PM CET work for you?' },
  { what: 'the clock goes back between email and meeting', zone: 'Europe/Berlin', now: '2027-10-28T06:00:00Z',
    open: ['2027-11-01T07:30:00Z', '2027-11-01T08:00:00Z', '2027-11-01T16:00:00Z', '2027-10-29T06:30:00Z', '2027-10-29T07:00:00Z'],
    said: 'Would Friday, October 29 at 9 AM CEST or Monday, November 1 at 9 AM CET work for you?', chosen: ['2027-10-29T07:00:00.000Z', '2027-11-01T08:00:00.000Z'],
    abroad: null },
])('$what: hours, label and instants are right ($zone)', async ({ zone, now, open, said, chosen, abroad }) => {
  stage = await createStage({ rendersAt: 'scheduling', patchRerenders: true });
  stage.sim.setNow(at(now));
  const workspace = await stage.addWorkspace({
    timezone: zone, open: open.map(at),
    // Sent at once, so that the times before the change are far enough away.
    campaigns: [{ status: 'active', zone, window: [0, 24 * 60], leads: [{ id: 900, email: 'here@buyer.test' }, ...(abroad === null ? [] : [{ id: 901, email: 'abroad@buyer.test' }])] }],
  });
  await setOfferRules(stage.db, workspace, { workingHours: WEEK });
  if (abroad !== null) await stage.db.lead.create({ data: { clientId: workspace, email: 'abroad@buyer.test', timezone: 'Europe/Berlin' } });
  for (const { id } of stage.sim.emailbison.emails({ workspace })) stage.sim.emailbison.moveEmail(workspace, id, at(now) + 90 * MINUTE);
  await stage.run();
  expect(sentenceOf(workspace, 900)).toBe(said);
  if (abroad !== null) expect(sentenceOf(workspace, 901)).toBe(abroad);
  await stage.at(at(now) + 3 * HOUR);
  await stage.run();
  expect(await expectLedgerToEqualEmails(stage, workspace)).toEqual({ withTimes: abroad === null ? 1 : 2, withFallback: 0, withNeither: 0 });
  const sent = await stage.db.slotOffer.findMany({ where: { clientId: workspace, state: 'sent', lead: { email: 'here@buyer.test' } }, orderBy: { slotUtc: 'asc' } });
  expect(sent.map(({ slotUtc }) => slotUtc.toISOString())).toEqual(chosen);
});
