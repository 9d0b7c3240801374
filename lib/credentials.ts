/**
 * Secrets at rest, providers' tokens and addresses of alarms: AES-256-GCM, bound to whom they belong to, so that a
 * row copied to another workspace does not open.
 *
 * `CREDENTIALS_KEY` is `keyId:base64 of 32 bytes`, several separated by commas: the first seals, every one
 * opens. `lib/credential-rotation.ts` moves what is stored from one key to the next.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

export interface CredentialKeys {
  /** Id of the key that seals. */
  readonly current: string;
  readonly byId: ReadonlyMap<string, Buffer>;
}

/** Whose credential it is; a sealed one opens only for the same. */
export interface CredentialOwner {
  clientId: string;
  provider: 'calendly' | 'hubspot' | 'ghl' | 'emailbison' | 'webhook';
}

export interface SealedCredential {
  ciphertext: Uint8Array<ArrayBuffer>;
  keyId: string;
}

/** Names key ids and never a key or a token. */
export class CredentialError extends Error {
  override name = 'CredentialError';
}

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** First byte of a ciphertext: its layout, version 1 = iv, tag, text. */
const LAYOUT = 1;

/** @throws CredentialError */
export function parseCredentialKeys(text: string): CredentialKeys {
  const byId = new Map<string, Buffer>();
  for (const entry of text.split(',').map((part) => part.trim()).filter(Boolean)) {
    const at = entry.indexOf(':');
    const id = entry.slice(0, Math.max(0, at));
    if (!/^[\w.-]+$/.test(id)) throw new CredentialError('CREDENTIALS_KEY must be keyId:base64 of 32 bytes, several separated by commas.');
    const key = Buffer.from(entry.slice(at + 1), 'base64');
    if (key.length !== KEY_BYTES) throw new CredentialError(`Key "${id}" in CREDENTIALS_KEY must be 32 bytes in base64; it has ${String(key.length)}. Make one with: openssl rand -base64 32`);
    if (byId.has(id)) throw new CredentialError(`CREDENTIALS_KEY names key "${id}" twice.`);
    byId.set(id, key);
  }
  const [current] = byId.keys();
  if (current === undefined) throw new CredentialError('CREDENTIALS_KEY is empty.');
  return { current, byId };
}

export function sealCredential(keys: CredentialKeys, owner: CredentialOwner, plaintext: string): SealedCredential {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(keys), iv).setAAD(boundTo(owner));
  const text = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return { ciphertext: new Uint8Array(Buffer.concat([Buffer.of(LAYOUT), iv, cipher.getAuthTag(), text])), keyId: keys.current };
}

/** @throws CredentialError when its key is not configured, or it was altered or belongs to another owner */
export function openCredential(keys: CredentialKeys, owner: CredentialOwner, sealed: { ciphertext: Uint8Array; keyId: string }): string {
  const key = keys.byId.get(sealed.keyId);
  if (!key) throw new CredentialError(`The ${nameOf(owner)} was sealed with key "${sealed.keyId}", which CREDENTIALS_KEY does not hold (it has: ${[...keys.byId.keys()].join(', ')}).`);
  const bytes = Buffer.from(sealed.ciphertext);
  const [ivEnd, tagEnd] = [1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES];
  try {
    if (bytes[0] !== LAYOUT) throw new Error('unknown layout');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, ivEnd), { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(owner)).setAuthTag(bytes.subarray(ivEnd, tagEnd));
    return Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()]).toString('utf8');
  } catch {
    throw new CredentialError(`The ${nameOf(owner)} does not open with key "${sealed.keyId}": it was altered, or sealed with another key of that name. Enter it again.`);
  }
}

/**
 * Equal for workspaces that share a token, which share its quota. Its key is this fixed purpose and not one of
 * `CREDENTIALS_KEY`, so that a rotation does not split a quota in two: vendors' tokens are long and random, and
 * cannot be found from their hash by trying.
 */
export function quotaKeyOf(provider: CredentialOwner['provider'], token: string): string {
  return createHmac('sha256', 'availability-cache quota key 1').update(`${provider}\0${token}`).digest('base64url').slice(0, 27);
}

function sealingKey({ current, byId }: CredentialKeys): Buffer {
  const key = byId.get(current);
  if (key) return key;
  throw new CredentialError(`There is no key "${current}" to seal with.`);
}

const boundTo = ({ clientId, provider }: CredentialOwner): Buffer => Buffer.from(JSON.stringify(['credential', clientId, provider]));
const nameOf = ({ clientId, provider }: CredentialOwner): string => `${provider} credential of workspace ${clientId}`;
