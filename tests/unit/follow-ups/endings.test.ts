import { describe, expect, it } from 'vitest';
import { MAX_ATTEMPTS, MAX_DEFERRAL_MS } from '@/lib/follow-ups/decide';
import { afterFailure, failed, withoutTimes } from '@/lib/follow-ups/endings';

const row = { attempts: 0, deferredSince: null, intendedAt: null, now: 1_000 };
const begun = { ...row, intendedAt: 500 };
const last = { attempts: MAX_ATTEMPTS - 1 };

describe('afterFailure', () => {
  const refused = { kind: 'refused' as const, message: 'no' };
  const unclear = { kind: 'unclear' as const, message: 'silence' };
  const table: [string, Parameters<typeof afterFailure>[0], typeof refused | typeof unclear, boolean, object][] = [
    ['refused: again, as if nothing had been sent', row, refused, false, { outcome: 'retrying', change: { state: 'pending', attempts: 1, offers: 'keep', keepsIntent: false } }],
    ['refused at last: failed, and the times are free', { ...row, ...last }, refused, false, { outcome: 'failed', change: { state: 'failed', offers: 'failed', keepsIntent: false } }],
    ['unclear, an email: unknown, and the times are held', row, unclear, false, { outcome: 'unknown', change: { state: 'unknown', attempts: 1, offers: 'keep', keepsIntent: true } }],
    ['unclear, a webhook: again with the same message', row, unclear, true, { outcome: 'retrying', change: { state: 'pending', keepsIntent: true } }],
    ['unclear at last, a webhook: failed, and the times may have been seen', { ...row, ...last }, unclear, true, { outcome: 'failed', change: { state: 'failed', offers: 'expired', keepsIntent: true } }],
    ['refused now, unclear before: still the same message', begun, refused, true, { outcome: 'retrying', change: { state: 'pending', keepsIntent: true } }],
    ['refused at last, unclear before: the times may have been seen', { ...begun, ...last }, refused, true, { outcome: 'failed', change: { offers: 'expired' } }],
  ];
  it.each(table)('%s', (_name, given, failure, isIdempotent, expected) => { expect(afterFailure(given, failure, isIdempotent, 0)).toMatchObject(expected); });

  it('a final refusal fails at once', () => {
    expect(afterFailure(row, { ...refused, isFinal: true }, false, 0)).toMatchObject({ outcome: 'failed', change: { attempts: 1, lastError: 'no' } });
  });
});

it('a day without times: expired; but unknown where it may have been sent', () => {
  const waited = { deferredSince: 0, now: MAX_DEFERRAL_MS };
  expect(withoutTimes({ ...row, ...waited }, 'none left', 0)).toMatchObject({ outcome: 'expired', change: { offers: 'failed', reason: 'No usable times for 24 hours: none left' } });
  expect(withoutTimes({ ...begun, ...waited }, 'none left', 0)).toMatchObject({ outcome: 'unknown', change: { offers: 'keep', keepsIntent: true } });
  expect(failed(begun, 'x').change.offers).toBe('expired');
});
