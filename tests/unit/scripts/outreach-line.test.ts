import { expect, it } from 'vitest';
import { isQuiet, lineOfCall } from '../../../scripts/local/sweep-line';

const call = (path: string, body: unknown) => ({ path, schedule: '* * * * *', dueAt: new Date('2026-11-23T12:00:00Z'), durationMs: 4_200, status: 200, body });
const FIRST_TOUCH = { success: true, skipped: false, dryRun: false, errors: { total: 0, byKind: {} } };
const FOLLOW_UPS = { success: true, skipped: false, availabilityRefresh: 'dedicated-cron' };
const firstTouch = (more: object) => call('/api/cron/emailbison/availability-slot', { ...FIRST_TOUCH, ...more });
const followUps = (more: object) => call('/api/cron/followups', { ...FOLLOW_UPS, ...more });

it.each([
  [firstTouch({ updated: 12, unusable: 2, sent: 3, alreadySet: 40, fallback: 1 }), 'first touch   12 updated with times · 2 to the fallback: calendar not readable · 3 emails sent with times · 41 in place · 4.2 s'],
  [firstTouch({ errors: { total: 2, byKind: { unauthorized: 2 } } }), 'first touch   2 workspaces in error (2 unauthorized) · 4.2 s'],
  [followUps({ sent: 5, deferred: 1, awaitingOperator: 2 }), 'follow-ups    5 sent · 1 wait for open times · 2 need a look · 4.2 s'],
])('what a run did is one line in plain words: %#', (one, text) => {
  expect(lineOfCall(one)).toContain(text);
  expect(isQuiet(one)).toBe(false);
});

it.each([[firstTouch({ alreadySet: 40, notDue: 100 })], [followUps({ awaitingOperator: 2 })]])('a run with nothing to do says so, and the demo leaves it out: %#', (one) => {
  expect(lineOfCall(one)).toContain('nothing to do · 4.2 s');
  expect(isQuiet(one)).toBe(true);
});

it('a failed call is never quiet', () => {
  expect(isQuiet({ ...followUps({}), status: 503, body: { success: false, message: 'No database.' } })).toBe(false);
});
