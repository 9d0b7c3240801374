import type { ProviderMeta } from '../providers/types';
import type { WorkItem } from './types';

/**
 * What a link was resolved to is asked again after some hours: a meeting length or an event type that was changed
 * behind the same link shows in no slot request.
 */
const RESOLVE_AGAIN_MS = 6 * 3_600_000;

/** What may be used of the stored meta: of the same configuration, and not too old. Pure. */
export function knownMeta({ stored, fingerprint }: Pick<WorkItem, 'stored' | 'fingerprint'>, now: number): ProviderMeta | undefined {
  if (stored?.slotsFingerprint !== fingerprint || stored.meta?.resolvedAt === undefined) return undefined;
  // Between half and one and a half times that, the same for a workspace each time: not all in one sweep.
  const spread = 0.5 + Number.parseInt(fingerprint.substring(0, 4), 16) / 0x1_0000;
  return now - stored.meta.resolvedAt < RESOLVE_AGAIN_MS * spread ? stored.meta : undefined;
}
