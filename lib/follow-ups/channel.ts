/** What a way of reaching a lead is: a channel makes the request, asks first where it can, and sends once. */
import { ProviderError } from '../providers/errors';
import type { ApiClient } from '../providers/types';

/** What a channel sends to, opened: never logged, never stored. */
export interface Destination {
  baseUrl: string;
  /** EmailBison's token, or the webhook's signing secret. */
  secret: string;
}

export interface Delivery {
  followUpId: string;
  workspaceId: string;
  leadEmail: string;
  leadName: string | null;
  thread: unknown;
  destination: Destination;
}

/** A delivery whose address and thread are right: from here on only the network can fail. */
export interface Outgoing {
  /** Whoever shares it shares a receiver: when that one is down or says to wait, others of it wait too. */
  receiver: string;
  /** Reads without changing anything, so that a receiver that is down costs no unclear send. @throws ProviderError */
  ask?: (http: ApiClient, signal: AbortSignal) => Promise<void>;
  /** @throws ProviderError */
  send: (message: string, http: ApiClient, signal: AbortSignal) => Promise<void>;
}

export interface Channel {
  /** Whether the receiver tells a repetition by its key: only then is an unclear delivery made again. */
  isIdempotent: boolean;
  /** What is wrong with a thread when a follow-up is made; null: nothing. */
  checkThread: (thread: unknown) => string | null;
  /** @throws UnusableDeliveryError */
  prepare: (delivery: Delivery) => Outgoing;
  /** What an error of `send` says of the delivery. */
  resultOf: (error: ProviderError) => Failure | 'delivered';
}

/** The row itself is at fault, not the network. */
export class UnusableDeliveryError extends Error {
  override name = 'UnusableDeliveryError';
}

export type Failure =
  /** Certainly not sent. `isFinal`: the same request will be refused again. */
  | { kind: 'refused'; isFinal: boolean }
  /** It may have been sent. */
  | { kind: 'unclear' };

export type DeliveryResult =
  | { kind: 'delivered' }
  | (Failure & { message: string; retryAfterMs: number | undefined; isReceiverDown: boolean });

/** Kinds that say something about the receiver, not about one request or one token, and that are slow to tell. */
const RECEIVER_KINDS: ReadonlySet<string> = new Set(['rate_limited', 'timeout', 'network']);

/** Carries out one step, once, and says what is known of its result. */
export async function attempt(step: (signal: AbortSignal) => Promise<void>, meaningOf: (error: ProviderError) => Failure | 'delivered', timeoutMs: number): Promise<DeliveryResult> {
  try {
    await step(AbortSignal.timeout(Math.max(1, Math.floor(timeoutMs))));
    return { kind: 'delivered' };
  } catch (error) {
    if (!(error instanceof ProviderError)) {
      return { kind: 'unclear', message: `Unexpected ${error instanceof Error ? error.name : typeof error} while sending.`, retryAfterMs: undefined, isReceiverDown: false };
    }
    const meaning = meaningOf(error);
    if (meaning === 'delivered') return { kind: 'delivered' };
    return { ...meaning, message: error.message, retryAfterMs: error.retryAfterMs, isReceiverDown: RECEIVER_KINDS.has(error.kind) };
  }
}

/** The connection was never made, so nothing was sent. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID',
]);
/** Causes are nested: the request's, the socket's, one for each address tried. */
const MAX_CAUSES = 5;

export function wasNeverConnected(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < MAX_CAUSES; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string' && NEVER_CONNECTED.has(at.code)) return true;
  }
  return false;
}
