/**
 * `stateOf` as SQL, for lists that filter, sort and count by state in the database. A test holds the two
 * together; whoever changes one changes both.
 */
import { Prisma } from '../db';
import { fingerprintSql, pausedSql } from './configured';

/**
 * Over `configuredWorkspaces` with the hot row `s` and the cold row `k` joined.
 * @param now a timestamptz expression
 * @param fingerprint what is configured, where it was computed already: a hash a row, each time it is named
 */
export function stateSql(now: Prisma.Sql, maxAgeMs: number, fingerprint: Prisma.Sql = fingerprintSql): Prisma.Sql {
  return Prisma.sql`CASE
    WHEN ${pausedSql} THEN 'paused'
    WHEN l.id IS NULL THEN 'misconfigured'
    WHEN s."actionRequired" AND s."attemptFingerprint" = ${fingerprint} THEN 'misconfigured'
    WHEN s."succeededAt" IS NULL OR k."slotsFingerprint" IS NULL OR k."slotsFingerprint" <> ${fingerprint}
      OR ${now} - s."succeededAt" > ${maxAgeMs}::float8 * interval '1 millisecond' THEN 'unavailable'
    WHEN k."slotCount" = 0 THEN 'empty'
    WHEN s."staleAt" > ${now} THEN 'fresh'
    ELSE 'stale' END`;
}
