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

interface Place {
  /** When its request may be sent. */
  at: number;
  /** `nextAt` before it was taken, and after. */
  was: number;
  becomes: number;
}

export class SendPace {
  /** When the next request would be due, were every one on time (GCRA's theoretical arrival time). */
  private readonly nextAt = new Map<string, number>();
  private readonly blockedUntil = new Map<string, number>();
  private readonly sentOf = new Map<string, number>();
  /** Places of items that have begun and have not asked for a turn yet. */
  private readonly begun = new Map<Paced, Place>();

  constructor(private readonly clock: Clock) {}

  /** Epoch milliseconds before which it must not start; null: it has no pace. */
  heldUntil(item: Paced): number | null {
    const { credential, requestIntervalMs } = item;
    if (!credential || requestIntervalMs === null) return null;
    return Math.max(this.dueAt(item, credential.quotaKey), this.blockedUntil.get(credential.quotaKey) ?? 0);
  }

  /** Takes the place of its first request: whoever is looked at next must not begin for the same one. To be followed by `end`. */
  begin(item: Paced): void {
    const { credential, requestIntervalMs } = item;
    if (credential && requestIntervalMs !== null) this.begun.set(item, this.take(item, credential.quotaKey, requestIntervalMs));
  }

  /** Gives its place back if it has sent nothing. */
  end(item: Paced): void {
    const place = this.begun.get(item);
    this.begun.delete(item);
    if (place && item.credential) this.giveBack(item.credential.quotaKey, place);
  }

  /**
   * Resolves when the item's next request may be sent: at once if it has no place.
   * @throws ProviderError `rate_limited` when the vendor said to wait, to whichever item; the signal's reason
   */
  async turn(item: Paced, signal: AbortSignal): Promise<void> {
    const { credential, link, requestIntervalMs } = item;
    if (!credential || link.provider === 'unknown') return;
    const { quotaKey } = credential;
    if (requestIntervalMs === null) {
      this.count(quotaKey);
      return;
    }
    const begun = this.begun.get(item);
    this.begun.delete(item);
    // One that it let pass (it waited for another's answer) is no place any more: all who waited would go at once.
    const place = begun && begun.at >= this.clock.now() - catchUpMs(link.provider) ? begun : this.take(item, quotaKey, requestIntervalMs);
    const waitMs = place.at - this.clock.now();
    if (waitMs > 0) {
      await sleep(waitMs, undefined, { signal }).catch((error: unknown) => {
        this.giveBack(quotaKey, place);
        throw error;
      });
    }
    const blockedMs = (this.blockedUntil.get(quotaKey) ?? 0) - this.clock.now();
    if (blockedMs > 0) {
      throw new ProviderError({
        vendor: link.provider, kind: 'rate_limited', retryAfterMs: blockedMs,
        message: 'The vendor said to wait, to another request with the same credential; this one was not sent.',
      });
    }
    this.count(quotaKey);
  }

  /** The vendor said so. */
  block(quotaKey: string, until: number): void {
    this.blockedUntil.set(quotaKey, Math.max(this.blockedUntil.get(quotaKey) ?? 0, until));
  }

  /** Requests sent with a credential, and how long they last at its pace (epoch milliseconds; null: they had none). */
  sentWith(quotaKey: string): { requests: number; nextFreeAt: number | null } {
    return { requests: this.sentOf.get(quotaKey) ?? 0, nextFreeAt: this.nextAt.get(quotaKey) ?? null };
  }

  private count(quotaKey: string): void {
    this.sentOf.set(quotaKey, (this.sentOf.get(quotaKey) ?? 0) + 1);
  }

  private take(item: Paced, quotaKey: string, intervalMs: number): Place {
    const at = Math.max(this.clock.now(), this.dueAt(item, quotaKey));
    const was = this.nextAt.get(quotaKey) ?? 0;
    const becomes = Math.max(was, at) + intervalMs;
    this.nextAt.set(quotaKey, becomes);
    return { at, was, becomes };
  }

  /** Unless somebody has the place behind it: what is free would lie before it, where a newcomer never looks. */
  private giveBack(quotaKey: string, { was, becomes }: Place): void {
    if (this.nextAt.get(quotaKey) === becomes) this.nextAt.set(quotaKey, was);
  }

  private dueAt({ link, notBefore }: Paced, quotaKey: string): number {
    const next = this.nextAt.get(quotaKey);
    return Math.max(notBefore ?? 0, next === undefined ? 0 : next - catchUpMs(link.provider));
  }
}

function catchUpMs(provider: WorkItem['link']['provider']): number {
  return provider === 'unknown' ? 0 : CATCH_UP * VENDOR_LIMITS[provider].windowMs;
}
