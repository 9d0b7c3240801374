/**
 * Sends the notices that are due. Those of one target go as one message. Claimed by moving `nextAttemptAt` ahead, so that of two
 * watchers one sends; one that dies after sending and before saying so sends again: twice is better than never.
 */
import { millisecondsInHour as HOUR_MS, millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import { bounded, type Db } from '../db';
import { log } from '../log';
import type { Destination } from './alarm-routes';
import type { Message, SendResult } from './send';

export interface Delivered {
  delivered: number;
  failed: number;
  givenUp: number;
}

interface Notice {
  id: string;
  kind: 'opened' | 'reminder' | 'closed';
  target: string;
  attempts: number;
  createdAt: Date;
  alarmKind: string;
  message: string;
  openedAt: Date;
}

const READ_TIMEOUT_MS = 5_000;
/** Longer than a send takes. */
const CLAIM_MS = 2 * MINUTE_MS;
const BATCH = 500;
const LISTED = 20;
const LONGEST_WAIT_MS = HOUR_MS;
/** A notice older than this tells nobody anything. */
const GIVE_UP_AFTER_MS = 24 * HOUR_MS;

/** When a failed delivery is tried again. Pure. */
export function retryInMs(attempts: number, askedMs: number | undefined): number {
  return Math.max(Math.min(MINUTE_MS * 2 ** Math.min(attempts - 1, 10), LONGEST_WAIT_MS), askedMs ?? 0);
}

/**
 * @param destinationOf where a target is; throws when it cannot be had any more
 * @param now epoch milliseconds, by the database's clock
 */
export async function deliverNotices(
  db: Db, destinationOf: (target: string) => Promise<Destination>, send: (destination: Destination, message: Message) => Promise<SendResult>, now: number,
): Promise<Delivered> {
  const at = new Date(now);
  const notices = await bounded(READ_TIMEOUT_MS, () => db.$queryRaw<Notice[]>`
    UPDATE "AlarmNotice" n SET attempts = n.attempts + 1, "nextAttemptAt" = ${new Date(now + CLAIM_MS)}
    FROM (SELECT id FROM "AlarmNotice" WHERE "deliveredAt" IS NULL AND "givenUpAt" IS NULL AND "nextAttemptAt" <= ${at}
            ORDER BY "createdAt" LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) due, "Alarm" a
    WHERE n.id = due.id AND a.id = n."alarmId"
    RETURNING n.id, n.kind::text AS kind, n.target, n.attempts, n."createdAt", a.kind AS "alarmKind", a.message, a."openedAt"`);
  const byTarget = new Map<string, Notice[]>();
  for (const notice of notices) byTarget.set(notice.target, [...(byTarget.get(notice.target) ?? []), notice]);
  const total: Delivered = { delivered: 0, failed: 0, givenUp: 0 };
  await Promise.all([...byTarget].map(async ([target, its]) => {
    const result = await sendTo(target, its, destinationOf, send);
    if (result.kind === 'failed') log().warn({ target, notices: its.length, error: result.error }, 'alarm_not_delivered');
    for (const outcome of await record(db, its, result, now)) total[outcome]++;
  }));
  return total;
}

async function sendTo(
  target: string, notices: Notice[], destinationOf: (target: string) => Promise<Destination>, send: (destination: Destination, message: Message) => Promise<SendResult>,
): Promise<SendResult> {
  try {
    return await send(await destinationOf(target), messageOf(notices));
  } catch (error) {
    return { kind: 'failed', error: error instanceof Error ? error.message : 'unknown', retryAfterMs: undefined };
  }
}

async function record(db: Db, notices: Notice[], result: SendResult, now: number): Promise<(keyof Delivered)[]> {
  const ids = notices.map(({ id }) => id);
  if (result.kind === 'sent') {
    await bounded(READ_TIMEOUT_MS, () => db.alarmNotice.updateMany({ where: { id: { in: ids } }, data: { deliveredAt: new Date(now), lastError: null } }));
    return notices.map(() => 'delivered');
  }
  const isTooOld = ({ createdAt }: Notice): boolean => now - createdAt.getTime() > GIVE_UP_AFTER_MS;
  await bounded(READ_TIMEOUT_MS, () => db.$transaction(notices.map((notice) => db.alarmNotice.update({
    where: { id: notice.id },
    data: { lastError: result.error, nextAttemptAt: new Date(now + retryInMs(notice.attempts, result.retryAfterMs)), ...(isTooOld(notice) ? { givenUpAt: new Date(now) } : {}) },
  }))));
  return notices.map((notice) => (isTooOld(notice) ? 'givenUp' : 'failed'));
}

const WORDS = { opened: 'Alarm', reminder: 'Still', closed: 'Over' } as const;

/** One message for all notices of a target: the newest causes first, what is over last. */
export function messageOf(notices: readonly Pick<Notice, 'kind' | 'alarmKind' | 'message' | 'openedAt'>[]): Message {
  const order = Object.keys(WORDS);
  const sorted = [...notices].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const lines = sorted.slice(0, LISTED).map(({ kind, alarmKind, message, openedAt }) => {
    const since = kind === 'opened' ? '' : ` (since ${openedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC)`;
    return kind === 'closed' ? `${WORDS[kind]}: ${alarmKind}${since}. It was: ${message}` : `${WORDS[kind]}: ${alarmKind}${since}. ${message}`;
  });
  const more = sorted.length - LISTED;
  const [first] = sorted;
  const subject = sorted.length === 1 && first ? `Availability cache, ${WORDS[first.kind].toLowerCase()}: ${first.alarmKind}` : `Availability cache: ${String(sorted.length)} notices`;
  return { subject, text: [...lines, ...(more > 0 ? [`… and ${String(more)} more: npm run workspaces -- status`] : [])].join('\n') };
}
