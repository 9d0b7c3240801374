/**
 * Alarms: what is the matter, whom it concerns, who was told. `watch` is called every minute by its cron route; everything here
 * may be done twice, by two processes at once, and tells nobody twice.
 */
import { parseCredentialKeys } from './credentials';
import { bounded, db as processDb, type Db } from './db';
import { env, type Env } from './env';
import { openAlarmRoute, type Destination } from './ops/alarm-routes';
import { readWatchedCalendars } from './ops/calendars';
import { deliverNotices, type Delivered } from './ops/deliver';
import { readOpsFacts } from './ops/facts';
import { findingsOf, type Finding, type WatchSettings } from './ops/findings';
import { reconcile, type Reconciled } from './ops/reconcile';
import { ping, sendMessage, type SendResult } from './ops/send';
import { createHttpTransport } from './providers/http';
import type { CalendarProvider } from './providers/errors';
import type { ApiTransport } from './providers/types';

export { ALARM_KINDS, type AlarmKind, type Finding } from './ops/findings';
export { listAlarmRoutes, removeAlarmRoute, setAlarmRoute, type AlarmRouteInput, type AlarmRouteListing } from './ops/alarm-routes';

export interface AlarmContext {
  db: Db;
  env: Env;
  transport: ApiTransport;
}

export interface WatchReport extends Reconciled {
  /** What is the matter now. */
  found: Finding[];
  notices: Delivered;
}

const READ_TIMEOUT_MS = 5_000;
const DEFAULT_TARGETS = { slack: 'default:slack', email: 'default:email' } as const;

/** Looks at everything, keeps the alarms, and sends what is due. @param now default: the database's clock */
export async function watch({ db, env: from, transport }: AlarmContext, now?: number): Promise<WatchReport> {
  const facts = await readOpsFacts(db, READ_TIMEOUT_MS);
  const calendars = await readWatchedCalendars(db, from.AVAILABILITY_MAX_AGE_MS, READ_TIMEOUT_MS);
  const at = now ?? facts.now;
  const found = findingsOf({ ...facts, now: at }, calendars, watchSettings(from));
  const reconciled = await reconcile(db, found, await readTargets(db, from), at);
  const notices = await deliverNotices(db, (target) => destinationOf(db, from, target), (destination, message) => sendMessage(transport, destination, message), at);
  return { found, ...reconciled, notices };
}

/** What is the matter now, without keeping or sending anything: for `status` and the console. */
export async function readFindings(db: Db, from: Env): Promise<Finding[]> {
  const facts = await readOpsFacts(db, READ_TIMEOUT_MS);
  return findingsOf(facts, await readWatchedCalendars(db, from.AVAILABILITY_MAX_AGE_MS, READ_TIMEOUT_MS), watchSettings(from));
}

export interface AlarmListing {
  id: string;
  kind: string;
  /** A workspace's, an agency's or a provider's id; empty: the whole app. */
  subject: string;
  agencyId: string | null;
  message: string;
  openedAt: string;
  lastSeenAt: string;
  /** Null: it is open. */
  closedAt: string | null;
  /** Somebody was told; false also while no destination is configured. */
  isDelivered: boolean;
}

/** Open alarms, the newest first; with `closedSince` also those that ended after it. At most 500. */
export async function readAlarms(db: Db, options: { closedSince?: Date; agencyId?: string; subject?: string } = {}): Promise<AlarmListing[]> {
  const rows = await bounded(READ_TIMEOUT_MS, () => db.alarm.findMany({
    where: {
      ...(options.closedSince ? { OR: [{ closedAt: null }, { closedAt: { gte: options.closedSince } }] } : { closedAt: null }),
      ...(options.agencyId === undefined ? {} : { agencyId: options.agencyId }),
      ...(options.subject === undefined ? {} : { subject: options.subject }),
    },
    include: { notices: { where: { deliveredAt: { not: null } }, select: { id: true }, take: 1 } },
    orderBy: [{ openedAt: 'desc' }, { id: 'asc' }], take: 500,
  }));
  return rows.map(({ notices, openedAt, lastSeenAt, closedAt, details: _, ...row }) => ({
    ...row, openedAt: openedAt.toISOString(), lastSeenAt: lastSeenAt.toISOString(), closedAt: closedAt?.toISOString() ?? null, isDelivered: notices.length > 0,
  }));
}

/** Sends a test message to a route. The URL is in no error. */
export async function testAlarmRoute({ db, env: from, transport }: AlarmContext, target: string): Promise<SendResult> {
  const destination = await destinationOf(db, from, target);
  return await sendMessage(transport, destination, { subject: 'Availability cache: a test', text: 'Alarms arrive here.' });
}

/** Tells the dead man's switch that a sweep was good. */
export async function beat(transport: ApiTransport, url: string, timeoutMs: number): Promise<SendResult> {
  return await ping(transport, url, timeoutMs);
}

/** Whose limit turned the sweep off; null: it is on. */
export function sweepDisabledBy(from: Env): string | null {
  const { AVAILABILITY_CRON_WORKSPACE_LIMIT: own, AVAILABILITY_CRON_LIMIT: legacy } = from;
  if (own !== undefined) return own === 0 ? 'AVAILABILITY_CRON_WORKSPACE_LIMIT' : null;
  return legacy === 0 ? 'AVAILABILITY_CRON_LIMIT' : null;
}

export function watchSettings(from: Env): WatchSettings {
  const hosts: [string, CalendarProvider][] = [
    [from.CALENDLY_BOOKING_ORIGIN, 'calendly'], [from.CALENDLY_API_ORIGIN, 'calendly'], [from.HUBSPOT_MEETINGS_ORIGIN, 'hubspot'],
    [from.HUBSPOT_API_ORIGIN, 'hubspot'], [from.GHL_BACKEND_ORIGIN, 'ghl'], [from.GHL_API_ORIGIN, 'ghl'],
  ];
  return {
    disabledBy: sweepDisabledBy(from),
    timeBudgetMs: from.AVAILABILITY_CRON_TIME_BUDGET_MS,
    ttlMs: from.AVAILABILITY_CACHE_TTL_MS,
    oldestAgeMs: from.ALARM_OLDEST_AGE_MS ?? from.AVAILABILITY_MAX_AGE_MS,
    providerHosts: new Map(hosts.map(([origin, provider]) => [new URL(origin).host, provider])),
  };
}

/** A workspace's own routes, else its agency's, else the default ones. */
async function readTargets(db: Db, from: Env): Promise<(finding: Finding) => string[]> {
  const routes = await bounded(READ_TIMEOUT_MS, () => db.alarmRoute.findMany({ select: { id: true, scope: true, scopeId: true } }));
  const byScope = new Map<string, string[]>();
  for (const { id, scope, scopeId } of routes) byScope.set(`${scope} ${scopeId}`, [...(byScope.get(`${scope} ${scopeId}`) ?? []), id]);
  const defaults = [
    ...(from.ALARM_SLACK_WEBHOOK_URL === undefined ? [] : [DEFAULT_TARGETS.slack]),
    ...(from.ALARM_EMAIL_WEBHOOK_URL === undefined ? [] : [DEFAULT_TARGETS.email]),
  ];
  return ({ workspaceId, agencyId }) => byScope.get(`workspace ${workspaceId ?? ''}`) ?? byScope.get(`agency ${agencyId ?? ''}`) ?? defaults;
}

async function destinationOf(db: Db, from: Env, target: string): Promise<Destination> {
  const { ALARM_SLACK_WEBHOOK_URL: slack, ALARM_EMAIL_WEBHOOK_URL: url, ALARM_EMAIL_TO: recipient, CREDENTIALS_KEY: keys } = from;
  if (target === DEFAULT_TARGETS.slack) {
    if (slack === undefined) throw new Error('ALARM_SLACK_WEBHOOK_URL is not set');
    return { channel: 'slack', url: slack };
  }
  if (target === DEFAULT_TARGETS.email) {
    if (url === undefined || recipient === undefined) throw new Error('ALARM_EMAIL_WEBHOOK_URL is not set');
    return { channel: 'email', url, recipient };
  }
  if (keys === undefined) throw new Error('CREDENTIALS_KEY is not set');
  return await openAlarmRoute(db, target, parseCredentialKeys(keys));
}

const processWide = globalThis as { alarmTransport?: ApiTransport };

/** The process's own connections: every address is guarded, `OUTBOUND_ALLOW_HOSTS` are exempt. */
export function alarmTransport(from: Env): ApiTransport {
  processWide.alarmTransport ??= createHttpTransport({ allowHosts: from.OUTBOUND_ALLOW_HOSTS, trustedOrigins: [] });
  return processWide.alarmTransport;
}

/** The process's own. @throws EnvError */
export function processAlarms(from: Env = env()): AlarmContext {
  return { db: processDb(from), env: from, transport: alarmTransport(from) };
}
