/** SQL: the workspaces that have first touch on, and their last turns. */
import { boundedTransaction, Prisma, type Db } from '../db';
import { configuredWorkspaces, epochMs, pausedSql, timezoneSql } from '../refresh/configured';

export interface FirstTouchWorkspace {
  workspaceId: string;
  name: string;
  agencyId: string | null;
  /** Epoch milliseconds of its last turn. */
  visitedAt: number | null;
  isPaused: boolean;
  timezone: string;
  offerCount: number;
  noticeMinutes: number;
  leadTimeMinutes: number;
  /** As saved; null: the default. */
  template: string | null;
  fallbackTemplate: string | null;
  bookingLink: string | null;
  /** BCP 47; null: the default. */
  locale: string | null;
  credential: { ciphertext: Uint8Array; keyId: string; baseUrl: string | null } | null;
}

interface Row extends Omit<FirstTouchWorkspace, 'credential'> {
  ciphertext: Uint8Array | null;
  keyId: string | null;
  baseUrl: string | null;
  now: number;
}

export interface FirstTouchPlan {
  /** The database's clock, epoch milliseconds. */
  databaseNow: number;
  workspaces: FirstTouchWorkspace[];
}

/** @param workspaceId only this one, whether first touch is on or not */
export async function readFirstTouchWorkspaces(db: Db, timeoutMs: number, workspaceId?: string): Promise<FirstTouchPlan> {
  const which = workspaceId === undefined ? Prisma.sql`w."firstTouchEnabled"` : Prisma.sql`c.id = ${workspaceId}`;
  const [rows, [clock]] = await boundedTransaction<[Row[], { now: number }[]]>(db, timeoutMs, [
    db.$queryRaw<Row[]>`
      SELECT c.id AS "workspaceId", c.name, c."userId" AS "agencyId", ${epochMs(Prisma.sql`v."visitedAt"`)} AS "visitedAt",
        ${pausedSql} AS "isPaused", ${timezoneSql} AS timezone, COALESCE(w."firstTouchOfferCount", 2) AS "offerCount",
        COALESCE(w."firstTouchMinNoticeMinutes", 120) AS "noticeMinutes", COALESCE(w."firstTouchLeadTimeMinutes", 1440) AS "leadTimeMinutes",
        w."firstTouchTemplate" AS template, w."firstTouchFallback" AS "fallbackTemplate", l.url AS "bookingLink", w.locale,
        e.ciphertext, e."keyId", e."baseUrl"
      FROM ${configuredWorkspaces}
        LEFT JOIN "ProviderCredential" e ON e."clientId" = c.id AND e.provider = 'emailbison'
        LEFT JOIN "FirstTouchVisit" v ON v."clientId" = c.id
      WHERE ${which}`,
    db.$queryRaw<{ now: number }[]>`SELECT ${epochMs(Prisma.sql`clock_timestamp()`)} AS now`,
  ]);
  return {
    databaseNow: clock?.now ?? Date.now(),
    workspaces: rows.map(({ ciphertext, keyId, baseUrl, ...workspace }) => ({
      ...workspace,
      credential: ciphertext === null || keyId === null ? null : { ciphertext, keyId, baseUrl },
    })),
  };
}

/** Recorded when a workspace's turn begins: a run that is cut off has had its turn. */
export async function saveVisit(db: Db, workspaceId: string, at: number, lastError: string | null): Promise<void> {
  const visitedAt = new Date(at);
  await boundedTransaction(db, 3_000, [db.$executeRaw`
    INSERT INTO "FirstTouchVisit" ("clientId", "visitedAt", "lastError") SELECT id, ${visitedAt}, ${lastError} FROM "Client" WHERE id = ${workspaceId}
    ON CONFLICT ("clientId") DO UPDATE SET "visitedAt" = EXCLUDED."visitedAt", "lastError" = EXCLUDED."lastError"`]);
}
