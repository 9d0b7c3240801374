import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { follow, unfollow } from '../abort';

/** One request and its answer; redirects, meaning and errors of the answer are the caller's. */
export interface Exchange {
  /** Undefined: no answer began. */
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
  bytes: number;
  durationMs: number;
  /** Why it ended early. An answer with an error status keeps that status, whatever became of its body. */
  error: unknown;
}

/** The answer is larger than we are willing to hold. */
export class BodyTooLargeError extends Error {
  constructor(readonly maxBytes: number) {
    super(`the answer is larger than ${maxBytes} bytes`);
    this.name = 'BodyTooLargeError';
  }
}

/** Enough for any provider's error text; a redirect's or error's body is never worth more. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;

export interface ExchangeRequest {
  url: URL;
  method: 'GET' | 'PATCH' | 'POST';
  body: string | undefined;
  headers: Record<string, string>;
  signal: AbortSignal;
  maxBodyBytes: number;
}

/**
 * A handler of our own instead of undici's `request`: the body goes from the parser into one
 * string without a stream between, and an abort ends the wait at once, even while still connecting.
 *
 * @param read is told of every end, good or bad, and makes of it what the promise brings. It is called while the answer is at
 *   hand, and nothing holds the answer afterwards: a promise is as old as its request, and what an old object holds, quick
 *   collections leave; bodies then piled up until a slow one.
 */
export function exchange<T>(dispatcher: Dispatcher, request: ExchangeRequest, read: (answer: Exchange) => T): Promise<T> {
  const { url, signal } = request;
  const startedAt = performance.now();
  return new Promise((resolve) => {
    let chunks: Buffer[] | undefined;
    let status: number | undefined;
    let headers: IncomingHttpHeaders = {};
    let bytes = 0;
    let maxBytes = MAX_ERROR_BODY_BYTES;
    let controller: Dispatcher.DispatchController | undefined;
    let settled = false;

    const settle = (error: unknown): void => {
      if (settled) return;
      settled = true;
      unfollow(signal, onAbort);
      // Nobody reads a part of a success: joining it would hold twice what was too large already.
      const parts = (error !== undefined && isSuccess() ? undefined : chunks) ?? [];
      const body = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
      const answer = { status, headers, body, bytes, durationMs: performance.now() - startedAt, error };
      chunks = undefined;
      headers = {};
      // Read now; what it throws, the caller's own reason to abort too, is what the promise rejects with, unchanged.
      resolve(new Promise<T>((done) => { done(read(answer)); }));
    };
    /** Ends the exchange and its connection: what is left of the answer is not worth reading. */
    const cutOff = (error: Error | undefined): void => {
      settle(error);
      controller?.abort(error ?? new Error('not read to its end'));
    };
    const onAbort = (): void => cutOff(new Error('aborted by the caller'));
    const isSuccess = (): boolean => status !== undefined && status >= 200 && status < 300;
    const onOversize = (): void => cutOff(isSuccess() ? new BodyTooLargeError(maxBytes) : undefined);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        // Aborted while connecting: the promise is settled, the request must not be sent.
        if (settled) started.abort(new Error('aborted by the caller'));
      },
      onResponseStart(_controller, statusCode, responseHeaders) {
        if (statusCode < 200) return;
        status = statusCode;
        headers = responseHeaders;
        if (isSuccess()) maxBytes = request.maxBodyBytes;
        if (Number(headers['content-length']) > maxBytes) onOversize();
      },
      onResponseData(_controller, chunk) {
        if (settled) return;
        bytes += chunk.length;
        if (bytes > maxBytes) onOversize();
        else if (chunks) chunks.push(chunk);
        else chunks = [chunk];
      },
      onResponseEnd() {
        settle(undefined);
      },
      onResponseError(_controller, error) {
        settle(error);
      },
    };

    if (signal.aborted) {
      onAbort();
      return;
    }
    follow(signal, onAbort);
    try {
      dispatcher.dispatch({ origin: url.origin, path: url.pathname + url.search, method: request.method, headers: request.headers, body: request.body ?? null }, handler);
    } catch (error) {
      settle(error);
    }
  });
}
