/** A database of many workspaces in every state, written in a few statements. */
import { Prisma, type Db } from '@/lib/db';
import { configuredWorkspaces, fingerprintSql } from '@/lib/refresh/configured';

/** Repeatable for a seed: `setseed` is of the transaction's session, so everything is one transaction. */
export async function addManyWorkspaces(db: Db, count: number, seed: number): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT setseed(${seed}::float8)`;
    await tx.$executeRaw`INSERT INTO "Agency" (id, name) SELECT 'agency-' || i, 'Agency ' || i FROM generate_series(0, 9) i`;
    await tx.$executeRaw`UPDATE "Agency" SET "pausedAt" = now() WHERE id = 'agency-7'`;
    await tx.$executeRaw`
      INSERT INTO "Client" (id, name, "userId") SELECT 'w-' || i, 'Workspace ' || lpad(i::text, 5, '0'), CASE WHEN i % 11 < 10 THEN 'agency-' || i % 11 END
      FROM generate_series(1, ${count}::int) i`;
    await tx.$executeRaw`
      INSERT INTO "CalendarLink" (id, "clientId", name, url, type, "isDefault")
      SELECT 'l-' || id, id, 'Booking', 'https://' || t.type || '.example.com/' || id, t.type::"CalendarType", true
      FROM (SELECT id, (ARRAY['calendly', 'hubspot', 'ghl', 'unknown'])[1 + floor(random() * 4)] AS type FROM "Client") t WHERE random() < 0.9`;
    await tx.$executeRaw`
      INSERT INTO "WorkspaceSettings" ("clientId", timezone, "pausedAt")
      SELECT id, 'Europe/Paris', CASE WHEN random() < 0.1 THEN now() END FROM "Client" WHERE random() < 0.9`;
    const mostly = (of: Prisma.Sql, otherwise: Prisma.Sql): Prisma.Sql => Prisma.sql`CASE WHEN random() < 0.8 THEN ${of} ELSE ${otherwise} END`;
    const fingerprint = Prisma.sql`COALESCE(${fingerprintSql}, '')`;
    await tx.$executeRaw`
      INSERT INTO "WorkspaceAvailabilityStatus" ("clientId", "fetchedAt", "succeededAt", "staleAt", "retryAt", "attemptFingerprint", "actionRequired", "errorKind", "lastError")
      SELECT c.id, now() - random() * interval '1 minute', ${mostly(Prisma.sql`now() - random() * interval '20 minutes'`, Prisma.sql`NULL`)},
        ${mostly(Prisma.sql`now() + (random() - 0.5) * interval '2 minutes'`, Prisma.sql`NULL`)}, ${mostly(Prisma.sql`NULL`, Prisma.sql`now() + random() * interval '1 hour'`)},
        ${mostly(fingerprint, Prisma.sql`'another'`)}, random() < 0.2, 'timeout', ${mostly(Prisma.sql`NULL`, Prisma.sql`'The provider was too slow.'`)}
      FROM ${configuredWorkspaces} WHERE random() < 0.9`;
    await tx.$executeRaw`
      INSERT INTO "WorkspaceAvailabilityCache" ("clientId", "calendarLinkId", "calendarType", "calendarUrl", "slotDurationMinutes", "slotsUtc", "slotCount", "slotsHash", "slotsFingerprint", "changedAt")
      SELECT t.id, '', 'calendly', '', 30, array_fill(now()::timestamptz, ARRAY[t.n]), t.n, 0, t.fingerprint, now()
      FROM (SELECT c.id, floor(random() * 5)::int AS n, ${mostly(fingerprint, Prisma.sql`'another'`)} AS fingerprint FROM ${configuredWorkspaces} WHERE random() < 0.9) t`;
  });
  await db.$executeRaw`ANALYZE`;
}
