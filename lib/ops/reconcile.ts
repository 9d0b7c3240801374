/** Brings the alarms in the database in line with what was found, in one transaction. */
import { randomUUID } from 'node:crypto';
import { LOCKS } from '../cron/lock-keys';
import { bounded, type Db } from '../db';
import type { Finding } from './findings';
import { NOTICE_EVERY_MS, planNotices, causeOf, type OpenAlarm } from './plan-notices';

export interface Reconciled {
  opened: number;
  closed: number;
  /** Alarms that are open now. */
  open: number;
}

const TIMEOUT_MS = 10_000;

/**
 * Two watchers at once are one after the other: the second sees what the first wrote. Nothing is sent here.
 * @param targetsOf whom a finding is told to
 */
export async function reconcile(db: Db, findings: readonly Finding[], targetsOf: (finding: Finding) => readonly string[], now: number): Promise<Reconciled> {
  const at = new Date(now);
  return await bounded(TIMEOUT_MS + 2_000, () => db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT set_config('statement_timeout', ${String(TIMEOUT_MS)}, true)`;
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCKS.alarms.classId}::int, ${LOCKS.alarms.objectId}::int)`;
    const open = await tx.alarm.findMany({ where: { closedAt: null }, include: { notices: { where: { kind: { not: 'closed' }, givenUpAt: null } } } });
    const told = await tx.alarmNotice.findMany({
      where: { kind: { not: 'closed' }, createdAt: { gt: new Date(now - NOTICE_EVERY_MS) } },
      select: { target: true, createdAt: true, alarm: { select: { kind: true, subject: true } } },
    });
    const lastTold = new Map<string, number>();
    for (const { alarm, target, createdAt } of told) {
      const key = `${causeOf(alarm)} ${target}`;
      lastTold.set(key, Math.max(lastTold.get(key) ?? 0, createdAt.getTime()));
    }
    const alarms: OpenAlarm[] = open.map(({ id, kind, subject, lastSeenAt, notices }) => ({
      id, kind, subject, lastSeenAt: lastSeenAt.getTime(), toldTargets: [...new Set(notices.map(({ target }) => target))],
    }));
    const plan = planNotices(findings, alarms, lastTold, targetsOf, now);

    const ids = new Map(plan.opened.map((finding) => [causeOf(finding), randomUUID()]));
    const idOf = (finding: Finding): string => ids.get(causeOf(finding)) ?? '';
    await tx.alarm.createMany({
      data: plan.opened.map((finding) => ({
        id: idOf(finding), kind: finding.kind, subject: finding.subject, agencyId: finding.agencyId, message: finding.message, openedAt: at, lastSeenAt: at,
      })),
    });
    if (plan.seen.length > 0) {
      await tx.$executeRaw`
        UPDATE "Alarm" a SET "lastSeenAt" = GREATEST(a."lastSeenAt", ${at}), message = i.message
        FROM unnest(${plan.seen.map((one) => one.id)}::text[], ${plan.seen.map((one) => one.finding.message)}::text[]) AS i(id, message) WHERE a.id = i.id`;
    }
    const closedIds = plan.closed.map(({ id }) => id);
    if (closedIds.length > 0) {
      await tx.alarm.updateMany({ where: { id: { in: closedIds } }, data: { closedAt: at } });
      // What nobody was told yet need not be told any more, and neither need its end.
      const untold = await tx.alarmNotice.findMany({ where: { alarmId: { in: closedIds }, kind: 'opened', deliveredAt: null, givenUpAt: null } });
      await tx.alarmNotice.updateMany({ where: { id: { in: untold.map(({ id }) => id) }, attempts: 0 }, data: { givenUpAt: at, lastError: 'over before it was sent' } });
      const skipped = new Set(untold.filter(({ attempts }) => attempts === 0).map(({ alarmId, target }) => `${alarmId} ${target}`));
      plan.notices = plan.notices.filter(({ of, kind, target }) => kind !== 'closed' || !('id' in of) || !skipped.has(`${of.id} ${target}`));
    }
    await tx.alarmNotice.createMany({
      data: plan.notices.map(({ of, kind, target }) => ({ id: randomUUID(), alarmId: 'id' in of ? of.id : idOf(of.finding), kind, target, createdAt: at, nextAttemptAt: at })),
    });
    return { opened: plan.opened.length, closed: plan.closed.length, open: plan.opened.length + open.length - plan.closed.length };
  }, { timeout: TIMEOUT_MS, maxWait: 5_000 }));
}
