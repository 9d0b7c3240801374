/**
 * Agencies' keys for the reader API. A key is shown once, when it is made; the database holds its SHA-256.
 * That is enough for 256 random bits: nothing shorter than trying them all finds a key from its hash, so a
 * salt or a slow hash would only make every request slower.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Connection, Db } from '../db';

/** Lets a person, and a secret scanner, see what a lost text is. */
const KEY_START = 'avk_';
const KEY_BYTES = 32;
/** Enough to tell an agency's keys apart, and 36 bits of the 256. */
const PREFIX_LENGTH = KEY_START.length + 6;
const KEY_PATTERN = /^avk_[\w-]{43}$/;

export class ApiKeyError extends Error {
  override name = 'ApiKeyError';
}

export interface ApiKeyListing {
  prefix: string;
  name: string | null;
  createdAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

/** The hash that a key is stored and found by; undefined for a text that cannot be a key. */
export function hashOfKey(key: string): Uint8Array<ArrayBuffer> | undefined {
  return KEY_PATTERN.test(key) ? new Uint8Array(createHash('sha256').update(key).digest()) : undefined;
}

/** @returns the key: the only time that it can be seen @throws ApiKeyError when there is no such agency */
export async function addApiKey(db: Connection, agencyId: string, name: string | null = null): Promise<{ key: string; prefix: string }> {
  await agencyMustExist(db, agencyId);
  const key = `${KEY_START}${randomBytes(KEY_BYTES).toString('base64url')}`;
  const keyHash = hashOfKey(key);
  if (!keyHash) throw new Error('a new key does not have the form of a key');
  const prefix = key.slice(0, PREFIX_LENGTH);
  await db.apiKey.create({ data: { agencyId, name, prefix, keyHash } });
  return { key, prefix };
}

/** Newest first, the revoked ones too. */
export async function listApiKeys(db: Db, agencyId: string): Promise<ApiKeyListing[]> {
  const select = { prefix: true, name: true, createdAt: true, lastUsedAt: true, revokedAt: true } as const;
  return await db.apiKey.findMany({ where: { agencyId }, select, orderBy: [{ createdAt: 'desc' }, { id: 'asc' }] });
}

/**
 * Ends a key at once. It is named by the beginning that the list shows, or by the whole key.
 * @returns its prefix @throws ApiKeyError when none, or more than one, of the agency's live keys begins so
 */
export async function revokeApiKey(db: Connection, agencyId: string, beginning: string, at: Date): Promise<string> {
  const live = await db.apiKey.findMany({ where: { agencyId, revokedAt: null }, select: { id: true, prefix: true } });
  const meant = live.filter(({ prefix }) => (beginning.length > PREFIX_LENGTH ? beginning.startsWith(prefix) : prefix.startsWith(beginning)));
  const [only, ...others] = meant;
  const shown = live.length > 0 ? `Its live keys are: ${live.map(({ prefix }) => prefix).join(', ')}.` : 'It has no live key.';
  if (!only) throw new ApiKeyError(`Agency ${agencyId} has no live key that begins with ${JSON.stringify(beginning.slice(0, PREFIX_LENGTH))}. ${shown}`);
  if (others.length > 0) throw new ApiKeyError(`Several keys of agency ${agencyId} begin so; give more of it. ${shown}`);
  await db.apiKey.updateMany({ where: { id: only.id, revokedAt: null }, data: { revokedAt: at } });
  return only.prefix;
}

/** An agency is what workspaces say it is; its name has a row of its own only when it was given one. */
async function agencyMustExist(db: Connection, agencyId: string): Promise<void> {
  const isKnown = (await db.agency.count({ where: { id: agencyId } })) > 0 || (await db.client.count({ where: { userId: agencyId } })) > 0;
  if (!isKnown) throw new ApiKeyError(`There is no agency ${JSON.stringify(agencyId)}: no workspace belongs to it. Agencies' ids stand in: npm run workspaces -- list`);
}
