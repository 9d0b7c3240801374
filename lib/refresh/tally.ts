/** Counts a run as it goes and turns the counts into its answer. */
import type { ErrorKind, Vendor } from '../providers/errors';
import type { HttpObservation } from '../providers/types';
import { agencyKeyOf } from './order';
import type { StoredWrite } from './store';
import type { WorkItem, WorkspaceFacts } from './types';

/** `store_error`: the database refused the row. */
export type CountedErrorKind = ErrorKind | 'store_error';

export interface ProviderSummary {
  requests: number;
  /** Milliseconds from request to last byte. */
  p50Ms: number | null;
  p95Ms: number | null;
  /** HTTP exchanges that failed. */
  errors: number;
}

export interface AgencySummary {
  agencyId: string | null;
  workspaces: number;
  attempted: number;
  errors: number;
  notReached: number;
  /** Age of the agency's oldest success after the run; null: one has never succeeded. */
  oldestSuccessAgeSeconds: number | null;
}

export interface ErrorSummary {
  total: number;
  byKind: Partial<Record<CountedErrorKind, number>>;
  first: { workspaceId: string; kind: CountedErrorKind; message: string } | null;
}

/** The agencies that are most behind; an answer must not grow with the number of agencies. */
const AGENCIES_SHOWN = 10;

export class Tally {
  changed = 0;
  unchanged = 0;
  gone = 0;
  abandoned = 0;
  unknown = 0;
  readonly errors: ErrorSummary = { total: 0, byKind: {}, first: null };
  private readonly latencies = new Map<Vendor, { ms: number[]; errors: number }>();
  private readonly attemptedIds = new Set<string>();
  private readonly failedIds = new Set<string>();
  private readonly succeededAt = new Map<string, number>();

  observe({ vendor, durationMs, failed }: HttpObservation): void {
    const seen = this.latencies.get(vendor) ?? { ms: [], errors: 0 };
    seen.ms.push(durationMs);
    if (failed) seen.errors++;
    this.latencies.set(vendor, seen);
  }

  record({ write, outcome, error }: StoredWrite): void {
    const { workspaceId } = write.result.item;
    if (outcome === 'gone') this.gone++;
    else if (outcome === 'unknown') this.unknown++;
    else if (outcome === 'failed') this.fail(workspaceId, 'store_error', error ?? 'the database refused the row');
    else if (write.kind === 'abandoned') this.abandoned++;
    else if (write.kind === 'failure') this.fail(workspaceId, write.result.errorKind, write.result.message);
    else {
      if (outcome === 'changed') this.changed++;
      else this.unchanged++;
      this.attemptedIds.add(workspaceId);
      this.succeededAt.set(workspaceId, write.result.beganAt);
    }
  }

  byProvider(): Partial<Record<Vendor, ProviderSummary>> {
    const summaries: Partial<Record<Vendor, ProviderSummary>> = {};
    for (const [vendor, { ms, errors }] of this.latencies) {
      ms.sort((a, b) => a - b);
      summaries[vendor] = { requests: ms.length, p50Ms: quantile(ms, 0.5), p95Ms: quantile(ms, 0.95), errors };
    }
    return summaries;
  }

  /** The most behind first. @param notReached items that the run did not come to */
  byAgency(workspaces: readonly WorkspaceFacts[], notReached: readonly WorkItem[], now: number): AgencySummary[] {
    const missed = new Set(notReached.map((item) => item.workspaceId));
    const agencies = new Map<string, AgencySummary & { oldest: number }>();
    for (const facts of workspaces) {
      if (facts.paused || !facts.link || (facts.status.actionRequired && !this.succeededAt.has(facts.workspaceId))) continue;
      const key = agencyKeyOf(facts);
      const agency = agencies.get(key) ?? {
        agencyId: facts.agencyId, workspaces: 0, attempted: 0, errors: 0, notReached: 0, oldestSuccessAgeSeconds: null, oldest: Infinity,
      };
      agencies.set(key, agency);
      agency.workspaces++;
      if (this.attemptedIds.has(facts.workspaceId)) agency.attempted++;
      if (this.failedIds.has(facts.workspaceId)) agency.errors++;
      if (missed.has(facts.workspaceId)) agency.notReached++;
      agency.oldest = Math.min(agency.oldest, this.succeededAt.get(facts.workspaceId) ?? facts.status.succeededAt ?? -Infinity);
    }
    return [...agencies.values()]
      .sort((a, b) => a.oldest - b.oldest || b.notReached - a.notReached)
      .filter((_, index) => index < AGENCIES_SHOWN)
      .map(({ oldest, ...agency }) => ({
        ...agency,
        oldestSuccessAgeSeconds: Number.isFinite(oldest) ? Math.max(0, Math.round((now - oldest) / 100) / 10) : null,
      }));
  }

  private fail(workspaceId: string, kind: CountedErrorKind, message: string): void {
    this.errors.total++;
    this.errors.byKind[kind] = (this.errors.byKind[kind] ?? 0) + 1;
    this.errors.first ??= { workspaceId, kind, message };
    this.attemptedIds.add(workspaceId);
    this.failedIds.add(workspaceId);
  }
}

function quantile(sorted: readonly number[], q: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
  return value === undefined ? null : Math.round(value);
}
