/** What EmailBison's webhooks say, as far as it is believed: which reply to look at. Pure. */
import { z } from 'zod';

/** Events about a reply of a lead. Every one of them names the same reply, so one of them is enough. */
const REPLY_EVENTS: ReadonlySet<string> = new Set(['lead_replied', 'lead_interested', 'untracked_reply_received']);

const replyEvent = z.object({
  event: z.object({ type: z.string().max(100) }),
  data: z.object({ reply: z.object({ id: z.union([z.int().positive(), z.string().regex(/^[1-9]\d{0,14}$/)]).transform(Number) }) }),
});
const anyEvent = z.object({ event: z.object({ type: z.string().max(100) }) });

export type WebhookPayload =
  | { kind: 'reply'; replyId: number }
  /** Of another type: nothing to do. */
  | { kind: 'other'; type: string }
  | { kind: 'unreadable' };

/** Relays wrap the payload once more in `data` or `payload`. */
export function readPayload(body: unknown): WebhookPayload {
  const candidates = [body, ...(isRecord(body) ? [body.data, body.payload] : [])];
  const found = candidates.find((candidate) => anyEvent.safeParse(candidate).success);
  const named = anyEvent.safeParse(found);
  if (!named.success) return { kind: 'unreadable' };
  const type = normalisedType(named.data.event.type);
  if (!REPLY_EVENTS.has(type)) return { kind: 'other', type };
  const event = replyEvent.safeParse(found);
  return event.success ? { kind: 'reply', replyId: event.data.data.reply.id } : { kind: 'unreadable' };
}

/** `LEAD_REPLIED`, `lead_replied` and `lead.replied` are one type. */
export function normalisedType(type: string): string {
  return type.trim().toLowerCase().replace(/[^a-z0-9]+/g, '_').slice(0, 60);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
