import { randomUUID } from 'node:crypto';

/** What a log line may hold of a header that anybody can send. */
const PLAIN_ID = /^[\w.:-]{1,128}$/;

/** The caller's `x-request-id` where it is a plain id, else a new one: finds a request's log lines again. */
export function requestIdOf(headers: Headers): string {
  const given = headers.get('x-request-id')?.trim() ?? '';
  return PLAIN_ID.test(given) ? given : randomUUID();
}
