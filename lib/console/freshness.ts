/** Is every calendar fresh, and if not, whose and why? Pure: from standings to what the overview says. */
import { millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';
import type { ErrorKind } from '../providers/errors';
import type { WorkspaceState } from '../refresh/state';
import type { ProviderName, Standing, Standings } from './standings';

/** What the promise of a minute allows at the worst moment, and more than one missed sweep. */
export const BEHIND_MS = 5 * MINUTE_MS;

/** Why a calendar is not fresh: its failure's kind, or what stands instead of one. */
export type CauseKind = ErrorKind | 'no_link' | 'not_read_yet' | 'behind';

export interface Cause {
  kind: CauseKind;
  /** A person must act; otherwise it is tried again by itself. */
  needsPerson: boolean;
  count: number;
  /** Nothing of them is offered: not merely old. */
  unusable: number;
  providers: ProviderName[];
  /** Most affected first. */
  agencies: { agencyId: string | null; count: number }[];
  /** Of the oldest; null: one was never read. */
  oldestAgeMs: number | null;
  example: { workspaceId: string; name: string; message: string | null };
}

export interface AgencyFreshness {
  agencyId: string | null;
  workspaces: number;
  /** Of those that should be fresh: neither paused nor in need of a person. */
  counted: number;
  /** Older than five minutes, or never read. */
  behind: number;
  needPerson: number;
  paused: number;
  /** Null: one of them was never read, or none is counted. */
  oldestAgeMs: number | null;
  neverRead: number;
}

export interface Freshness {
  workspaces: number;
  /** Should be fresh: configured, not paused, not in need of a person. The shares are of these. */
  counted: number;
  within1Min: number;
  within5Min: number;
  withinLimit: number;
  overLimit: number;
  neverRead: number;
  byState: Record<WorkspaceState, number>;
  oldest: { workspaceId: string; name: string; ageMs: number } | null;
  medianAgeMs: number | null;
  causes: Cause[];
  /** The most behind first. */
  agencies: AgencyFreshness[];
}

export function freshnessOf({ workspaces, now }: Pick<Standings, 'workspaces' | 'now'>, maxAgeMs: number): Freshness {
  const byState: Freshness['byState'] = { fresh: 0, stale: 0, empty: 0, unavailable: 0, misconfigured: 0, paused: 0 };
  const ages: number[] = [];
  const causes = new Map<string, CauseSum>();
  const agencies = new Map<string | null, AgencyFreshness>();
  let oldest: { standing: Standing; ageMs: number } | null = null;
  let [counted, neverRead] = [0, 0];

  for (const standing of workspaces) {
    byState[standing.state]++;
    const agency = agencies.get(standing.agencyId) ?? { agencyId: standing.agencyId, workspaces: 0, counted: 0, behind: 0, needPerson: 0, paused: 0, oldestAgeMs: null, neverRead: 0 };
    agencies.set(standing.agencyId, agency);
    agency.workspaces++;
    const ageMs = standing.succeededAt === null ? null : Math.max(0, now - standing.succeededAt);
    const cause = causeOf(standing, ageMs);
    if (cause) addCause(causes, cause, standing, ageMs);
    if (standing.state === 'paused') agency.paused++;
    else if (standing.state === 'misconfigured') agency.needPerson++;
    else {
      counted++;
      agency.counted++;
      if (ageMs === null || ageMs > BEHIND_MS) agency.behind++;
      if (ageMs === null) {
        neverRead++;
        agency.neverRead++;
      } else {
        ages.push(ageMs);
        agency.oldestAgeMs = Math.max(agency.oldestAgeMs ?? 0, ageMs);
        if (ageMs > (oldest?.ageMs ?? -1)) oldest = { standing, ageMs };
      }
    }
  }
  ages.sort((a, b) => a - b);
  const within = (ms: number): number => ages.filter((age) => age <= ms).length;
  return {
    workspaces: workspaces.length, counted, neverRead, byState,
    within1Min: within(MINUTE_MS), within5Min: within(BEHIND_MS), withinLimit: within(maxAgeMs), overLimit: ages.length - within(maxAgeMs),
    oldest: oldest && { workspaceId: oldest.standing.workspaceId, name: oldest.standing.name, ageMs: oldest.ageMs },
    medianAgeMs: ages[Math.floor(ages.length / 2)] ?? null,
    causes: [...causes.values()].map(({ perAgency, providers, ...cause }) => ({
      ...cause, providers: [...providers].sort(),
      agencies: [...perAgency].map(([agencyId, count]) => ({ agencyId, count })).sort((a, b) => b.count - a.count),
    })).sort((a, b) => b.unusable - a.unusable || b.count - a.count),
    agencies: [...agencies.values()].sort((a, b) => b.neverRead - a.neverRead || (b.oldestAgeMs ?? 0) - (a.oldestAgeMs ?? 0)),
  };
}

/** Null: it is as fresh as it should be, or paused. */
function causeOf({ state, provider, errorKind, succeededAt, isUntried }: Standing, ageMs: number | null): { kind: CauseKind; needsPerson: boolean } | null {
  if (state === 'paused') return null;
  if (provider === null) return { kind: 'no_link', needsPerson: true };
  if (state === 'misconfigured') return { kind: errorKind ?? 'rejected_request', needsPerson: true };
  if (state !== 'unavailable' && ageMs !== null && ageMs <= BEHIND_MS) return null;
  if (errorKind !== null) return { kind: errorKind, needsPerson: false };
  return { kind: succeededAt === null || isUntried ? 'not_read_yet' : 'behind', needsPerson: false };
}

interface CauseSum extends Omit<Cause, 'providers' | 'agencies'> {
  providers: Set<ProviderName>;
  perAgency: Map<string | null, number>;
}

function addCause(causes: Map<string, CauseSum>, { kind, needsPerson }: { kind: CauseKind; needsPerson: boolean }, standing: Standing, ageMs: number | null): void {
  const key = `${kind} ${String(needsPerson)}`;
  const { workspaceId, name, lastError: message } = standing;
  const sum: CauseSum = causes.get(key) ?? { kind, needsPerson, count: 0, unusable: 0, providers: new Set(), perAgency: new Map(), oldestAgeMs: ageMs, example: { workspaceId, name, message } };
  causes.set(key, sum);
  sum.count++;
  if (standing.state === 'unavailable' || standing.state === 'misconfigured') sum.unusable++;
  if (standing.provider !== null) sum.providers.add(standing.provider);
  const already = sum.perAgency.get(standing.agencyId) ?? 0;
  sum.perAgency.set(standing.agencyId, already + 1);
  sum.oldestAgeMs = ageMs === null || sum.oldestAgeMs === null ? null : Math.max(sum.oldestAgeMs, ageMs);
}
