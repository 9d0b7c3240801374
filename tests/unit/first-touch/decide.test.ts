import { describe, expect, it } from 'vitest';
import { decide, NOT_RENDERED, type LeadFacts, type Situation, type WaitingRow } from '@/lib/first-touch/decide';
import type { TouchRecord } from '@/lib/first-touch/types';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SLOTS = [NOW + 6 * DAY, NOW + 7 * DAY];

const at = (more: Partial<Situation> = {}): Situation => ({
  now: NOW, open: { kind: 'usable', slots: new Set(SLOTS) }, reach: { early: null, late: null, rowsTell: null },
  fallback: 'the fallback', leadTimeMs: DAY, noticeMs: 2 * HOUR, volume: 10, ...more,
});
const record = (more: Partial<TouchRecord> = {}): TouchRecord => ({
  id: 'r', leadId: 'l', campaignId: '12', emailBisonLeadId: '900', state: 'written', content: 'times', sentence: 'the sentence', slots: SLOTS, earlier: [],
  reason: null, finder: 'unscheduled', scheduledEmailId: null, scheduledAt: null, preparedAt: NOW - HOUR, writtenAt: NOW - HOUR, checkedAt: null, settledAt: null, ...more,
});
const row = (more: Partial<WaitingRow> = {}): WaitingRow => ({ id: '7001', scheduledAt: NOW + 4 * HOUR, shows: 'other', earlierIndex: -1, ...more });
const lead = (more: Partial<LeadFacts> = {}): LeadFacts => ({ record: undefined, row: undefined, variable: undefined, isBooked: false, place: 0, ...more });

const known = { early: true, late: true, rowsTell: true };
const final = { early: true, late: false, rowsTell: null };

const table: [string, LeadFacts, Situation, ReturnType<typeof decide> | Record<string, unknown>][] = [
  ['a new lead that is not scheduled gets times that hold for days', lead(), at(), { kind: 'offer', sendAt: NOW + 4 * DAY, why: null }],
  ['… nearer ones where scheduled emails can still be changed', lead(), at({ reach: known }), { kind: 'offer', sendAt: NOW + 2 * DAY }],
  ['a scheduled lead gets times after its own email', lead({ row: row() }), at(), { kind: 'offer', sendAt: NOW + 4 * HOUR }],
  ["a lead beyond two days' volume waits", lead({ place: 10 }), at(), { kind: 'leave', outcome: 'notDue' }],
  ['so does one scheduled beyond the lead time', lead({ row: row({ scheduledAt: NOW + DAY + 1 }) }), at(), { kind: 'leave', outcome: 'notDue' }],
  ['an email about to be sent is not raced', lead({ row: row({ scheduledAt: NOW + 59_000 }) }), at(), { kind: 'leave', outcome: 'tooLate' }],
  ['a scheduled email that cannot change is not offered for', lead({ row: row() }), at({ reach: final }), { kind: 'leave', outcome: 'notRendered' }],
  ['nothing open: the fallback', lead(), at({ open: { kind: 'none', reason: 'none' } }), { kind: 'fallback', outcome: 'noSlots' }],
  ['nothing known: the fallback', lead(), at({ open: { kind: 'unusable', reason: 'old' } }), { kind: 'fallback', outcome: 'unusable' }],
  ['a booking: the fallback, even with times', lead({ isBooked: true }), at(), { kind: 'fallback', outcome: 'booked' }],

  ['what stands, stays', lead({ record: record(), variable: 'the sentence' }), at(), { kind: 'leave', outcome: 'alreadySet' }],
  ['beyond the volume, too', lead({ record: record(), variable: 'the sentence', place: 99 }), at(), { kind: 'leave', outcome: 'alreadySet' }],
  ['somebody changed the variable: once more', lead({ record: record(), variable: 'x' }), at(), { kind: 'rewrite' }],
  ['a run ended before it was written: once more, the same', lead({ record: record({ state: 'writing' }), variable: 'the sentence' }), at(), { kind: 'rewrite' }],
  ['a time is taken: replaced', lead({ record: record(), variable: 'the sentence' }), at({ open: { kind: 'usable', slots: new Set(SLOTS.slice(1)) } }), { kind: 'offer', why: 'a time in it is taken' }],
  ['a time is too near for an email of the coming days: replaced', lead({ record: record({ slots: [NOW + DAY] }), variable: 'the sentence' }), at({ open: { kind: 'usable', slots: new Set([NOW + DAY]) } }), { kind: 'offer' }],
  ['… but not for one that goes out before', lead({ record: record({ slots: [NOW + DAY] }), row: row({ shows: 'sentence' }) }), at({ open: { kind: 'usable', slots: new Set([NOW + DAY]) } }), { kind: 'confirm' }],
  ['times that nobody can confirm: the fallback', lead({ record: record(), variable: 'the sentence' }), at({ open: { kind: 'unusable', reason: 'old' } }), { kind: 'fallback', outcome: 'unusable' }],
  ['taken, in an email that cannot change: left', lead({ record: record({ state: 'rendered' }), row: row({ shows: 'sentence' }) }), at({ reach: final, open: { kind: 'usable', slots: new Set() } }), { kind: 'confirm' }],
  ['a fallback gives way to times', lead({ record: record({ content: 'fallback', sentence: 'the fallback', slots: [] }), variable: 'the fallback' }), at(), { kind: 'offer', why: 'times are open again' }],
  ['a fallback stands while there are none', lead({ record: record({ content: 'fallback', sentence: 'the fallback', slots: [] }), variable: 'the fallback' }), at({ open: { kind: 'none', reason: '' } }), { kind: 'leave', outcome: 'fallback' }],
  ['another fallback was set', lead({ record: record({ content: 'fallback', sentence: 'old', slots: [] }), variable: 'old' }), at({ open: { kind: 'none', reason: '' } }), { kind: 'fallback' }],

  ['the row carries it: confirmed', lead({ record: record(), row: row({ shows: 'sentence' }) }), at(), { kind: 'confirm', outcome: 'alreadySet' }],
  ['known already: nothing to do', lead({ record: record({ state: 'rendered', scheduledEmailId: '7001', scheduledAt: NOW + 4 * HOUR }), row: row({ shows: 'sentence' }) }), at(), { kind: 'leave', outcome: 'alreadySet' }],
  ['written late and not in the row: not rendered', lead({ record: record({ finder: 'scheduled' }), row: row() }), at(), { kind: 'notRendered' }],
  ['… but not a moment after the write', lead({ record: record({ finder: 'scheduled', writtenAt: NOW - 1_000 }), variable: 'the sentence', row: row() }), at(), { kind: 'leave' }],
  ['… nor where rows do not tell', lead({ record: record({ finder: 'scheduled' }), variable: 'the sentence', row: row() }), at({ reach: { ...known, rowsTell: false } }), { kind: 'leave', outcome: 'alreadySet' }],
  ['… nor where the template waits for the send', lead({ record: record({ finder: 'scheduled' }), variable: 'the sentence', row: row({ shows: 'placeholder' }) }), at(), { kind: 'leave', outcome: 'alreadySet' }],
  ['a row without a body says nothing', lead({ record: record({ finder: 'scheduled' }), variable: 'the sentence', row: row({ shows: 'nothing' }) }), at(), { kind: 'leave', outcome: 'alreadySet' }],
  ['written before scheduling and not in the row: once more', lead({ record: record(), variable: 'the sentence', row: row() }), at(), { kind: 'rewrite' }],
  ['… unless that cannot reach it', lead({ record: record(), variable: 'the sentence', row: row() }), at({ reach: final }), { kind: 'notRendered' }],
  ['the row carries what was replaced: that is the offer', lead({ record: record({ finder: 'scheduled' }), row: row({ shows: 'earlier', earlierIndex: 1 }) }), at(), { kind: 'adopt', index: 1 }],
  ['… not while the replacement is still to be written', lead({ record: record({ finder: 'scheduled', state: 'writing' }), variable: 'old', row: row({ shows: 'earlier', earlierIndex: 0 }) }), at(), { kind: 'rewrite' }],

  ['not rendered: left, while nothing says it could be', lead({ record: record({ state: 'failed', reason: NOT_RENDERED, finder: 'scheduled' }), row: row() }), at({ reach: final }), { kind: 'leave', outcome: 'notRendered' }],
  ['not rendered, and then it is', lead({ record: record({ state: 'failed', reason: NOT_RENDERED }), row: row({ shows: 'sentence' }) }), at({ reach: final }), { kind: 'confirm' }],
  ['refused: not again at once', lead({ record: record({ state: 'failed', reason: 'rejected_request', checkedAt: NOW - MINUTE }) }), at(), { kind: 'leave', outcome: 'failed' }],
  ['refused: again after an hour', lead({ record: record({ state: 'failed', reason: 'rejected_request', checkedAt: NOW - HOUR }) }), at(), { kind: 'offer' }],
  ['settled: done', lead({ record: record({ state: 'sent', settledAt: NOW }) }), at(), { kind: 'leave', outcome: 'notDue' }],
  ['ended, and the lead is back: anew', lead({ record: record({ state: 'ended', settledAt: NOW }) }), at(), { kind: 'offer', why: null }],
];

describe('what is done for a lead', () => {
  it.each(table)('%s', (_name, facts, situation, expected) => {
    expect(decide(facts, situation)).toMatchObject(expected);
  });
});
