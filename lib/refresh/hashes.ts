import { hash } from 'node:crypto';
import type { ProviderMeta } from '../providers/types';

/** 64-bit hash of a sorted slot list, signed as PostgreSQL's bigint is. */
export function slotsHashOf(slots: Float64Array): bigint {
  return hash('sha1', slots, 'buffer').readBigInt64LE();
}

/** 64-bit hash of everything that the cold row says: equal to the stored one means nothing to write. */
export function contentHashOf(content: {
  slotsHash: bigint;
  fingerprint: string;
  durationMinutes: number;
  meta: ProviderMeta;
}): bigint {
  const { slotsHash, fingerprint, durationMinutes, meta } = content;
  const sortedMeta = Object.entries(meta).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([slotsHash.toString(), fingerprint, durationMinutes, sortedMeta]);
  return hash('sha1', text, 'buffer').readBigInt64LE();
}
