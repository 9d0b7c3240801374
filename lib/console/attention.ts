/** What waits for a person besides calendars: sends of unknown end, offers that did not reach their email, first touch in error. */
import { Prisma } from '../db';
import { epochMs } from '../refresh/configured';
import { consoleRead, type ConsoleContext } from './query';

export interface Waiting {
  workspaceId: string;
  name: string;
  count: number;
  /** Of the oldest of them. */
  since: number | null;
}

export interface Attention {
  /** Follow-ups that may have been sent. */
  unknownSends: Waiting[];
  /** First-touch sentences whose email does not carry them. */
  notRendered: Waiting[];
  /** Workspaces whose EmailBison could not be worked with at the last turn. */
  firstTouchErrors: { workspaceId: string; name: string; visitedAt: number; message: string }[];
}

/** The most affected; the pages of the workspaces have the rest. */
const SHOWN = 5;

export async function readAttention(context: Pick<ConsoleContext, 'db'>): Promise<Attention> {
  const { db } = context;
  const [unknownSends, notRendered, firstTouchErrors] = await consoleRead<[Waiting[], Waiting[], Attention['firstTouchErrors']]>(
    context,
    db.$queryRaw`
      SELECT c.id AS "workspaceId", c.name, count(*)::int AS count, ${epochMs(Prisma.sql`min(f."dueAt")`)} AS since
      FROM "FollowUp" f JOIN "Client" c ON c.id = f."clientId" WHERE f.state = 'unknown' GROUP BY c.id ORDER BY count(*) DESC, c.id LIMIT ${SHOWN}`,
    db.$queryRaw`
      SELECT c.id AS "workspaceId", c.name, count(*)::int AS count, ${epochMs(Prisma.sql`min(t."preparedAt")`)} AS since
      FROM "FirstTouch" t JOIN "Client" c ON c.id = t."clientId" WHERE t.state = 'failed' AND t."settledAt" IS NULL
      GROUP BY c.id ORDER BY count(*) DESC, c.id LIMIT ${SHOWN}`,
    db.$queryRaw`
      SELECT c.id AS "workspaceId", c.name, ${epochMs(Prisma.sql`v."visitedAt"`)} AS "visitedAt", v."lastError" AS message
      FROM "FirstTouchVisit" v JOIN "Client" c ON c.id = v."clientId" WHERE v."lastError" IS NOT NULL ORDER BY v."visitedAt" DESC LIMIT ${SHOWN}`,
  );
  return { unknownSends, notRendered, firstTouchErrors };
}
