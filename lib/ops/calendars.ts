/** Open times of the calendars that have a threshold: working hours of the next seven days. */
import { bounded, Prisma, type Db } from '../db';
import { configuredWorkspaces, epochMs, fingerprintSql, timezoneSql } from '../refresh/configured';
import { standingSql } from '../refresh/metrics';
import { checkWorkingHours, isWithinWorkingHours, NO_WEEKENDS } from '../slots/working-hours';
import { knownZone, MINUTE_MS } from '../slots/zone';

export const WATCHED_DAYS = 7;

export interface WatchedCalendar {
  workspaceId: string;
  name: string;
  agencyId: string | null;
  minOpenSlots: number;
  timezone: string;
  /** As stored, not yet checked. */
  workingHours: unknown;
  offerWeekends: boolean;
  durationMinutes: number;
  /** Open starts of the next seven days: not past, not booked. Epoch milliseconds. */
  openMs: number[];
}

/** Calendars with a threshold whose slots are known: of the others nothing can be said. @param maxAgeMs the readers' age limit */
export async function readWatchedCalendars(db: Db, maxAgeMs: number, timeoutMs: number): Promise<WatchedCalendar[]> {
  type Row = Omit<WatchedCalendar, 'openMs'> & { slots: string };
  const rows = await bounded(timeoutMs, () => db.$queryRaw<Row[]>`
    SELECT c.id AS "workspaceId", c.name, c."userId" AS "agencyId", w."minOpenSlots", ${timezoneSql} AS timezone, w."workingHours",
      w."offerWeekends", k."slotDurationMinutes" AS "durationMinutes",
      array_to_string(ARRAY(
        SELECT ${epochMs(Prisma.sql`x`)}::bigint FROM unnest(k."slotsUtc") x
        WHERE x > t.now AND x < t.now + ${WATCHED_DAYS} * interval '24 hours'
          AND COALESCE(NOT tstzrange(x, x + k."slotDurationMinutes" * interval '1 minute') && b.busy, true)), ',') AS slots
    FROM ${configuredWorkspaces} CROSS JOIN (SELECT clock_timestamp() AS now) t
      JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id
      JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = c.id
      CROSS JOIN LATERAL (
        SELECT range_agg(tstzrange(b."startsAt", b."endsAt")) AS busy FROM "Booking" b
        WHERE b."clientId" = c.id AND b."cancelledAt" IS NULL AND b."endsAt" > t.now) b
    WHERE w."minOpenSlots" > 0 AND ${standingSql} = 'counted' AND k."slotsFingerprint" = ${fingerprintSql}
      AND s."succeededAt" >= t.now - ${maxAgeMs} * interval '1 millisecond'`);
  return rows.map(({ slots, ...row }) => ({ ...row, openMs: slots === '' ? [] : slots.split(',').map(Number) }));
}

/** Slots in working hours; a text: what of its settings cannot be read, which closes the calendar. Pure. */
export function countInWorkingHours(calendar: WatchedCalendar): number | string {
  const checked = checkWorkingHours(calendar.workingHours);
  if (checked.kind === 'invalid') return 'working hours that cannot be read';
  // It was checked on the machine that it was entered on, whose list of zones may be a newer one.
  if (knownZone(calendar.timezone) === null) return `a time zone that is not known here (${JSON.stringify(calendar.timezone)})`;
  return calendar.openMs.filter((startMs) => {
    const endMs = startMs + calendar.durationMinutes * MINUTE_MS;
    const allowed = checked.hours === null || isWithinWorkingHours(startMs, endMs, checked.hours, calendar.timezone);
    return allowed && (calendar.offerWeekends || isWithinWorkingHours(startMs, endMs, NO_WEEKENDS, calendar.timezone));
  }).length;
}
