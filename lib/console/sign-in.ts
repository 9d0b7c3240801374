/** Signing in: throttle first, then the password, then a session. */
import type { Db } from '../db';
import { isPassword, issueSession, sessionKeyOf } from './session';
import { giveBack, sourceOf, takeTry } from './throttle';

export type SignIn =
  | { kind: 'signed_in'; token: string; expiresAt: number }
  | { kind: 'wrong_password' }
  | { kind: 'throttled'; retryAfterSeconds: number };

/** No password is longer; a longer text is refused before it is hashed. */
const MAX_PASSWORD_CHARS = 1_000;

/**
 * @param address who asks, as the nearest proxy saw it
 * @param now epoch milliseconds
 * @throws a database error: without the throttle nobody is let in
 */
export async function signIn(db: Db, password: string, given: string, address: string, now: number): Promise<SignIn> {
  const key = sessionKeyOf(password);
  const source = sourceOf(key, address);
  const admission = await takeTry(db, source);
  if (admission.kind === 'throttled') return admission;
  if (given.length > MAX_PASSWORD_CHARS || !isPassword(given, password)) return { kind: 'wrong_password' };
  await giveBack(db, source);
  return { kind: 'signed_in', ...issueSession(key, now) };
}

/** The last entry is the one that our own proxy wrote; those before it are whatever the caller says. */
export function addressOf(forwardedFor: string | null): string {
  return forwardedFor?.split(',').at(-1)?.trim() ?? 'unknown';
}
