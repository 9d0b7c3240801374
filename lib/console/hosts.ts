/** What the app leaves alone for now, and whose quota it waits for. */
import { Prisma } from '../db';
import { epochMs } from '../refresh/configured';
import { consoleRead, type ConsoleContext } from './query';

export interface HostTrouble {
  host: string;
  openUntil: number;
  errorKind: string | null;
  /** Times in a row. */
  opens: number;
}

export interface QuotaUse {
  provider: string;
  credentials: number;
  /** Blocked by the vendor for a time. */
  blocked: number;
  /** Requests of the busiest credential in its present day. */
  busiestDayUsed: number;
}

export interface HostHealth {
  breakers: HostTrouble[];
  quotas: QuotaUse[];
}

/** Open breakers are few, or one is enough to know. */
const MAX_BREAKERS = 20;

export async function readHosts(context: Pick<ConsoleContext, 'db'>): Promise<HostHealth> {
  const { db } = context;
  const [breakers, quotas] = await consoleRead<[HostTrouble[], QuotaUse[]]>(
    context,
    db.$queryRaw`
      SELECT h.host, ${epochMs(Prisma.sql`h."openUntil"`)} AS "openUntil", h."errorKind", h.opens
      FROM "ProviderHost" h WHERE h."openUntil" > now() ORDER BY h."openUntil" DESC LIMIT ${MAX_BREAKERS}`,
    db.$queryRaw`
      SELECT q.provider, count(*)::int AS credentials, (count(*) FILTER (WHERE q."blockedUntil" > now()))::int AS blocked,
        COALESCE(max(q."dayUsed") FILTER (WHERE q."dayStartedAt" > now() - interval '24 hours'), 0) AS "busiestDayUsed"
      FROM "QuotaBucket" q GROUP BY q.provider ORDER BY q.provider`,
  );
  return { breakers, quotas };
}
