/** What operators did, newest first. */
import { Prisma } from '../db';
import { epochMs } from '../refresh/configured';
import { consoleRead, type ConsoleContext } from './query';

export interface AuditRow {
  id: string;
  at: number;
  actor: string;
  action: string;
  subject: string | null;
  /** The subject's name where it is a workspace's or an agency's that is still there. */
  subjectName: string | null;
  isWorkspace: boolean;
  details: unknown;
}

export interface AuditFilter {
  /** Part of an action's name, e.g. `workspace.` */
  action?: string | undefined;
  /** A subject's id. */
  subject?: string | undefined;
}

export async function readAudit(context: Pick<ConsoleContext, 'db'>, filter: AuditFilter, page: number, pageSize: number): Promise<{ now: number; entries: AuditRow[]; total: number; actions: string[] }> {
  const { db } = context;
  const where = Prisma.join([
    Prisma.sql`true`,
    ...(filter.action === undefined ? [] : [Prisma.sql`e.action = ${filter.action}`]),
    ...(filter.subject === undefined ? [] : [Prisma.sql`e.subject = ${filter.subject}`]),
  ], ' AND ');
  const [[count], entries, actions] = await consoleRead<[{ now: number; total: number }[], AuditRow[], { action: string }[]]>(
    context,
    db.$queryRaw`SELECT ${epochMs(Prisma.sql`now()`)} AS now, count(*)::int AS total FROM "AuditEntry" e WHERE ${where}`,
    db.$queryRaw`
      SELECT e.id::text AS id, ${epochMs(Prisma.sql`e.at`)} AS at, e.actor, e.action, e.subject, COALESCE(c.name, g.name) AS "subjectName",
        c.id IS NOT NULL AS "isWorkspace", e.details
      FROM "AuditEntry" e LEFT JOIN "Client" c ON c.id = e.subject LEFT JOIN "Agency" g ON g.id = e.subject
      WHERE ${where} ORDER BY e.at DESC, e.id DESC LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}`,
    db.$queryRaw`SELECT DISTINCT e.action FROM "AuditEntry" e ORDER BY e.action`,
  );
  return { now: count?.now ?? 0, total: count?.total ?? 0, entries, actions: actions.map(({ action }) => action) };
}
