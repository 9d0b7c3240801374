/** What a workspace's page reads, a function a panel: each is one bounded statement. */
import { boundedTransaction, Prisma, type Db } from '../db';
import type { ProviderMeta } from '../providers/types';
import { durationSql, epochMs, timezoneSql } from '../refresh/configured';
import type { WindowFacts } from './slot-map';
import { dueSql, knownWorkspaces, listed, rowJson, type ListedWorkspace, type Row } from './workspace-row';

export interface WorkspaceDetails extends ListedWorkspace {
  /** The database's clock, epoch milliseconds; so are the other instants. */
  now: number;
  lastAttemptAt: number | null;
  succeededAt: number | null;
  retryAt: number | null;
  /** Somebody is refreshing it at this moment. */
  isClaimed: boolean;
  configuration: Configuration;
  /** What the provider said besides slots; null: nothing yet. */
  meta: ProviderMeta | null;
  /** The last time that a slot appeared or disappeared. */
  changedAt: number | null;
}

/** What a person set; no secret. */
export interface Configuration {
  url: string | null;
  chosenId: string | null;
  timezone: string;
  durationMinutes: number;
  /** Fewer, in working hours of the next 7 days, is an alarm; null: none. */
  minOpenSlots: number | null;
  pausedAt: number | null;
  isAgencyPaused: boolean;
  /** Whose tokens are stored, and since when. */
  credentials: { provider: string; since: number; baseUrl: string | null }[];
  firstTouch: { isOn: boolean; offerCount: number; minNoticeMinutes: number; template: string | null; fallback: string | null };
  followUps: { isOn: boolean; template: string | null };
  workingHours: unknown;
  offerWeekends: boolean;
}

interface Answer extends Omit<WorkspaceDetails, keyof ListedWorkspace> {
  row: Row;
}

interface Bounds {
  maxAgeMs: number;
  timeoutMs: number;
}

/** Null: there is no such workspace. @throws when the database does not answer in time */
export async function readWorkspaceDetails(db: Db, id: string, { maxAgeMs, timeoutMs }: Bounds): Promise<WorkspaceDetails | null> {
  const [answers] = await boundedTransaction(db, timeoutMs, [
    db.$queryRaw<{ answer: Answer }[]>`
      SELECT json_build_object(
        'now', ${epochMs(Prisma.sql`statement_timestamp()`)}, 'row', ${rowJson(dueSql(Prisma.sql`statement_timestamp()`))},
        'lastAttemptAt', ${epochMs(Prisma.sql`s."fetchedAt"`)}, 'succeededAt', ${epochMs(Prisma.sql`s."succeededAt"`)}, 'retryAt', ${epochMs(Prisma.sql`s."retryAt"`)},
        'isClaimed', COALESCE(s."refreshingUntil" > clock_timestamp(), false), 'meta', k."providerMeta", 'changedAt', ${epochMs(Prisma.sql`k."changedAt"`)},
        'configuration', json_build_object(
          'url', l.url, 'chosenId', l."externalId", 'timezone', ${timezoneSql}, 'durationMinutes', ${durationSql}, 'minOpenSlots', w."minOpenSlots",
          'pausedAt', ${epochMs(Prisma.sql`w."pausedAt"`)}, 'isAgencyPaused', a."pausedAt" IS NOT NULL,
          'credentials', COALESCE((SELECT json_agg(json_build_object('provider', x.provider, 'since', ${epochMs(Prisma.sql`x."createdAt"`)}, 'baseUrl', x."baseUrl") ORDER BY x.provider)
            FROM "ProviderCredential" x WHERE x."clientId" = c.id), '[]'),
          'firstTouch', json_build_object('isOn', COALESCE(w."firstTouchEnabled", false), 'offerCount', COALESCE(w."firstTouchOfferCount", 2),
            'minNoticeMinutes', COALESCE(w."firstTouchMinNoticeMinutes", 120), 'template', w."firstTouchTemplate", 'fallback', w."firstTouchFallback"),
          'followUps', json_build_object('isOn', COALESCE(w."followUpsEnabled", false), 'template', w."followUpTemplate"),
          'workingHours', w."workingHours", 'offerWeekends', COALESCE(w."offerWeekends", false))) AS answer
      FROM ${knownWorkspaces} WHERE c.id = ${id}`,
  ]);
  const answer = answers[0]?.answer;
  if (!answer) return null;
  const { row, ...rest } = answer;
  return { ...listed(row, answer.now, maxAgeMs), ...rest };
}

/** What is known of every time of the window; null: there is no such workspace. */
export async function readWindow(db: Db, id: string, options: { lookaheadDays: number; timeoutMs: number }): Promise<WindowFacts | null> {
  const [answers] = await boundedTransaction(db, options.timeoutMs, [
    db.$queryRaw<{ answer: WindowFacts }[]>`
      SELECT json_build_object(
        'now', ${epochMs(Prisma.sql`t.now`)}, 'endsAt', ${epochMs(Prisma.sql`t.ends`)}, 'zone', ${timezoneSql}, 'durationMinutes', COALESCE(k."slotDurationMinutes", ${durationSql}),
        'slots', COALESCE((SELECT json_agg(${epochMs(Prisma.sql`x`)}) FROM unnest(k."slotsUtc") x WHERE x > t.now AND x < t.ends), '[]'),
        'offers', COALESCE((SELECT json_agg(json_build_array(${epochMs(Prisma.sql`o."slotUtc"`)}, o.live)) FROM (
          SELECT "slotUtc", count(*) AS live FROM "SlotOffer"
          WHERE "clientId" = c.id AND "slotUtc" > t.now AND "slotUtc" < t.ends AND state IN ('prepared', 'sent') GROUP BY 1) o), '[]'),
        'bookings', COALESCE((SELECT json_agg(json_build_array(${epochMs(Prisma.sql`b."startsAt"`)}, ${epochMs(Prisma.sql`b."endsAt"`)}, b.source) ORDER BY b."startsAt") FROM "Booking" b
          WHERE b."clientId" = c.id AND b."cancelledAt" IS NULL AND b."endsAt" > t.now AND b."startsAt" < t.ends), '[]')) AS answer
      FROM ${knownWorkspaces}
        CROSS JOIN (SELECT statement_timestamp() AS now, statement_timestamp() + ${options.lookaheadDays * 24}::int * interval '1 hour' AS ends) t
      WHERE c.id = ${id}`,
  ]);
  return answers[0]?.answer ?? null;
}
