/**
 * Quotas of the official APIs. The customer's other tools share them, so a run uses at most a share (half by
 * default) of a vendor's burst and daily quota, across processes.
 *
 * A bucket is one instant in Postgres, the next free one (GCRA). A run reserves all that its items need, for
 * every credential, in one statement, and gets for each a place in time; nothing waits inside a request.
 */
import { boundedTransaction, Prisma, type Db } from '../db';
import { parseCalendlyLink } from '../providers/calendly/link';
import type { CalendarProvider } from '../providers/errors';
import { epochMs, instantOf } from './configured';
import { knownMeta } from './known-meta';
import type { WorkItem } from './types';

/** Vendors' published limits, the lowest tier (docs/providers: Calendly rate limits; HubSpot usage guidelines; GHL OAuth docs). */
export const VENDOR_LIMITS: Record<CalendarProvider, { requests: number; windowMs: number; perDay: number }> = {
  // 50 a minute for a free user, 500 for a paid one: the headers tell. No daily limit is published.
  calendly: { requests: 50, windowMs: 60_000, perDay: 1_000_000_000 },
  hubspot: { requests: 100, windowMs: 10_000, perDay: 250_000 },
  ghl: { requests: 100, windowMs: 10_000, perDay: 200_000 },
};

/** Requests of one refresh: the slot requests, and the resolving ones while nothing is known. */
const WARM_REQUESTS: Record<CalendarProvider, number> = { calendly: 1, hubspot: 2, ghl: 1 };
const COLD_REQUESTS: Record<CalendarProvider, number> = { calendly: 3, hubspot: 3, ghl: 2 };

/** Whether a refresh begins with questions about the credential's account: Calendly's link names no event type's id. Pure. */
export function asksAccount(item: Pick<WorkItem, 'link' | 'stored' | 'fingerprint'>, now: number): boolean {
  const { provider, chosenId, url } = item.link;
  if (provider !== 'calendly' || chosenId !== null || knownMeta(item, now)) return false;
  const { kind } = parseCalendlyLink(url);
  return kind === 'event' || kind === 'profile';
}

/**
 * Requests with its credential that a refresh is likely to take; a run tells at its end what it took. Pure.
 * @param isAccountAsked another refresh of the same run asks about the account, and this one finds its event type in that answer
 */
export function requestsOf(item: Pick<WorkItem, 'link' | 'stored' | 'fingerprint'>, now: number, { isAccountAsked = false } = {}): number {
  const { provider } = item.link;
  if (provider === 'unknown') return 0;
  if (knownMeta(item, now)) return WARM_REQUESTS[provider];
  if (provider !== 'calendly') return COLD_REQUESTS[provider];
  if (!asksAccount(item, now)) return 2;
  return isAccountAsked ? 1 : COLD_REQUESTS.calendly;
}

export interface Pace {
  /** Milliseconds between two requests. */
  intervalMs: number;
  /** Requests that may go at once after a rest. */
  burst: number;
  perDay: number;
}

/** Before a deadline no request gets a place: its answer would come too late. */
export const LAST_ANSWER_MS = 1_000;
/** Of a window: how much sooner than its place a request may be sent, because the one before it was late. */
export const CATCH_UP = 0.02;
/** Of a window: how much the way to the vendor may differ from request to request. */
const TRANSIT = 0.01;

/**
 * The pace that never puts more than our share into any window: a burst at its start plus the steady rate
 * through it and through what requests may be moved by. A burst of a tenth would leave a tenth of the share unused, always.
 * Pure. @param learnedLimit requests a window by the vendor's headers
 */
export function paceOf(provider: CalendarProvider, sharePercent: number, learnedLimit: number | null): Pace {
  const vendor = VENDOR_LIMITS[provider];
  const ours = Math.max(2, Math.floor(((learnedLimit ?? vendor.requests) * sharePercent) / 100));
  const burst = Math.max(1, Math.floor(ours / 50));
  return { intervalMs: (vendor.windowMs * (1 + CATCH_UP + TRANSIT)) / (ours - burst), burst, perDay: Math.floor((vendor.perDay * sharePercent) / 100) };
}

export interface QuotaLimited {
  provider: CalendarProvider;
  workspaces: number;
  /** Age that these workspaces' slots reach while the quota is what it is. */
  expectedAgeSeconds: number;
}

/** What was taken from a bucket: so many requests, the first at an instant (epoch milliseconds). */
export interface Grant {
  firstAt: number;
  requests: number;
  intervalMs: number;
  /** Where the bucket stands after it, epoch milliseconds; null: several were put together. */
  until: number | null;
}

export interface Reservation {
  /** Items that need no place, and those with one, in the given order; `notBefore` is set. */
  admitted: WorkItem[];
  /** No place before the run's end. */
  refused: WorkItem[];
  /** By quota key. */
  grants: ReadonlyMap<string, Grant>;
}

interface Demand {
  provider: CalendarProvider;
  items: WorkItem[];
  requests: number;
}

export interface ReserveOptions {
  /** No place is given after it, epoch milliseconds. */
  endsAt: number;
  now: number;
  sharePercent: number;
  timeoutMs: number;
  /** For a person, who does not wait: the next free places, however far away, are taken and used at once. Not those of the next day. */
  isForced?: boolean;
  /** What is asked about the accounts has been asked before. */
  isAccountAsked?: boolean;
}

/** Places for all items of a run. Since the oldest go first, ages stay even where not all are served. */
export async function reserveQuota(db: Db, items: readonly WorkItem[], options: ReserveOptions): Promise<Reservation> {
  const { now, endsAt } = options;
  const demands = demandsOf(items, options);
  if (demands.size === 0) return { admitted: [...items], refused: [], grants: new Map() };

  const grants = await takeAll(db, demands, options);
  const places = new Map<WorkItem, Pick<WorkItem, 'notBefore' | 'requestIntervalMs'>>();
  const refused = new Set<WorkItem>();
  for (const [key, demand] of demands) {
    const grant = grants.get(key);
    const ofWholeRun = grant ? Math.floor((endsAt - now) / grant.intervalMs) + 1 : 0;
    let used = 0;
    let { isAccountAsked = false } = options;
    let isFull = false;
    for (const item of demand.items) {
      const needs = requestsOf(item, now, { isAccountAsked });
      if (isFull || !grant || used + needs > grant.requests) {
        refused.add(item);
        // Whoever needs less must not overtake it; but what no run is long enough for stands in nobody's way.
        isFull ||= needs <= ofWholeRun;
        continue;
      }
      // When its first request is due; `SendPace` lets the others go at their time.
      places.set(item, { notBefore: Math.max(now, grant.firstAt + used * grant.intervalMs), requestIntervalMs: grant.intervalMs });
      used += needs;
      isAccountAsked ||= asksAccount(item, now);
    }
  }
  return {
    admitted: items.filter((item) => !refused.has(item)).map((item) => ({ ...item, ...places.get(item) })),
    refused: [...refused],
    grants,
  };
}

/** By quota key, what the items need in their order. */
function demandsOf(items: readonly WorkItem[], { now, isAccountAsked = false }: Pick<ReserveOptions, 'now' | 'isAccountAsked'>): Map<string, Demand> {
  const demands = new Map<string, Demand>();
  const askedAccounts = new Set<string>();
  for (const item of items) {
    const { credential, link } = item;
    if (!credential || link.provider === 'unknown') continue;
    const needs = requestsOf(item, now, { isAccountAsked: isAccountAsked || askedAccounts.has(credential.quotaKey) });
    const demand = demands.get(credential.quotaKey) ?? { provider: link.provider, items: [], requests: 0 };
    demand.items.push(item);
    demand.requests += needs;
    demands.set(credential.quotaKey, demand);
    if (asksAccount(item, now)) askedAccounts.add(credential.quotaKey);
  }
  return demands;
}

/**
 * The credentials that could not serve all their workspaces. Pure.
 * @param items all that the run would have refreshed
 * @param left those for whom there was no place
 */
export function quotaLimitedOf(items: readonly WorkItem[], left: readonly WorkItem[], grants: Reservation['grants'], { now, ttlMs }: { now: number; ttlMs: number }): QuotaLimited[] {
  if (left.length === 0) return [];
  const limited = new Set(left.map(({ credential }) => credential?.quotaKey));
  return [...demandsOf(items, { now })].flatMap(([key, { provider, items: { length: workspaces }, requests }]) => {
    const grant = grants.get(key);
    return grant && limited.has(key) ? [{ provider, workspaces, expectedAgeSeconds: Math.round(Math.max(ttlMs, requests * grant.intervalMs) / 1000) }] : [];
  });
}

async function takeAll(
  db: Db,
  demands: ReadonlyMap<string, Demand>,
  options: ReserveOptions,
): Promise<Map<string, Grant>> {
  const keys = [...demands.keys()].sort();
  const wanted = keys.map((key) => demands.get(key)?.requests ?? 0);
  const providers = keys.map((key) => demands.get(key)?.provider ?? 'calendly');
  const paces = providers.map((provider) => paceOf(provider, options.sharePercent, null));
  const vendorRequests = providers.map((provider) => VENDOR_LIMITS[provider].requests);
  const base = Prisma.sql`GREATEST(COALESCE(o.next_free, '-infinity'), i.now - (i.burst - 1) * i.interval)`;
  const [rows] = await boundedTransaction(db, options.timeoutMs, [
    db.$queryRaw<{ key: string; first_ms: number; interval_ms: number; granted: number }[]>`
      WITH asked AS (
        SELECT t.*, ${instantOf(Prisma.sql`${options.now}::float8`)} AS now, ${instantOf(Prisma.sql`${options.endsAt}::float8`)} AS ends
        FROM unnest(${keys}::text[], ${providers}::text[], ${wanted}::int[], ${paces.map((p) => p.intervalMs)}::float8[],
          ${paces.map((p) => p.burst)}::float8[], ${paces.map((p) => p.perDay)}::int[], ${vendorRequests}::float8[])
          AS t(key, provider, wanted, interval_ms, burst, per_day, vendor_requests)
      ), old AS (
        SELECT b."quotaKey" AS key, b."nextFreeAt" AS next_free, b."blockedUntil" AS blocked, b."learnedLimit" AS learned,
          CASE WHEN b."dayStartedAt" > now() - interval '24 hours' THEN b."dayStartedAt" END AS day_started, b."dayUsed" AS day_used
        FROM "QuotaBucket" b WHERE b."quotaKey" = ANY(${keys}::text[]) ORDER BY b."quotaKey" FOR UPDATE
      ), i AS (
        -- A limit that the vendor's headers told scales the pace in proportion.
        SELECT a.key, a.provider, a.wanted, a.now, a.ends, a.per_day,
          a.interval_ms * a.vendor_requests / COALESCE(o.learned, a.vendor_requests) * interval '1 millisecond' AS interval,
          floor(GREATEST(1, a.burst * COALESCE(o.learned, a.vendor_requests) / a.vendor_requests)) AS burst
        FROM asked a LEFT JOIN old o ON o.key = a.key
      ), calc AS (
        SELECT i.key, i.provider, i.interval, ${base} AS first_at, o.day_started,
          CASE WHEN o.day_started IS NULL THEN 0 ELSE o.day_used END AS day_used,
          CASE WHEN o.blocked > i.now THEN 0 ELSE GREATEST(0, LEAST(i.wanted,
            CASE WHEN ${options.isForced ?? false} THEN i.wanted ELSE floor(extract(epoch FROM i.ends - ${base}) / extract(epoch FROM i.interval))::int + 1 END,
            i.per_day - CASE WHEN o.day_started IS NULL THEN 0 ELSE o.day_used END)) END AS granted
        FROM i LEFT JOIN old o ON o.key = i.key
      ), saved AS (
        INSERT INTO "QuotaBucket" AS b ("quotaKey", provider, "nextFreeAt", "dayStartedAt", "dayUsed")
        SELECT key, provider, first_at + granted * interval, COALESCE(day_started, now()), day_used + granted FROM calc ORDER BY key
        ON CONFLICT ("quotaKey") DO UPDATE SET "nextFreeAt" = GREATEST(b."nextFreeAt", EXCLUDED."nextFreeAt"),
          "dayStartedAt" = EXCLUDED."dayStartedAt", "dayUsed" = EXCLUDED."dayUsed"
      )
      SELECT key, ${epochMs(Prisma.sql`first_at`)} AS first_ms, (extract(epoch FROM interval) * 1000)::float8 AS interval_ms,
        granted::int AS granted FROM calc`,
  ]);
  return new Map(rows.map((row) => [row.key, { firstAt: row.first_ms, requests: row.granted, intervalMs: row.interval_ms, until: row.first_ms + row.granted * row.interval_ms }]));
}

/** What a run learned of a bucket. */
export interface QuotaLesson {
  quotaKey: string;
  /** The vendor's stated limit. */
  learnedLimit: number | null;
  /** The vendor must not be asked until then. */
  blockedUntil: number | null;
  settlement: Settlement | null;
}

/** What was sent is what was used. */
export interface Settlement {
  /** Requests sent that were not taken from the bucket, since what a refresh takes was only likely; negative: taken and not sent. */
  sentBeyondTaken: number;
  /** Where the bucket stands if nobody has taken anything since; null: that is not known. */
  takenUntil: number | null;
  /** What was sent lasts until then, at its pace. */
  sentUntil: number;
  intervalMs: number;
}

export function quotaLesson(quotaKey: string, learned: Partial<QuotaLesson>): QuotaLesson {
  return { quotaKey, learnedLimit: null, blockedUntil: null, settlement: null, ...learned };
}

/** Null: what was taken was used as it was taken. Pure. @param sent with the pace's end of it, epoch milliseconds; null: it had no pace */
export function settlementOf({ firstAt, requests, intervalMs, until }: Grant, sent: { requests: number; nextFreeAt: number | null }): Settlement | null {
  const sentUntil = sent.requests === 0 ? firstAt : sent.nextFreeAt ?? firstAt + sent.requests * intervalMs;
  const sentBeyondTaken = sent.requests - requests;
  // A request is never sent to the millisecond.
  if (sentBeyondTaken === 0 && Math.abs(sentUntil - (until ?? sentUntil)) < intervalMs / 2) return null;
  return { sentBeyondTaken, takenUntil: until, sentUntil, intervalMs };
}

export async function saveQuotaLessons(db: Db, lessons: readonly QuotaLesson[], timeoutMs: number): Promise<void> {
  if (lessons.length === 0) return;
  const sorted = [...lessons].sort((a, b) => (a.quotaKey < b.quotaKey ? -1 : 1));
  await boundedTransaction(db, timeoutMs, [
    db.$executeRaw`
      UPDATE "QuotaBucket" b SET "learnedLimit" = COALESCE(i.learned, b."learnedLimit"),
        "blockedUntil" = GREATEST(b."blockedUntil", ${instantOf(Prisma.sql`i.blocked_ms`)}),
        "nextFreeAt" = CASE
          WHEN i.sent_until_ms IS NULL THEN b."nextFreeAt"
          WHEN abs(${epochMs(Prisma.sql`b."nextFreeAt"`)} - i.taken_until_ms) < 1 THEN ${instantOf(Prisma.sql`i.sent_until_ms`)}
          ELSE GREATEST(b."nextFreeAt" + GREATEST(0, i.beyond_taken) * i.interval_ms * interval '1 millisecond', ${instantOf(Prisma.sql`i.sent_until_ms`)}) END,
        "dayUsed" = GREATEST(0, b."dayUsed" + i.beyond_taken)
      FROM unnest(${sorted.map((l) => l.quotaKey)}::text[], ${sorted.map((l) => l.learnedLimit)}::int[], ${sorted.map((l) => l.blockedUntil)}::float8[],
        ${sorted.map(({ settlement }) => settlement?.sentBeyondTaken ?? 0)}::int[], ${sorted.map(({ settlement }) => settlement?.takenUntil ?? null)}::float8[],
        ${sorted.map(({ settlement }) => settlement?.sentUntil ?? null)}::float8[], ${sorted.map(({ settlement }) => settlement?.intervalMs ?? null)}::float8[])
        AS i(key, learned, blocked_ms, beyond_taken, taken_until_ms, sent_until_ms, interval_ms)
      WHERE b."quotaKey" = i.key`,
  ]);
}
