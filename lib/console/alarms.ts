/** Alarms, open and over. */
import { Prisma } from '../db';
import { epochMs } from '../refresh/configured';
import { consoleRead, type ConsoleContext } from './query';

export interface AlarmEntry {
  id: string;
  kind: string;
  /** Of whom: a workspace's, an agency's or a host's id; empty: of the whole app. */
  subject: string;
  /** The subject's name where it is a workspace's or an agency's. */
  subjectName: string | null;
  isWorkspace: boolean;
  message: string;
  openedAt: number;
  lastSeenAt: number;
  closedAt: number | null;
  notices: number;
  /** Notices that were given up. */
  undelivered: number;
}

export async function readAlarms(context: Pick<ConsoleContext, 'db'>, which: 'open' | 'closed', page: number, pageSize: number): Promise<{ now: number; alarms: AlarmEntry[]; total: number }> {
  const { db } = context;
  const where = which === 'open' ? Prisma.sql`a."closedAt" IS NULL` : Prisma.sql`a."closedAt" IS NOT NULL`;
  const order = which === 'open' ? Prisma.sql`a."openedAt" DESC` : Prisma.sql`a."closedAt" DESC`;
  const [[count], alarms] = await consoleRead<[{ now: number; total: number }[], AlarmEntry[]]>(
    context,
    db.$queryRaw`SELECT ${epochMs(Prisma.sql`now()`)} AS now, count(*)::int AS total FROM "Alarm" a WHERE ${where}`,
    db.$queryRaw`
      SELECT a.id, a.kind, a.subject, COALESCE(c.name, g.name) AS "subjectName", c.id IS NOT NULL AS "isWorkspace", a.message,
        ${epochMs(Prisma.sql`a."openedAt"`)} AS "openedAt", ${epochMs(Prisma.sql`a."lastSeenAt"`)} AS "lastSeenAt", ${epochMs(Prisma.sql`a."closedAt"`)} AS "closedAt",
        (SELECT count(*)::int FROM "AlarmNotice" n WHERE n."alarmId" = a.id AND n."deliveredAt" IS NOT NULL) AS notices,
        (SELECT count(*)::int FROM "AlarmNotice" n WHERE n."alarmId" = a.id AND n."givenUpAt" IS NOT NULL) AS undelivered
      FROM "Alarm" a LEFT JOIN "Client" c ON c.id = a.subject LEFT JOIN "Agency" g ON g.id = a.subject
      WHERE ${where} ORDER BY ${order}, a.id LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}`,
  );
  return { now: count?.now ?? 0, total: count?.total ?? 0, alarms };
}
