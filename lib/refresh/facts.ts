/** The planning query: everything known of the workspaces, without a slot, in one statement. */
import { z } from 'zod';
import { boundedTransaction, Prisma, type Db } from '../db';
import type { ErrorKind } from '../providers/errors';
import type { ProviderMeta } from '../providers/types';
import { configuredWorkspaces, durationSql, epochMs, fingerprintSql, pausedSql, timezoneSql } from './configured';
import type { HostFacts } from './breaker';
import type { WorkspaceFacts } from './types';

export interface Facts {
  /** The database's clock, epoch milliseconds. */
  databaseNow: number;
  workspaces: WorkspaceFacts[];
  hosts: HostFacts[];
}

// Arrays, not objects, in one text column: 10,000 rows cross the driver as a single value.
const hostRows = z.array(z.tuple([z.string(), z.number().nullable(), z.number(), z.number().nullable()]));

type WorkspaceRow = [
  id: string, agencyId: string | null, paused: boolean, timezone: string, durationMinutes: number, fingerprint: string | null,
  link: [id: string, url: string, type: 'calendly' | 'hubspot' | 'ghl' | 'unknown', chosenId: string | null] | null,
  credential: [id: string, ciphertext: string, keyId: string, quotaKey: string] | null,
  status: [
    fetchedAt: number | null, succeededAt: number | null, staleAt: number | null, retryAt: number | null,
    refreshingUntil: number | null, contentHash: string | null, consecutiveFailures: number, abandonedRuns: number,
    actionRequired: boolean, attemptFingerprint: string | null, errorKind: ErrorKind | null, hour: number,
  ] | null,
  stored: [slotCount: number, slotsFingerprint: string, meta: ProviderMeta | null] | null,
];

/**
 * @param workspaceId only this workspace; every workspace otherwise
 * @throws when the database does not answer within `timeoutMs`
 */
export async function readFacts(db: Db, options: { workspaceId?: string; timeoutMs: number }): Promise<Facts> {
  const only = options.workspaceId === undefined ? Prisma.empty : Prisma.sql`WHERE c.id = ${options.workspaceId}`;
  const [rows] = await boundedTransaction(db, options.timeoutMs, [
    db.$queryRaw<{ now: number; workspaces: string | null; hosts: string | null }[]>`
      SELECT ${epochMs(Prisma.sql`clock_timestamp()`)} AS now,
        (SELECT json_agg(json_build_array(h.host, ${epochMs(Prisma.sql`h."openUntil"`)}, h.opens, h.concurrency))::text
           FROM "ProviderHost" h) AS hosts,
        (SELECT json_agg(json_build_array(
            c.id, c."userId", ${pausedSql}, ${timezoneSql}, ${durationSql}, ${fingerprintSql},
            CASE WHEN l.id IS NOT NULL THEN json_build_array(l.id, l.url, l.type, l."externalId") END,
            CASE WHEN p.id IS NOT NULL THEN json_build_array(p.id, encode(p.ciphertext, 'base64'), p."keyId", p."quotaKey") END,
            CASE WHEN s."clientId" IS NOT NULL THEN json_build_array(
              ${epochMs(Prisma.sql`s."fetchedAt"`)}, ${epochMs(Prisma.sql`s."succeededAt"`)},
              ${epochMs(Prisma.sql`s."staleAt"`)}, ${epochMs(Prisma.sql`s."retryAt"`)},
              ${epochMs(Prisma.sql`s."refreshingUntil"`)}, s."contentHash"::text, s."consecutiveFailures",
              s."abandonedRuns", s."actionRequired", s."attemptFingerprint", s."errorKind", s.hour) END,
            CASE WHEN k."clientId" IS NOT NULL THEN json_build_array(k."slotCount", k."slotsFingerprint", k."providerMeta") END
          ))::text
         FROM ${configuredWorkspaces}
           LEFT JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id
           LEFT JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = c.id
         ${only}) AS workspaces`,
  ]);
  const row = rows[0];
  if (!row) throw new Error('the planning query returned no row');
  const workspaces = row.workspaces === null ? [] : (JSON.parse(row.workspaces) as WorkspaceRow[]);
  const hosts = row.hosts === null ? [] : hostRows.parse(JSON.parse(row.hosts));
  return {
    databaseNow: row.now,
    workspaces: workspaces.map(factsOf),
    hosts: hosts.map(([host, openUntil, opens, concurrency]) => ({ host, openUntil, opens, concurrency })),
  };
}

function factsOf(row: WorkspaceRow): WorkspaceFacts {
  const [workspaceId, agencyId, paused, timezone, durationMinutes, fingerprint, link, credential, status, stored] = row;
  return {
    workspaceId,
    agencyId,
    paused,
    timezone,
    durationMinutes,
    fingerprint: fingerprint ?? '',
    link: link && { id: link[0], url: link[1], provider: link[2], chosenId: link[3] },
    credential: credential && { id: credential[0], ciphertext: credential[1], keyId: credential[2], quotaKey: credential[3] },
    status: {
      exists: status !== null,
      fetchedAt: status?.[0] ?? null,
      succeededAt: status?.[1] ?? null,
      staleAt: status?.[2] ?? null,
      retryAt: status?.[3] ?? null,
      refreshingUntil: status?.[4] ?? null,
      contentHash: status?.[5] ?? null,
      consecutiveFailures: status?.[6] ?? 0,
      abandonedRuns: status?.[7] ?? 0,
      actionRequired: status?.[8] ?? false,
      attemptFingerprint: status?.[9] ?? null,
      errorKind: status?.[10] ?? null,
      hour: status?.[11] ?? 0,
    },
    stored: stored && { slotCount: stored[0], slotsFingerprint: stored[1], meta: stored[2] },
  };
}

/** Makes the hot rows that are missing, so that every later write is a plain, heap-only UPDATE. */
export async function ensureStatusRows(db: Db, workspaceIds: string[], timeoutMs: number): Promise<void> {
  if (workspaceIds.length === 0) return;
  await boundedTransaction(db, timeoutMs, [
    db.$executeRaw`
      INSERT INTO "WorkspaceAvailabilityStatus" ("clientId")
      SELECT c.id FROM "Client" c WHERE c.id = ANY(${workspaceIds}::text[]) ORDER BY c.id
      ON CONFLICT DO NOTHING`,
  ]);
}
