import { createHash, timingSafeEqual } from 'node:crypto';
import type { Env } from '../env';

const MIN_SECRET_LENGTH = 16;

export type Authorisation = { kind: 'ok' } | { kind: 'denied' } | { kind: 'unconfigured'; message: string };

/**
 * `Authorization: Bearer $CRON_SECRET`, or the legacy header `x-cron-secret`; `CRON_SECRET_PREVIOUS` is
 * accepted too, for a rotation without a failed run. Compared in constant time, values trimmed. Without a
 * secret, or with a weak one, nobody is let in.
 */
export function authorise(headers: Headers, env: Pick<Env, 'CRON_SECRET' | 'CRON_SECRET_PREVIOUS'>): Authorisation {
  const { CRON_SECRET: secret, CRON_SECRET_PREVIOUS: previous } = env;
  if (secret === undefined || secret.length < MIN_SECRET_LENGTH) {
    const what = secret === undefined ? 'is not set' : `is shorter than ${String(MIN_SECRET_LENGTH)} characters`;
    return { kind: 'unconfigured', message: `CRON_SECRET ${what}. Set a random one, e.g. from: openssl rand -hex 32` };
  }
  const given = bearerOf(headers.get('authorization')) ?? headers.get('x-cron-secret')?.trim();
  if (!given) return { kind: 'denied' };
  const accepted = [secret, ...(previous !== undefined && previous.length >= MIN_SECRET_LENGTH ? [previous] : [])];
  // Every accepted secret is compared, so that time does not tell which one it was.
  const matches = accepted.map((candidate) => isEqual(given, candidate));
  return matches.includes(true) ? { kind: 'ok' } : { kind: 'denied' };
}

function bearerOf(header: string | null): string | undefined {
  const match = header === null ? null : /^bearer\s+(.+)$/i.exec(header.trim());
  return match?.[1]?.trim();
}

/** Hashed first: equal lengths, and nothing about the secret's own. */
function isEqual(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
