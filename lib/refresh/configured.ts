/** SQL that every query over workspaces shares: what is configured, its fingerprint, epoch milliseconds. */
import { Prisma } from '../db';

/**
 * A workspace `c` with its default link `l`, settings `w`, the credential `p` of the link's provider, its agency `a` and
 * the pause `pp` of that provider. For one workspace: `oneConfiguredWorkspace`, which must mean the same.
 */
export const configuredWorkspaces = Prisma.sql`
  "Client" c
  LEFT JOIN "CalendarLink" l ON l."clientId" = c.id AND l."isDefault"
  LEFT JOIN "WorkspaceSettings" w ON w."clientId" = c.id
  LEFT JOIN "ProviderCredential" p ON p."clientId" = c.id AND p.provider::text = l.type::text
  LEFT JOIN "Agency" a ON a.id = c."userId"
  LEFT JOIN "ProviderPause" pp ON pp.provider = l.type`;

/** What a query calls a workspace's link, settings, credential and pauses. */
interface ConfiguredNames {
  link: Prisma.Sql;
  settings: Prisma.Sql;
  credentialId: Prisma.Sql;
  agencyPausedAt: Prisma.Sql;
  providerPausedAt: Prisma.Sql;
}

const joined: ConfiguredNames = {
  link: Prisma.sql`l`, settings: Prisma.sql`w`, credentialId: Prisma.sql`p.id`,
  agencyPausedAt: Prisma.sql`a."pausedAt"`, providerPausedAt: Prisma.sql`pp."pausedAt"`,
};

/**
 * One workspace with the same parts, for a query that many readers run: rows as columns of `c` instead of joins, for the
 * planner thinks about the order of nine joins for longer than it takes to read the rows. A test holds it to
 * `configuredWorkspaces`; whoever changes one changes both.
 * @param now a timestamptz, read once
 * @param more columns of the same kind, over the workspace `c`
 */
export function oneConfiguredWorkspace(workspaceId: string, now: Prisma.Sql, more: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(
    SELECT c.*,
      (SELECT p.id FROM "ProviderCredential" p WHERE p."clientId" = c.id AND p.provider::text = (c.link).type::text) AS "credentialId",
      (SELECT pp."pausedAt" FROM "ProviderPause" pp WHERE pp.provider = (c.link).type) AS "providerPausedAt"
    FROM (
      SELECT c.id, ${now} AS now,
        (SELECT l FROM "CalendarLink" l WHERE l."clientId" = c.id AND l."isDefault") AS link,
        (SELECT w FROM "WorkspaceSettings" w WHERE w."clientId" = c.id) AS settings,
        (SELECT a."pausedAt" FROM "Agency" a WHERE a.id = c."userId") AS "agencyPausedAt",
        ${more}
      FROM "Client" c WHERE c.id = ${workspaceId} OFFSET 0) c
    OFFSET 0) c`;
}

/** Of `oneConfiguredWorkspace`. */
export const oneNames: ConfiguredNames = {
  link: Prisma.sql`(c.link)`, settings: Prisma.sql`(c.settings)`, credentialId: Prisma.sql`c."credentialId"`,
  agencyPausedAt: Prisma.sql`c."agencyPausedAt"`, providerPausedAt: Prisma.sql`c."providerPausedAt"`,
};

/** The one meaning of `paused`, over `configuredWorkspaces`: the workspace, its agency or its calendar's vendor is. Never null. */
export const pausedSql = Prisma.sql`(w."pausedAt" IS NOT NULL OR a."pausedAt" IS NOT NULL OR pp."pausedAt" IS NOT NULL)`;

/** Who is paused, the widest last: 'workspace', 'agency', 'provider' or null. */
export function pausedByOf({ settings, agencyPausedAt, providerPausedAt }: ConfiguredNames): Prisma.Sql {
  return Prisma.sql`CASE WHEN ${settings}."pausedAt" IS NOT NULL THEN 'workspace' WHEN ${agencyPausedAt} IS NOT NULL THEN 'agency'
    WHEN ${providerPausedAt} IS NOT NULL THEN 'provider' END`;
}
export const pausedBySql = pausedByOf(joined);

const timezoneOf = (settings: Prisma.Sql): Prisma.Sql => Prisma.sql`COALESCE(${settings}.timezone, 'UTC')`;
const durationOf = (settings: Prisma.Sql): Prisma.Sql => Prisma.sql`COALESCE(${settings}."meetingDurationMinutes", 30)`;
export const timezoneSql = timezoneOf(joined.settings);
export const durationSql = durationOf(joined.settings);

/**
 * Hash of link, provider, chosen calendar, duration, zone and credential: what an attempt is for. A row
 * whose fingerprint is not this one holds another configuration's slots. Null without a link.
 */
export function fingerprintOf({ link, settings, credentialId }: ConfiguredNames): Prisma.Sql {
  return Prisma.sql`
  left(md5(${link}.id || '|' || ${link}.url || '|' || ${link}.type::text || '|' || COALESCE(${link}."externalId", '') || '|' ||
    ${durationOf(settings)} || '|' || ${timezoneOf(settings)} || '|' || COALESCE(${credentialId}, '')), 16)`;
}
export const fingerprintSql = fingerprintOf(joined);

/** Epoch milliseconds of a timestamptz expression, as float8. */
export function epochMs(expression: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(extract(epoch FROM ${expression}) * 1000)::float8`;
}

/** timestamptz of an expression in epoch milliseconds. */
export function instantOf(expression: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_timestamp(${expression} / 1000.0)`;
}
