/** Which alarms open, go on and close, and who is told. Pure. */
import { millisecondsInDay as DAY_MS, millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import type { Finding } from './findings';

/** A cause that comes back sooner never went: it is one alarm, and its end is told once. */
export const CLOSE_AFTER_MS = 5 * MINUTE_MS;
/** A cause is told once a day, however often it comes and goes. */
export const NOTICE_EVERY_MS = DAY_MS;

export interface OpenAlarm {
  id: string;
  kind: string;
  subject: string;
  lastSeenAt: number;
  /** Targets that were told of this alarm and may have got it. */
  toldTargets: string[];
}

export interface AlarmPlan {
  opened: Finding[];
  seen: { id: string; finding: Finding }[];
  /** Their causes were not seen for a while. */
  closed: OpenAlarm[];
  notices: { of: { id: string } | { finding: Finding }; kind: 'opened' | 'reminder' | 'closed'; target: string }[];
}

export const causeOf = ({ kind, subject }: { kind: string; subject: string }): string => JSON.stringify([kind, subject]);

/**
 * @param lastTold when a target was last told of a cause, by `${cause} ${target}`
 * @param targetsOf whom a finding is told to
 */
export function planNotices(
  findings: readonly Finding[], open: readonly OpenAlarm[], lastTold: ReadonlyMap<string, number>,
  targetsOf: (finding: Finding) => readonly string[], now: number,
): AlarmPlan {
  const known = new Map(open.map((alarm) => [causeOf(alarm), alarm]));
  const plan: AlarmPlan = { opened: [], seen: [], closed: [], notices: [] };
  const found = new Set<string>();
  for (const finding of findings) {
    const cause = causeOf(finding);
    if (found.has(cause)) continue;
    found.add(cause);
    const alarm = known.get(cause);
    if (alarm) plan.seen.push({ id: alarm.id, finding });
    else plan.opened.push(finding);
    for (const target of targetsOf(finding)) {
      const told = lastTold.get(`${cause} ${target}`);
      if (told !== undefined && now - told < NOTICE_EVERY_MS) continue;
      const isReminder = alarm?.toldTargets.includes(target) ?? false;
      plan.notices.push({ of: alarm ? { id: alarm.id } : { finding }, kind: isReminder ? 'reminder' : 'opened', target });
    }
  }
  for (const alarm of open) {
    if (found.has(causeOf(alarm)) || now - alarm.lastSeenAt < CLOSE_AFTER_MS) continue;
    plan.closed.push(alarm);
    for (const target of alarm.toldTargets) plan.notices.push({ of: { id: alarm.id }, kind: 'closed', target });
  }
  return plan;
}
