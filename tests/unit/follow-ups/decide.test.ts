import { describe, expect, it } from 'vitest';
import { afterNoTimes, afterRefusal, MAX_ATTEMPTS, MAX_DEFERRAL_MS, PAUSED_RECHECK_MS, sendingTime, type WorkspaceHours } from '@/lib/follow-ups/decide';
import type { WorkingHours } from '@/lib/slots/working-hours';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OFFICE: WorkingHours = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [['09:00', '17:00']]]));
const workspace = (given: Partial<WorkspaceHours> = {}): WorkspaceHours => ({ paused: false, hours: OFFICE, zone: 'UTC', weekends: false, ...given });
const at = (iso: string): number => Date.parse(iso);

describe('sendingTime', () => {
  const table: [string, Partial<WorkspaceHours>, string, string | null][] = [
    ['inside', {}, '2026-11-23T12:00:00Z', null],
    ['at the opening', {}, '2026-11-23T09:00:00Z', null],
    ['a millisecond before the end', {}, '2026-11-23T16:59:59.999Z', null],
    ['at the end', {}, '2026-11-23T17:00:00Z', '2026-11-24T09:00:00Z'],
    ['Friday evening, over the weekend', {}, '2026-11-27T18:00:00Z', '2026-11-30T09:00:00Z'],
    ['no hours: any hour of a weekday', { hours: null }, '2026-11-23T03:00:00Z', null],
    ['no hours, a weekend', { hours: null }, '2026-11-28T03:00:00Z', '2026-11-30T00:00:00Z'],
    ['no hours, weekends too', { hours: null, weekends: true }, '2026-11-28T03:00:00Z', null],
    ['in the zone', { zone: 'America/New_York' }, '2026-11-23T12:00:00Z', '2026-11-23T14:00:00Z'],
    ['over the change forward', { zone: 'America/New_York' }, '2027-03-12T23:00:00Z', '2027-03-15T13:00:00Z'],
    ['over the change back', { zone: 'America/New_York' }, '2026-10-30T22:00:00Z', '2026-11-02T14:00:00Z'],
  ];
  it.each(table)('%s', (_name, given, now, to) => {
    const expected = to === null ? { kind: 'now' } : { kind: 'moved', to: at(to), reason: 'outside the working hours' };
    expect(sendingTime(workspace(given), at(now))).toEqual(expected);
  });

  it('the microseconds of a clock do not close an open hour', () => {
    expect(sendingTime(workspace(), at('2026-11-23T12:00:00Z') + 0.29)).toEqual({ kind: 'now' });
    expect(sendingTime(workspace(), at('2026-11-23T16:59:59.999Z') + 0.9)).toEqual({ kind: 'now' });
  });

  it('paused: looked at again soon, inside the hours', () => {
    const noon = at('2026-11-23T12:00:00Z');
    expect(sendingTime(workspace({ paused: true }), noon)).toEqual({ kind: 'moved', to: noon + PAUSED_RECHECK_MS, reason: 'paused' });
    expect(sendingTime(workspace({ paused: true }), at('2026-11-23T16:58:00Z'))).toEqual({ kind: 'moved', to: at('2026-11-24T09:00:00Z'), reason: 'paused' });
  });

  it('hours on weekends alone, without weekends: never', () => {
    expect(sendingTime(workspace({ hours: { sat: [['09:00', '17:00']] } }), 0)).toEqual({ kind: 'never' });
  });
});

describe('afterNoTimes', () => {
  const table: [string, number | null, number, number, ReturnType<typeof afterNoTimes>][] = [
    ['the first look', null, 1_000_000, 1, { kind: 'deferred', since: 1_000_000, until: 1_000_000 + 2 * MINUTE }],
    ['the shortest wait', null, 0, 0, { kind: 'deferred', since: 0, until: MINUTE }],
    ['as long again as it waited', 0, 10 * MINUTE, 1, { kind: 'deferred', since: 0, until: 20 * MINUTE }],
    ['an hour at most', 0, 10 * HOUR, 1, { kind: 'deferred', since: 0, until: 11 * HOUR }],
    ['never past a day', 0, 23.5 * HOUR, 1, { kind: 'deferred', since: 0, until: MAX_DEFERRAL_MS }],
    ['a moment before a day', 0, MAX_DEFERRAL_MS - 1, 0, { kind: 'deferred', since: 0, until: MAX_DEFERRAL_MS }],
    ['after a day', 0, MAX_DEFERRAL_MS, 0, { kind: 'expired' }],
  ];
  it.each(table)('%s', (_name, since, now, random, expected) => { expect(afterNoTimes(since, now, random)).toEqual(expected); });
});

describe('afterRefusal', () => {
  const table: [string, number, number | undefined, number, ReturnType<typeof afterRefusal>][] = [
    ['the first', 1, undefined, 1, { kind: 'retry', at: MINUTE }],
    ['with the least luck', 1, undefined, 0, { kind: 'retry', at: MINUTE / 2 }],
    ['twice as long each time', 4, undefined, 1, { kind: 'retry', at: 8 * MINUTE }],
    ['two hours at most', 9, undefined, 1, { kind: 'retry', at: 2 * HOUR }],
    ['what was told, when it is longer', 1, 10 * MINUTE, 0, { kind: 'retry', at: 10 * MINUTE }],
    ['our own wait, when that is longer', 4, 1_000, 1, { kind: 'retry', at: 8 * MINUTE }],
    ['the last', MAX_ATTEMPTS, undefined, 0, { kind: 'failed' }],
    ['the last, though it was told to wait', MAX_ATTEMPTS, 1_000, 0, { kind: 'failed' }],
  ];
  it.each(table)('%s', (_name, attempts, retryAfterMs, random, expected) => { expect(afterRefusal(attempts, retryAfterMs, 0, random)).toEqual(expected); });

  it('an outage of an hour fails nothing, whatever the luck', () => {
    let now = 0;
    for (let attempts = 1; attempts < MAX_ATTEMPTS; attempts++) {
      const next = afterRefusal(attempts, undefined, now, 0);
      if (next.kind === 'failed') throw new Error('too early');
      now = next.at;
    }
    expect(now).toBeGreaterThan(3 * HOUR);
  });
});
