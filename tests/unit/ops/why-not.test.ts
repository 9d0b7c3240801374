import { expect, it } from 'vitest';
import { decideWhyNot, type WhyNotInput } from '@/lib/ops/why-not-decision';

const HOUR_MS = 3_600_000;
/** A Monday. */
const NOW = Date.UTC(2027, 2, 1, 8, 0);
const AT = NOW + 26 * HOUR_MS;
const FACTS: WhyNotInput = {
  name: 'Acme', timezone: 'UTC', workingHours: null, offerWeekends: false, minNoticeMinutes: 120, isStored: true, bookings: [], offers: [],
  appeared: null, disappeared: null, historyFromMs: NOW - HOUR_MS, lastRunId: 'run-1',
  answer: { state: 'fresh', asOf: new Date(NOW - 30_000).toISOString(), slotDurationMinutes: 30 }, openMs: [AT], now: NOW,
};
const gone = { isStored: false, openMs: [AT + 3 * HOUR_MS] };

it.each<[code: string, facts: Partial<WhyNotInput>, at: number, says: RegExp, runId?: string | null]>([
  ['open', {}, AT, /may be offered/, 'run-1'],
  ['past', {}, NOW, /it is 2027-03-01 08:00 UTC now/, null],
  ['outside_window', {}, NOW + 30 * 24 * HOUR_MS, /30 days ahead/, null],
  ['paused', { answer: { ...FACTS.answer, state: 'paused', reason: 'Its agency is paused.' } }, AT, /Its agency is paused/, null],
  ['misconfigured', { answer: { ...FACTS.answer, state: 'misconfigured', reason: 'No link.' } }, AT, /No link/, null],
  ['unavailable', { answer: { ...FACTS.answer, state: 'unavailable', reason: 'The last reading is 20 min old.' } }, AT, /20 min old/, null],
  ['booked', { openMs: [], bookings: [{ startMs: AT, endMs: AT + HOUR_MS, source: 'api', lead: 'pat@lead.example' }] }, AT, /booked by pat@lead\.example.*from api/, null],
  ['booked', { openMs: [], bookings: [{ startMs: AT, endMs: AT + HOUR_MS, source: 'csv', lead: null }] }, AT, /somebody who is no lead/, null],
  ['disappeared', { ...gone, disappeared: { atMs: NOW - HOUR_MS, runId: 'run-9' } }, AT, /open until 2027-03-01 07:00 UTC, when run run-9/, 'run-9'],
  ['disappeared', { ...gone, disappeared: { atMs: NOW - HOUR_MS, runId: null }, appeared: { atMs: NOW - 2 * HOUR_MS, runId: 'run-8' } }, AT, /a refresh of this workspace/, null],
  ['never_returned', gone, AT, /does not return it.*last read 2027-03-01 07:59 UTC by run run-1.*no change since/, 'run-1'],
  ['never_returned', { isStored: false, openMs: [], answer: { ...FACTS.answer, state: 'empty' } }, AT, /no time at all is open/, 'run-1'],
  ['not_on_grid', { isStored: false, openMs: [AT - 15 * 60_000, AT + 15 * 60_000] }, AT, /begins then, but one does at 2027-03-02 09:45 UTC and at 2027-03-02 10:15 UTC/, 'run-1'],
  ['short_notice', { openMs: [NOW + HOUR_MS] }, NOW + HOUR_MS, /less than 120 min/, 'run-1'],
  ['weekend', { openMs: [NOW + 5 * 24 * HOUR_MS] }, NOW + 5 * 24 * HOUR_MS, /on a weekend in UTC/, 'run-1'],
  ['outside_working_hours', { workingHours: { mon: [['09:00', '17:00']] } }, AT, /outside the working hours/, 'run-1'],
  ['outside_working_hours', { workingHours: 'broken' }, AT, /cannot be read/, 'run-1'],
  ['already_offered', { offers: [{ lead: 'pat@lead.example', state: 'sent', channel: 'first-touch', offeredAtMs: NOW }] }, AT, /was offered to pat@lead\.example \(first-touch, sent/, 'run-1'],
])('%s', (code, facts, at, says, runId) => {
  const verdict = decideWhyNot({ ...FACTS, ...facts }, at, 30);
  expect(verdict).toMatchObject({ code, isOffered: code === 'open' || code === 'already_offered', sentence: expect.stringMatching(says) as string, ...(runId === undefined ? {} : { runId }) });
});
