/**
 * Keeps what is really sent with a credential to the pace at which its places were reserved. A request that is late (a full
 * lane, a busy process, a slow answer before it) would otherwise crowd into the places of those behind it; and one that the
 * vendor told to wait would not stop the others.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock';
import { ProviderError } from '../providers/errors';
import { CATCH_UP, VENDOR_LIMITS } from './quota';
import type { WorkItem } from './types';

type Paced = Pick<WorkItem, 'credential' | 'link' | 'notBefore' | 'requestIntervalMs'>;

export class SendPace {
  /** When the next request would be due, were every one on time (GCRA's theoretical arrival time). */
  private readonly nextAt = new Map<string, number>();
  private readonly blockedUntil = new Map<string, number>();
  private readonly sentOf = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** Epoch milliseconds before which it must not start; null: it has no pace. */
  heldUntil(item: Paced): number | null {
    const { credential, requestIntervalMs } = item;
    if (!credential || requestIntervalMs === null) return null;
    return Math.max(this.dueAt(item, credential.quotaKey), this.blockedUntil.get(credential.quotaKey) ?? 0);
  }

  /**
   * Resolves when the item's next request may be sent.
   * @throws ProviderError `rate_limited` when the vendor said to wait, to whichever item; the signal's reason
   */
  async turn(item: Paced, signal: AbortSignal): Promise<void> {
    const { credential, link, requestIntervalMs } = item;
    if (!credential || requestIntervalMs === null || link.provider === 'unknown') return;
    const { quotaKey } = credential;
    const at = Math.max(this.clock.now(), this.dueAt(item, quotaKey));
    this.nextAt.set(quotaKey, Math.max(this.nextAt.get(quotaKey) ?? 0, at) + requestIntervalMs);
    const waitMs = at - this.clock.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    const blockedMs = (this.blockedUntil.get(quotaKey) ?? 0) - this.clock.now();
    if (blockedMs > 0) {
      throw new ProviderError({
        vendor: link.provider, kind: 'rate_limited', retryAfterMs: blockedMs,
        message: 'The vendor said to wait, to another request with the same credential; this one was not sent.',
      });
    }
    this.sentOf.set(quotaKey, (this.sentOf.get(quotaKey) ?? 0) + 1);
  }

  /** Requests sent with each credential, and how long they last at its pace (epoch milliseconds). */
  sent(): { quotaKey: string; requests: number; nextFreeAt: number | null }[] {
    return [...this.sentOf].map(([quotaKey, requests]) => ({ quotaKey, requests, nextFreeAt: this.nextAt.get(quotaKey) ?? null }));
  }

  /** The vendor said so. */
  block(quotaKey: string, until: number): void {
    this.blockedUntil.set(quotaKey, Math.max(this.blockedUntil.get(quotaKey) ?? 0, until));
  }

  private dueAt({ link, notBefore }: Paced, quotaKey: string): number {
    const next = this.nextAt.get(quotaKey);
    const windowMs = link.provider === 'unknown' ? 0 : VENDOR_LIMITS[link.provider].windowMs;
    return Math.max(notBefore ?? 0, next === undefined ? 0 : next - CATCH_UP * windowMs);
  }
}
