import { expect, it } from 'vitest';
import { cookieRulesFor, isPassword, issueSession, readSession, safeReturnPath, SESSION_MS, sessionKeyOf } from '@/lib/console/session';

const NOW = Date.UTC(2027, 0, 15, 12);
const key = sessionKeyOf('a-password-of-a-test');
const { token, expiresAt } = issueSession(key, NOW);

it('lets in who was signed in, until the session is over', () => {
  expect(readSession(key, token, NOW)?.expiresAt).toBe(expiresAt);
  expect(readSession(key, token, expiresAt - 1)).not.toBeNull();
  expect(readSession(key, token, expiresAt)).toBeNull();
});

it('a new password ends every session', () => {
  expect(readSession(sessionKeyOf('another-password'), token, NOW)).toBeNull();
});

it('a session in which any character was changed, added or taken away is none', () => {
  for (let at = 0; at < token.length; at++) {
    const other = token[at] === 'A' ? 'B' : 'A';
    // The last character of an unpadded base64 text holds two bits that mean nothing; the text is compared, not the bytes.
    expect(readSession(key, token.slice(0, at) + other + token.slice(at + 1), NOW), `changed at ${String(at)}`).toBeNull();
    expect(readSession(key, token.slice(0, at), NOW), `cut at ${String(at)}`).toBeNull();
  }
  for (const longer of [`${token}A`, ` ${token}`, `${token}\n`, token + token]) expect(readSession(key, longer, NOW)).toBeNull();
});

it('nothing is no session, and neither is an unsigned one or one that never ends', () => {
  const [version, , id] = token.split('.');
  for (const forged of [undefined, '', 'v1', 'v1...', `${version ?? ''}.${String(expiresAt)}.${id ?? ''}.`, `v1.9999999999999.${id ?? ''}.${token.split('.')[3] ?? ''}`]) {
    expect(readSession(key, forged, NOW)).toBeNull();
  }
  const fromTheFuture = issueSession(key, NOW + 10 * SESSION_MS).token;
  expect(readSession(key, fromTheFuture, NOW)).toBeNull();
});

it('knows the password, and nothing near it', () => {
  expect(isPassword('a-password-of-a-test', 'a-password-of-a-test')).toBe(true);
  for (const near of ['', 'a-password-of-a-tes', 'a-password-of-a-test ', 'A-password-of-a-test']) expect(isPassword(near, 'a-password-of-a-test')).toBe(false);
});

it('the cookie travels over https only, except on this machine', () => {
  expect(cookieRulesFor('console.example.com', true)).toEqual({ name: '__Host-console', secure: true });
  for (const host of ['localhost:3000', '127.0.0.1', '[::1]:3000']) expect(cookieRulesFor(host, true).secure).toBe(false);
  for (const host of ['localhost.example.com', '127.0.0.1.example.com', '']) expect(cookieRulesFor(host, true).secure).toBe(true);
});

it('signing in leads back to a page of ours, never to another site', () => {
  expect(safeReturnPath('/runs?job=availability')).toBe('/runs?job=availability');
  for (const bad of [null, undefined, '', 'runs', 'https://evil.example', '//evil.example', '/\\evil.example', '/\t/evil.example', '/a\\b', '/sign-in?next=/']) expect(safeReturnPath(bad)).toBe('/');
});
