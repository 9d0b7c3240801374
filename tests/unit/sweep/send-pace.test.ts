import { describe, expect, it } from 'vitest';
import { SendPace } from '@/lib/refresh/send-pace';
import type { WorkItem } from '@/lib/refresh/types';
import { itemOf } from './facts';

const INTERVAL_MS = 1_000;
/** Two hundredths of GoHighLevel's window. */
const CATCH_UP_MS = 200;
const START = 1_000_000;

const clock = { at: START, now: () => clock.at };
const never = new AbortController().signal;
const itemNamed = (workspaceId: string): WorkItem => ({
  ...itemOf({ workspaceId, link: { id: 'l', url: 'https://x.test', provider: 'ghl', chosenId: null }, credential: { id: 'c', ciphertext: '', keyId: 'k', quotaKey: 'key' } }),
  notBefore: START, requestIntervalMs: INTERVAL_MS,
});

function setUp(): { pace: SendPace; first: WorkItem; second: WorkItem } {
  clock.at = START;
  return { pace: new SendPace(clock), first: itemNamed('w1'), second: itemNamed('w2') };
}

describe('the pace of a credential', () => {
  it('has one place for each who begins, before anything is sent', () => {
    const { pace, first, second } = setUp();
    pace.begin(first);
    expect(pace.heldUntil(second)).toBe(START + INTERVAL_MS - CATCH_UP_MS);
  });

  it('lets the first request of who has begun go at once, and the next a place later', async () => {
    const { pace, first, second } = setUp();
    pace.begin(first);
    await pace.turn(first, never);
    expect(pace.heldUntil(second)).toBe(START + INTERVAL_MS - CATCH_UP_MS);
    const ended = new AbortController();
    const waits = pace.turn(first, ended.signal);
    expect(pace.heldUntil(second)).toBe(START + 2 * INTERVAL_MS - CATCH_UP_MS);
    ended.abort(new Error('over'));
    await expect(waits).rejects.toThrow();
    // What was not sent has used no place.
    expect(pace.heldUntil(second)).toBe(START + INTERVAL_MS - CATCH_UP_MS);
    expect(pace.sentWith('key')).toEqual({ requests: 1, nextFreeAt: START + INTERVAL_MS });
  });

  it('takes back the place of who ends without a request, but not from before the place of another', () => {
    const { pace, first, second } = setUp();
    pace.begin(first);
    pace.end(first);
    expect(pace.heldUntil(second)).toBe(START);
    pace.begin(first);
    clock.at = START + INTERVAL_MS;
    pace.begin(second);
    pace.end(first);
    expect(pace.heldUntil(first)).toBe(START + 2 * INTERVAL_MS - CATCH_UP_MS);
  });

  it('gives who waited for something else a place of now: all who waited would go at once', async () => {
    const { pace, first, second } = setUp();
    pace.begin(first);
    clock.at = START + INTERVAL_MS;
    pace.begin(second);
    clock.at = START + 60_000;
    await pace.turn(first, never);
    expect(pace.heldUntil(second)).toBe(START + 61_000 - CATCH_UP_MS);
  });
});
