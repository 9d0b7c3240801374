import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { deadlineUnder, follow, pausableDeadlineUnder, unfollow } from '@/lib/abort';

describe('follow', () => {
  it('calls everyone who still follows, once', () => {
    const controller = new AbortController();
    const calls: string[] = [];
    const gone = (): void => { calls.push('gone'); };
    follow(controller.signal, () => { calls.push('first'); });
    follow(controller.signal, gone);
    follow(controller.signal, () => { calls.push('last'); });
    unfollow(controller.signal, gone);
    controller.abort();
    expect(calls).toEqual(['first', 'last']);
  });

  it('may be left and begun again', () => {
    const controller = new AbortController();
    let calls = 0;
    const count = (): void => { calls += 1; };
    follow(controller.signal, count);
    unfollow(controller.signal, count);
    unfollow(controller.signal, count);
    follow(controller.signal, count);
    controller.abort();
    expect(calls).toBe(1);
  });

  it('lets those who are called take others out', () => {
    const controller = new AbortController();
    const second = (): void => undefined;
    follow(controller.signal, () => { unfollow(controller.signal, second); });
    follow(controller.signal, second);
    expect(() => { controller.abort(); }).not.toThrow();
  });
});

describe('deadlineUnder', () => {
  it('ends as a timeout after its time, and not after 63 of 64 parts of it', async () => {
    const { signal } = new AbortController();
    const began = performance.now();
    const deadline = deadlineUnder(signal, 320);
    await new Promise<void>((resolve) => { follow(deadline, resolve); });
    expect(performance.now() - began).toBeGreaterThanOrEqual(310);
    expect(deadline.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('is one for all who ask at once, and another for who asks later, for another time or under another', async () => {
    const { signal } = new AbortController();
    const first = deadlineUnder(signal, 3_200);
    expect(deadlineUnder(signal, 3_200)).toBe(first);
    expect(deadlineUnder(signal, 3_201)).not.toBe(first);
    expect(deadlineUnder(new AbortController().signal, 3_200)).not.toBe(first);
    await sleep(60);
    expect(deadlineUnder(signal, 3_200)).not.toBe(first);
  });

  it('ends with what it is under, for its reason, also if that has ended before', () => {
    const parent = new AbortController();
    const deadline = deadlineUnder(parent.signal, 1_000);
    parent.abort(new Error('over'));
    expect(deadline.reason).toEqual(new Error('over'));
    expect(deadlineUnder(parent.signal, 500).reason).toEqual(new Error('over'));
  });
});

describe('pausableDeadlineUnder', () => {
  it('does not count what is waited for in a pause, also of several at once', async () => {
    const began = performance.now();
    const { signal, pause } = pausableDeadlineUnder(new AbortController().signal, 200);
    await Promise.all([pause(() => sleep(300)), pause(() => sleep(150))]);
    await expect(pause(() => Promise.reject(new Error('no turn')))).rejects.toThrow('no turn');
    expect(signal.aborted).toBe(false);
    await new Promise<void>((resolve) => { follow(signal, resolve); });
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - began).toBeGreaterThanOrEqual(490);
  });

  it('ends with its parent also in a pause, and after its end with nothing', async () => {
    const parent = new AbortController();
    const paused = pausableDeadlineUnder(parent.signal, 1_000);
    const ended = pausableDeadlineUnder(parent.signal, 20);
    ended.end();
    void paused.pause(() => sleep(50));
    await sleep(40);
    parent.abort(new Error('over'));
    expect(paused.signal.reason).toEqual(new Error('over'));
    expect(ended.signal.aborted).toBe(false);
  });
});
