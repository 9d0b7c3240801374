/** What came of "refresh now", in words. Pure. */
import type { BulkProgress } from '../operator/refresh';
import { lengthText, plural } from './words';

const SKIPPED: Record<Extract<BulkProgress['outcome'], { kind: 'skipped' }>['reason'], string> = {
  paused: 'Not read: it is paused.',
  notConfigured: 'Not read: it has no calendar link. Set one below.',
  claimed: 'Not read now: somebody else is reading it at this moment.',
  backoff: 'Not read: it is tried again later.',
  breaker: 'Not read: its provider is in trouble and left alone for a while.',
  quota: "Not read: the credential's quota is used up for now.",
  deleted: 'Not read: the workspace was removed.',
  timeUp: 'Not read: the time was over. The sweep reads it.',
};

export function refreshOutcomeText(outcome: BulkProgress['outcome']): string {
  if (outcome.kind === 'refreshed') return `Read ${plural(outcome.slotCount, 'slot')} in ${lengthText(outcome.durationMs)}; ${outcome.changed ? 'they changed' : 'nothing changed'}.`;
  return outcome.kind === 'failed' ? outcome.message : SKIPPED[outcome.reason];
}
