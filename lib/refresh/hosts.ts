/** What a run learned of provider hosts, kept for the next run in whatever process. */
import { boundedTransaction, Prisma, type Db } from '../db';
import { ALL_ERROR_KINDS, ERROR_KINDS } from '../providers/errors';
import type { BreakerState } from './breaker';
import { instantOf } from './configured';

const SOON_KINDS = ALL_ERROR_KINDS.filter((kind) => ERROR_KINDS[kind].retry === 'soon');

/** Saves moved breakers. */
export async function saveBreakers(db: Db, moved: { host: string; state: BreakerState }[], timeoutMs: number): Promise<void> {
  if (moved.length === 0) return;
  const sorted = [...moved].sort((a, b) => (a.host < b.host ? -1 : 1));
  await boundedTransaction(db, timeoutMs, [
    db.$executeRaw`
      INSERT INTO "ProviderHost" ("host", "openUntil", "openedAt", opens, "errorKind", "updatedAt")
      SELECT i.host, i.open_until, CASE WHEN i.open_until IS NOT NULL THEN now() END, i.opens, i.kind, now()
      FROM (SELECT t.host, ${instantOf(Prisma.sql`t.open_ms`)} AS open_until, t.opens, t.kind
              FROM unnest(${sorted.map((m) => m.host)}::text[], ${sorted.map((m) => m.state.openUntil)}::float8[],
                ${sorted.map((m) => m.state.opens)}::int[], ${sorted.map((m) => m.state.errorKind)}::text[]) AS t(host, open_ms, opens, kind)) i
      ON CONFLICT (host) DO UPDATE SET "openUntil" = EXCLUDED."openUntil", "openedAt" = EXCLUDED."openedAt",
        opens = EXCLUDED.opens, "errorKind" = EXCLUDED."errorKind", "updatedAt" = now()`,
  ]);
}

/** Saves the concurrency found, where it moved: an unchanged one is not written again. */
export async function saveConcurrency(db: Db, found: { host: string; concurrency: number }[], timeoutMs: number): Promise<void> {
  if (found.length === 0) return;
  const sorted = [...found].sort((a, b) => (a.host < b.host ? -1 : 1));
  await boundedTransaction(db, timeoutMs, [
    db.$executeRaw`
      INSERT INTO "ProviderHost" AS h (host, concurrency)
      SELECT * FROM unnest(${sorted.map((f) => f.host)}::text[], ${sorted.map((f) => f.concurrency)}::int[])
      ON CONFLICT (host) DO UPDATE SET concurrency = EXCLUDED.concurrency, "updatedAt" = now()
        WHERE h.concurrency IS DISTINCT FROM EXCLUDED.concurrency`,
  ]);
}

/** A closed breaker ends the waits that its host's trouble caused. */
export async function clearRetries(db: Db, workspaceIds: string[], timeoutMs: number): Promise<void> {
  if (workspaceIds.length === 0) return;
  await boundedTransaction(db, timeoutMs, [
    db.$executeRaw`
      UPDATE "WorkspaceAvailabilityStatus" SET "retryAt" = NULL
      WHERE "clientId" = ANY(${workspaceIds}::text[]) AND "errorKind" = ANY(${SOON_KINDS}::text[]) AND "retryAt" IS NOT NULL`,
  ]);
}
