import { expect, it } from 'vitest';
import { isFinishedSweep, lineOfCall } from '../../../scripts/local/sweep-line';

const dueAt = new Date('2026-11-23T12:00:00Z');
const call = (status: number | undefined, body: unknown) => ({ path: '/api/cron/availability', schedule: '* * * * *', dueAt, durationMs: 12_300, status, body });

const SWEEP = {
  success: true, skipped: false, attempted: 303, refreshed: 281, changed: 20, unchanged: 261, abandoned: 1, notReached: 2, durationMs: 12_300,
  errors: { total: 22, byKind: { timeout: 2, not_found: 20, network: 0 } }, metrics: { ageSeconds: { p50: 4, p95: 61 } },
};

it('a sweep is one line: refreshed, errors by kind, ages, duration', () => {
  expect(lineOfCall(call(200, SWEEP))).toContain(
    'availability  281/303 refreshed (20 changed, 261 unchanged) · 22 errors: 20 not_found, 2 timeout · 3 not finished · age p50 4.0 s, p95 61 s · 12 s',
  );
  expect(isFinishedSweep(call(200, SWEEP))).toBe(true);
});

it.each([
  [call(200, { success: true, skipped: true, reason: 'locked' }), 'skipped: the one before is still running'],
  [call(200, { success: true, skipped: true, reason: 'disabled' }), 'skipped: disabled'],
  [call(503, { success: false, error: 'cron_secret', message: 'No secret.' }), '503: No secret.'],
  [call(500, '<html>'), 'availability  500 ('],
  [call(undefined, 'ECONNREFUSED'), 'no answer: ECONNREFUSED'],
])('what was no sweep says so, and does not count as one: %#', (one, text) => {
  expect(lineOfCall(one)).toContain(text);
  expect(isFinishedSweep(one)).toBe(false);
});
