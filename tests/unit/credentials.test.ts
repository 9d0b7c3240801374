import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCredential, parseCredentialKeys, quotaKeyOf, sealCredential } from '../../lib/credentials';

const secretOf = (): string => randomBytes(32).toString('base64');
const [first, second] = [secretOf(), secretOf()];
const owner = { clientId: 'w1', provider: 'calendly' as const };
const TOKEN = 'pat-very-secret-token';

describe('sealing', () => {
  it('opens what it sealed, and never seals the same way twice', () => {
    const keys = parseCredentialKeys(`k1:${first}`);
    const [a, b] = [sealCredential(keys, owner, TOKEN), sealCredential(keys, owner, TOKEN)];
    expect(openCredential(keys, owner, a)).toBe(TOKEN);
    expect(Buffer.from(a.ciphertext).equals(b.ciphertext)).toBe(false);
    expect(Buffer.from(a.ciphertext).toString('latin1')).not.toContain(TOKEN);
  });

  it('the first key seals and every key opens, so keys can be rotated', () => {
    const old = sealCredential(parseCredentialKeys(`k1:${first}`), owner, TOKEN);
    const rotated = parseCredentialKeys(`k2:${second}, k1:${first}`);
    expect(openCredential(rotated, owner, old)).toBe(TOKEN);
    expect(sealCredential(rotated, owner, TOKEN).keyId).toBe('k2');
  });

  it.each([
    ['another workspace', { ...owner, clientId: 'w2' }],
    ['another provider', { ...owner, provider: 'ghl' as const }],
  ])('does not open for %s', (_which, other) => {
    const keys = parseCredentialKeys(`k1:${first}`);
    expect(() => openCredential(keys, other, sealCredential(keys, owner, TOKEN))).toThrow(/does not open with key "k1"/);
  });

  it('does not open when any one byte was changed, or the end was cut off', () => {
    const keys = parseCredentialKeys(`k1:${first}`);
    const sealed = sealCredential(keys, owner, TOKEN);
    for (let at = 0; at < sealed.ciphertext.length; at++) {
      const changed = Uint8Array.from(sealed.ciphertext, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => openCredential(keys, owner, { ...sealed, ciphertext: changed })).toThrow(/does not open/);
    }
    for (const length of [0, 1, 13, 20, sealed.ciphertext.length - 1]) {
      expect(() => openCredential(keys, owner, { ...sealed, ciphertext: sealed.ciphertext.subarray(0, length) })).toThrow(/does not open/);
    }
  });

  it('a missing key is named, and no error holds a key or the token', () => {
    const sealed = sealCredential(parseCredentialKeys(`k1:${first}`), owner, TOKEN);
    const attempt = (): string => openCredential(parseCredentialKeys(`k2:${second}`), owner, sealed);
    expect(attempt).toThrow(/sealed with key "k1", which CREDENTIALS_KEY does not hold \(it has: k2\)/);
    expect(attempt).not.toThrow(second);
  });
});

describe('parsing CREDENTIALS_KEY', () => {
  it.each([
    ['', /empty/],
    [first, /keyId:base64/],
    [`k1:${randomBytes(16).toString('base64')}`, /"k1".*32 bytes.*has 16/],
    [`k1:${first},k1:${second}`, /"k1" twice/],
  ])('refuses %#', (text, message) => {
    expect(() => parseCredentialKeys(text)).toThrow(message);
  });

  it('takes base64url and base64 without padding', () => {
    expect(parseCredentialKeys(`k1:${randomBytes(32).toString('base64url')}`).current).toBe('k1');
  });
});

describe('the quota key', () => {
  it('is equal for the same token and provider only, and does not hold the token', () => {
    expect(quotaKeyOf('hubspot', TOKEN)).toBe(quotaKeyOf('hubspot', TOKEN));
    expect(new Set([quotaKeyOf('hubspot', TOKEN), quotaKeyOf('calendly', TOKEN), quotaKeyOf('hubspot', `${TOKEN}2`)]).size).toBe(3);
    expect(quotaKeyOf('hubspot', TOKEN)).not.toContain(TOKEN);
  });
});
