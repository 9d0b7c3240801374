/**
 * An operator's session: a signed, expiring text in a cookie, and nothing in the database. Pure.
 *
 * The key that signs is derived from the password, so a new password ends every session. The derivation is slow
 * (scrypt): a stolen cookie must not let anybody try passwords offline at the speed of a hash.
 */
import { createHash, createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

/** A working day: an operator signs in once a day, and a forgotten browser is out by the next. */
export const SESSION_MS = 12 * 60 * 60_000;

const VERSION = 'v1';
const SALT = 'availability-cache console session v1';
const SHAPE = /^v1\.(\d{13})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

export interface Session {
  /** What tells this session from others in the log; not a secret. */
  id: string;
  /** Epoch milliseconds. */
  expiresAt: number;
}

const keys = new Map<string, Buffer>();

/** About 50 ms once a password and process. */
export function sessionKeyOf(password: string): Buffer {
  let key = keys.get(password);
  if (!key) keys.set(password, (key = scryptSync(password, SALT, 32)));
  return key;
}

/** Constant time, whatever the lengths: both are hashed first. */
export function isPassword(given: string, password: string): boolean {
  return timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(password).digest());
}

/** @param now epoch milliseconds */
export function issueSession(key: Buffer, now: number): { token: string; expiresAt: number } {
  const expiresAt = now + SESSION_MS;
  const body = `${VERSION}.${String(expiresAt)}.${randomBytes(16).toString('base64url')}`;
  return { token: `${body}.${signatureOf(key, body)}`, expiresAt };
}

/** The session, or null when it was forged, cut short, signed with another password's key, or is over. */
export function readSession(key: Buffer, token: string | undefined, now: number): Session | null {
  const [, expiry = '', id = '', signature = ''] = SHAPE.exec(token ?? '') ?? [];
  const expected = signatureOf(key, `${VERSION}.${expiry}.${id}`);
  if (signature.length !== expected.length || !timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return null;
  const expiresAt = Number(expiry);
  // A longer life than is ever given was not given by this version.
  return expiresAt > now && expiresAt <= now + SESSION_MS ? { id: id.slice(0, 8), expiresAt } : null;
}

function signatureOf(key: Buffer, body: string): string {
  return createHmac('sha256', key).update(body).digest('base64url');
}

export interface CookieRules {
  name: string;
  secure: boolean;
}

/**
 * Secure wherever the app is reached through a network; on this machine alone a browser may refuse such a cookie
 * over plain http. `__Host-` keeps a sibling domain from planting one.
 * @param host the request's, with its port
 */
export function cookieRulesFor(host: string, isProduction: boolean): CookieRules {
  const secure = isProduction && !isLoopback(host);
  return { name: secure ? '__Host-console' : 'console', secure };
}

export function isLoopback(host: string): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host);
}

/** Where to go after signing in: a path of ours, never another site's. */
export function safeReturnPath(given: string | null | undefined): string {
  if (!given?.startsWith('/') || /^\/[/\\]/.test(given) || /[\u0000-\u0020\\]/.test(given)) return '/';
  return given.startsWith('/sign-in') ? '/' : given;
}
