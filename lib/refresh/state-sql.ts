/**
 * `stateOf` as SQL, for lists that filter, sort and count by state in the database. A test holds the two
 * together; whoever changes one changes both.
 */
import { Prisma } from '../db';
import { fingerprintSql, pausedSql } from './configured';

/**
 * Over `configuredWorkspaces` with the hot row `s` and the cold row `k` joined.
 * @param now a timestamptz expression
 */
export function stateSql(now: Prisma.Sql, maxAgeMs: number): Prisma.Sql {
  return Prisma.sql`CASE
    WHEN ${pausedSql} THEN 'paused'
    WHEN l.id IS NULL THEN 'misconfigured'
    WHEN s."actionRequired" AND s."attemptFingerprint" = ${fingerprintSql} THEN 'misconfigured'
    WHEN s."succeededAt" IS NULL OR k."slotsFingerprint" IS NULL OR k."slotsFingerprint" <> ${fingerprintSql}
      OR ${now} - s."succeededAt" > ${maxAgeMs}::float8 * interval '1 millisecond' THEN 'unavailable'
    WHEN k."slotCount" = 0 THEN 'empty'
    WHEN s."staleAt" > ${now} THEN 'fresh'
    ELSE 'stale' END`;
}
