/** One message to one destination. An error names a kind and a status, never the URL: an incoming webhook's path is its secret. */
import { z } from 'zod';
import { ProviderError } from '../providers/errors';
import type { ApiTransport } from '../providers/types';
import type { Destination } from './alarm-routes';

export type SendResult = { kind: 'sent' } | { kind: 'failed'; error: string; retryAfterMs: number | undefined };

export interface Message {
  subject: string;
  text: string;
}

const SEND_TIMEOUT_MS = 10_000;

/** Slack's own three; everything else is text. */
const escapeSlack = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export async function sendMessage(transport: ApiTransport, destination: Destination, { subject, text }: Message): Promise<SendResult> {
  const body = destination.channel === 'slack' ? { text: escapeSlack(`*${subject}*\n${text}`) } : { to: destination.recipient, subject, text };
  return await call(transport, 'POST', destination.url, SEND_TIMEOUT_MS, body);
}

/** Asks the dead man's switch. */
export async function ping(transport: ApiTransport, url: string, timeoutMs: number): Promise<SendResult> {
  return await call(transport, 'GET', url, timeoutMs);
}

async function call(transport: ApiTransport, method: 'GET' | 'POST', url: string, timeoutMs: number, body?: unknown): Promise<SendResult> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await transport.apiClient().send({ vendor: 'webhook', method, url: new URL(url), body, schema: z.unknown(), signal, guarded: true });
    return { kind: 'sent' };
  } catch (error) {
    if (!(error instanceof ProviderError)) return { kind: 'failed', error: error instanceof Error ? error.name : 'unknown', retryAfterMs: undefined };
    // The status alone counts: Slack answers "ok", others HTML.
    if (error.status !== undefined && error.status >= 200 && error.status < 300) return { kind: 'sent' };
    return { kind: 'failed', error: error.status === undefined ? error.kind : `${error.kind} (status ${String(error.status)})`, retryAfterMs: error.retryAfterMs };
  }
}
