/** SQL that every query over workspaces shares: what is configured, its fingerprint, epoch milliseconds. */
import { Prisma } from '../db';

/**
 * A workspace `c` with its default link `l`, settings `w`, the credential `p` of the link's provider, its agency `a` and
 * the pause `pp` of that provider.
 */
export const configuredWorkspaces = Prisma.sql`
  "Client" c
  LEFT JOIN "CalendarLink" l ON l."clientId" = c.id AND l."isDefault"
  LEFT JOIN "WorkspaceSettings" w ON w."clientId" = c.id
  LEFT JOIN "ProviderCredential" p ON p."clientId" = c.id AND p.provider::text = l.type::text
  LEFT JOIN "Agency" a ON a.id = c."userId"
  LEFT JOIN "ProviderPause" pp ON pp.provider = l.type`;

/** The one meaning of `paused`, over the aliases above: the workspace, its agency or its calendar's vendor is. Never null. */
export const pausedSql = Prisma.sql`(w."pausedAt" IS NOT NULL OR a."pausedAt" IS NOT NULL OR pp."pausedAt" IS NOT NULL)`;

/** Who is paused, the widest last: 'workspace', 'agency', 'provider' or null. */
export const pausedBySql = Prisma.sql`CASE WHEN w."pausedAt" IS NOT NULL THEN 'workspace' WHEN a."pausedAt" IS NOT NULL THEN 'agency'
  WHEN pp."pausedAt" IS NOT NULL THEN 'provider' END`;

export const timezoneSql = Prisma.sql`COALESCE(w.timezone, 'UTC')`;
export const durationSql = Prisma.sql`COALESCE(w."meetingDurationMinutes", 30)`;

/**
 * Hash of link, provider, chosen calendar, duration, zone and credential: what an attempt is for. A row
 * whose fingerprint is not this one holds another configuration's slots. Null without a link.
 */
export const fingerprintSql = Prisma.sql`
  left(md5(l.id || '|' || l.url || '|' || l.type::text || '|' || COALESCE(l."externalId", '') || '|' ||
    ${durationSql} || '|' || ${timezoneSql} || '|' || COALESCE(p.id, '')), 16)`;

/** Epoch milliseconds of a timestamptz expression, as float8. */
export function epochMs(expression: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(extract(epoch FROM ${expression}) * 1000)::float8`;
}

/** timestamptz of an expression in epoch milliseconds. */
export function instantOf(expression: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_timestamp(${expression} / 1000.0)`;
}
