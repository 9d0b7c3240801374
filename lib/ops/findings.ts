/** What is the matter: from facts to findings. Pure; every cause is one function, tested as a table. */
import { millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import type { CalendarProvider } from '../providers/errors';
import { countInWorkingHours, WATCHED_DAYS, type WatchedCalendar } from './calendars';
import type { OpsFacts } from './facts';

export const ALARM_KINDS = [
  'no_good_sweep', 'sweep_disabled', 'lock_lost', 'lock_stuck', 'oldest_age', 'agency_behind', 'provider_failing',
  'credential_rejected', 'quota_limited', 'few_slots',
] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

export interface Finding {
  kind: AlarmKind;
  /** A workspace's, an agency's or a provider's id; empty: the whole app. */
  subject: string;
  /** Whose own route, if there is one, gets the notice. */
  workspaceId: string | null;
  agencyId: string | null;
  /** What is so, since when, and the way out. Names and counts, no personal data. */
  message: string;
}

export interface WatchSettings {
  /** The sweep's limit is 0, set by this variable. */
  disabledBy: string | null;
  timeBudgetMs: number;
  ttlMs: number;
  oldestAgeMs: number;
  /** Configured hosts of the vendors; another host is known by its name. */
  providerHosts: ReadonlyMap<string, CalendarProvider>;
}

/** A sweep may take its budget, twice; the third is late. */
const MIN_SILENCE_MS = 3 * MINUTE_MS;
/** A run answers at most 2 s after its budget; what holds the lock beyond this neither ends nor freezes. */
const LOCK_GRACE_MS = 20_000;
/** Young enough to be about now. */
const RECENT_MS = 15 * MINUTE_MS;
/** An agency is behind when its typical calendar is older than this, and than three times everybody else's. */
const BEHIND_MIN_SECONDS = 300;
const BEHIND_FACTOR = 3;
/** Fewer than this many calendars is not a provider's trouble. */
const WIDELY_MIN = 5;
const WIDELY_SHARE = 0.3;
/** A breaker that opened this often in a row has failed its probes for over a minute. */
const WIDELY_OPENS = 3;

type Rule = (facts: OpsFacts, settings: WatchSettings) => Finding[];

const ofApp = (kind: AlarmKind, message: string): Finding => ({ kind, subject: '', workspaceId: null, agencyId: null, message });
const minutes = (ms: number): string => `${String(Math.round(ms / MINUTE_MS))} min`;
const ofAge = (seconds: number): string => (seconds < 5_400 ? minutes(seconds * 1000) : `${(seconds / 3_600).toFixed(1)} h`);

const noGoodSweep: Rule = ({ now, sweep, active }, { disabledBy, timeBudgetMs }) => {
  if (disabledBy !== null || active.oldestCreatedAt === null) return [];
  const limitMs = Math.max(MIN_SILENCE_MS, 3 * timeBudgetMs);
  const silentMs = now - Math.max(sweep.lastGoodAt ?? 0, active.oldestCreatedAt);
  if (silentMs <= limitMs) return [];
  const last = sweep.last === null ? 'no run is known: does the cron fire, with the right secret?' : `the last run ended as ${sweep.last.outcome}`;
  return [ofApp('no_good_sweep', `No good sweep for ${minutes(silentMs)} (the limit is ${minutes(limitMs)}); ${last}. Slots are not offered any more once they are too old.`)];
};

const sweepDisabled: Rule = ({ active }, { disabledBy }) =>
  disabledBy === null || active.count === 0 ? [] : [ofApp('sweep_disabled', `The sweep is off: ${disabledBy} is 0. No calendar of ${String(active.count)} is refreshed. Unset it.`)];

const lockLost: Rule = ({ now, sweep: { lastDone } }) =>
  lastDone?.outcome === 'lock_lost' && now - lastDone.startedAt < RECENT_MS
    ? [ofApp('lock_lost', `The last sweep (${lastDone.id}) lost its lock: the database's connection broke, or the process was frozen. What it had read is stored.`)] : [];

const lockStuck: Rule = ({ sweep: { lockedForMs } }, { timeBudgetMs }) =>
  lockedForMs !== null && lockedForMs > timeBudgetMs + LOCK_GRACE_MS
    ? [ofApp('lock_stuck', `The sweep's lock has been held for ${minutes(lockedForMs)}, longer than a budget of ${String(timeBudgetMs / 1000)} s allows. End its holder: docs/failure-modes.md says how.`)] : [];

const oldestAge: Rule = ({ oldest: [worst, ...others] }, { oldestAgeMs }) => {
  if (!worst || worst.ageSeconds * 1000 <= oldestAgeMs) return [];
  const also = others.filter((one) => one.ageSeconds * 1000 > oldestAgeMs).length;
  return [ofApp('oldest_age', `The calendar of ${worst.name} (${worst.workspaceId}) was last read ${ofAge(worst.ageSeconds)} ago, over the limit of ${ofAge(oldestAgeMs / 1000)}${worst.errorKind === null ? '' : `: ${worst.errorKind}`}${also > 0 ? `; and ${String(also)}${also === 9 ? ' or more' : ''} others` : ''}.`)];
};

/** Compared with the typical age over the others' calendars: one agency alone is behind nobody. */
const agencyBehind: Rule = ({ agencies }) => agencies.flatMap((agency) => {
  const others = agencies.filter((one) => one !== agency);
  const total = others.reduce((sum, one) => sum + one.workspaces, 0);
  if (total === 0) return [];
  const typical = others.reduce((sum, one) => sum + one.p50AgeSeconds * one.workspaces, 0) / total;
  if (agency.p50AgeSeconds <= Math.max(BEHIND_MIN_SECONDS, BEHIND_FACTOR * typical)) return [];
  return [{
    kind: 'agency_behind' as const, subject: agency.agencyId, workspaceId: null, agencyId: agency.agencyId,
    message: `Agency ${agency.name} is behind: its calendars are typically ${ofAge(agency.p50AgeSeconds)} old, others ${ofAge(typical)}; ${String(agency.failing)} of its ${String(agency.workspaces)} fail.`,
  }];
});

const providerFailing: Rule = ({ now, providers, hosts }, { providerHosts }) =>
  providers.flatMap(({ provider, workspaces, failing }) => {
    const closed = hosts.filter((one) => (providerHosts.get(one.host) ?? providerOfHost(one.host)) === provider && one.opens >= WIDELY_OPENS && (one.openUntil ?? 0) > now - 2 * MINUTE_MS);
    const isWide = failing >= WIDELY_MIN && failing >= WIDELY_SHARE * workspaces;
    if (!isWide && closed.length === 0) return [];
    const kinds = closed.map((one) => `${one.host}: ${one.errorKind ?? 'failing'}, left alone ${String(one.opens)} times in a row`);
    return [{
      kind: 'provider_failing' as const, subject: provider, workspaceId: null, agencyId: null,
      message: `${provider} is failing widely: the last attempt failed for ${String(failing)} of ${String(workspaces)} calendars${kinds.length > 0 ? ` (${kinds.join('; ')})` : ''}. Slots stay in use up to the age limit.`,
    }];
  });

/** Every host that is asked belongs to one of three vendors; a custom domain is GoHighLevel's. */
function providerOfHost(host: string): CalendarProvider {
  if (host.includes('calendly')) return 'calendly';
  return host.includes('hubspot') || host.includes('hubapi') ? 'hubspot' : 'ghl';
}

const credentialRejected: Rule = ({ rejected }) => rejected.map(({ workspaceId, name, agencyId, provider }) => ({
  kind: 'credential_rejected' as const, subject: workspaceId, workspaceId, agencyId,
  message: `${provider} rejects the credential of ${name}. Store a new one: npm run workspaces -- credential ${workspaceId} --provider ${provider}`,
}));

const quotaLimited: Rule = ({ now, sweep: { lastDone } }) => {
  if (!lastDone?.counts || now - lastDone.startedAt > RECENT_MS) return [];
  const byProvider = new Map<string, { workspaces: number; expectedAgeSeconds: number }>();
  for (const one of lastDone.counts.quotaLimited) {
    const known = byProvider.get(one.provider);
    byProvider.set(one.provider, { workspaces: (known?.workspaces ?? 0) + one.workspaces, expectedAgeSeconds: Math.max(known?.expectedAgeSeconds ?? 0, one.expectedAgeSeconds) });
  }
  return [...byProvider].map(([provider, { workspaces, expectedAgeSeconds }]) => ({
    kind: 'quota_limited' as const, subject: provider, workspaceId: null, agencyId: null,
    message: `The ${provider} quota of a credential cannot serve its calendars every minute: ${String(workspaces)} reach an age of ${ofAge(expectedAgeSeconds)}. Raise QUOTA_SHARE_PERCENT or use several tokens.`,
  }));
};

const RULES: Rule[] = [noGoodSweep, sweepDisabled, lockLost, lockStuck, oldestAge, agencyBehind, providerFailing, credentialRejected, quotaLimited];

function fewSlots(calendar: WatchedCalendar): Finding[] {
  const { workspaceId, name, agencyId, minOpenSlots } = calendar;
  const count = countInWorkingHours(calendar);
  if (typeof count === 'number' && count >= minOpenSlots) return [];
  const what = typeof count === 'string' ? `has ${count}, so nothing is open` : `has ${String(count)} open times`;
  return [{
    kind: 'few_slots', subject: workspaceId, workspaceId, agencyId,
    message: `The calendar of ${name} ${what} in working hours of the next ${String(WATCHED_DAYS)} days; its threshold is ${String(minOpenSlots)}.`,
  }];
}

export function findingsOf(facts: OpsFacts, calendars: readonly WatchedCalendar[], settings: WatchSettings): Finding[] {
  return [...RULES.flatMap((rule) => rule(facts, settings)), ...calendars.flatMap(fewSlots)];
}
