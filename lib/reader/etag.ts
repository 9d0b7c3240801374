/** Entity tags (RFC 9110, 8.8.3 and 13.1.2). Pure. */
import { createHash } from 'node:crypto';

/** 128 bits: no two answers of one address will share it. */
const TAG_LENGTH = 22;

/**
 * Weak: the ages in two answers with one tag differ.
 * @param text all that the tag is of
 */
export function entityTag(text: string): string {
  return `W/"${createHash('sha256').update(text).digest('base64url').slice(0, TAG_LENGTH)}"`;
}

/** @param header of If-None-Match: tags separated by commas, or `*` for any */
export function isUnchanged(header: string | null, tag: string): boolean {
  if (header === null) return false;
  if (header.trim() === '*') return true;
  const opaque = (one: string): string => one.replace(/^W\//, '');
  return (header.match(/(?:W\/)?"[^"]*"/g) ?? []).some((given) => opaque(given) === opaque(tag));
}
