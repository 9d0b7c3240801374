import type { Dispatcher } from 'undici';
import { expect, it } from 'vitest';
import { exchange } from '@/lib/providers/http-exchange';

it('rejects with what reading throws, unchanged, and sends nothing under a signal that is aborted', async () => {
  let dispatched = 0;
  const dispatcher = { dispatch: () => { dispatched += 1; return true; } } as unknown as Dispatcher;
  const controller = new AbortController();
  controller.abort('a reason that is not an error');
  const { signal } = controller;
  const request = { url: new URL('https://provider.test/'), method: 'GET', body: undefined, headers: {}, signal, maxBodyBytes: 1 } as const;
  await expect(exchange(dispatcher, request, () => { signal.throwIfAborted(); })).rejects.toBe('a reason that is not an error');
  expect(dispatched).toBe(0);
});
