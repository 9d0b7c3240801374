/** What is known of one time of one workspace, beside the answer that readers get. One statement. */
import { bounded, Prisma, type Db } from '../db';
import { epochMs, instantOf, timezoneSql } from '../refresh/configured';
import { WorkspaceNotFoundError } from '../refresh/read';

export interface TimeOffer {
  lead: string;
  state: string;
  channel: string;
  offeredAtMs: number;
}

/** The last transition that named the time, in one direction. */
export interface SlotChange {
  atMs: number;
  runId: string | null;
}

export interface WhyNotFacts {
  name: string;
  timezone: string;
  workingHours: unknown;
  offerWeekends: boolean;
  minNoticeMinutes: number;
  /** The stored list has it, whether readers are given it or not. */
  isStored: boolean;
  /** Bookings that overlap a meeting at the time; the lead's address where it is one of a lead. */
  bookings: { startMs: number; endMs: number; source: string; lead: string | null }[];
  /** Live offers of it. */
  offers: TimeOffer[];
  appeared: SlotChange | null;
  disappeared: SlotChange | null;
  /** Since the history begins: before it nothing is known of slots. */
  historyFromMs: number | null;
  /** The last sweep that may have read the calendar, at or after its last success. */
  lastRunId: string | null;
}

/** @throws WorkspaceNotFoundError */
export async function readWhyNotFacts(db: Db, workspaceId: string, instantMs: number, timeoutMs: number): Promise<WhyNotFacts> {
  const at = instantOf(Prisma.sql`${instantMs}::float8`);
  const change = (column: string): Prisma.Sql => Prisma.sql`
    (SELECT json_build_object('atMs', ${epochMs(Prisma.sql`t.at`)}, 'runId', t."runId") FROM "WorkspaceTransition" t
     WHERE t."clientId" = c.id AND t.kind = 'changed' AND ${at} = ANY(t.${Prisma.raw(`"${column}"`)}) ORDER BY t.at DESC LIMIT 1)`;
  const rows = await bounded(timeoutMs, () => db.$queryRaw<WhyNotFacts[]>`
    SELECT c.name, ${timezoneSql} AS timezone, w."workingHours", COALESCE(w."offerWeekends", false) AS "offerWeekends",
      COALESCE(w."firstTouchMinNoticeMinutes", 120) AS "minNoticeMinutes",
      COALESCE(${at} = ANY(k."slotsUtc"), false) AS "isStored",
      COALESCE((SELECT json_agg(json_build_object('startMs', ${epochMs(Prisma.sql`b."startsAt"`)}, 'endMs', ${epochMs(Prisma.sql`b."endsAt"`)}, 'source', b.source, 'lead', d.email) ORDER BY b."startsAt")
        FROM "Booking" b LEFT JOIN "Lead" d ON d.id = b."leadId"
        WHERE b."clientId" = c.id AND b."cancelledAt" IS NULL AND b."endsAt" > ${at}
          AND b."startsAt" < ${at} + COALESCE(k."slotDurationMinutes", w."meetingDurationMinutes", 30) * interval '1 minute'), '[]') AS bookings,
      COALESCE((SELECT json_agg(json_build_object('lead', d.email, 'state', o.state, 'channel', o.channel, 'offeredAtMs', ${epochMs(Prisma.sql`o."offeredAt"`)}) ORDER BY o."offeredAt" DESC)
        FROM (SELECT * FROM "SlotOffer" WHERE "clientId" = c.id AND "slotUtc" = ${at} AND state IN ('prepared', 'sent') ORDER BY "offeredAt" DESC LIMIT 20) o
          JOIN "Lead" d ON d.id = o."leadId"), '[]') AS offers,
      ${change('slotsAdded')} AS appeared, ${change('slotsRemoved')} AS disappeared,
      (SELECT ${epochMs(Prisma.sql`min(t.at)`)} FROM "WorkspaceTransition" t WHERE t."clientId" = c.id) AS "historyFromMs",
      (SELECT r.id FROM "CronRun" r WHERE r.job = 'availability' AND r."startedAt" <= s."succeededAt" + interval '1 second' AND r.outcome NOT IN ('locked', 'disabled')
         AND (r.counts IS NULL OR NOT r.counts ? 'workspaceId' OR r.counts->>'workspaceId' = c.id)
         AND (r."finishedAt" IS NULL OR r."finishedAt" >= s."succeededAt") ORDER BY r."startedAt" DESC LIMIT 1) AS "lastRunId"
    FROM "Client" c LEFT JOIN "WorkspaceSettings" w ON w."clientId" = c.id
      LEFT JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = c.id
      LEFT JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id
    WHERE c.id = ${workspaceId}`);
  const [row] = rows;
  if (!row) throw new WorkspaceNotFoundError(workspaceId);
  return row;
}
