/** What must be so in the database after whatever happened. */
import { expect } from 'vitest';
import { configuredWorkspaces, fingerprintSql } from '@/lib/refresh/configured';
import { contentHashOf, slotsHashOf } from '@/lib/refresh/hashes';
import type { ProviderMeta } from '@/lib/providers/types';
import { Prisma } from '@/lib/db';
import type { FaultStage } from '../support/fault-stage';
import { lieIn } from './truth';
import { DAY_MS } from './reader';

interface Row {
  id: string;
  configured: string;
  slotsFingerprint: string;
  attemptFingerprint: string;
  slots: string;
  slotCount: number;
  slotsHash: bigint;
  contentHash: bigint;
  duration: number;
  meta: ProviderMeta;
  succeededAt: Date;
  generation: bigint;
}

/** What was stored of every workspace at one moment. */
export type Stored = Map<string, Row>;

export async function readStored(stage: FaultStage): Promise<Stored> {
  const rows = await stage.db().$queryRaw<Row[]>(Prisma.sql`
    SELECT c.id, ${fingerprintSql} AS configured, k."slotsFingerprint", s."attemptFingerprint", k."slotCount", k."slotsHash", s."contentHash",
      k."slotDurationMinutes" AS duration, k."providerMeta" AS meta, s."succeededAt", k.generation,
      array_to_string(ARRAY(SELECT (extract(epoch FROM x) * 1000)::bigint FROM unnest(k."slotsUtc") x), ',') AS slots
    FROM ${configuredWorkspaces} JOIN "WorkspaceAvailabilityStatus" s ON s."clientId" = c.id JOIN "WorkspaceAvailabilityCache" k ON k."clientId" = c.id`);
  return new Map(rows.map((row) => [row.id, row]));
}

/** How another version of the app, which may have written a row, says what this one says. */
export interface OtherFormulas {
  contentHash?: (ours: bigint) => bigint;
  fingerprint?: (ours: string) => string;
}

/** Nothing is torn, nothing was emptied, nothing went back behind `before`; returns what is stored now. */
export async function expectSound(stage: FaultStage, before?: Stored, other: OtherFormulas = {}): Promise<Stored> {
  const stored = await readStored(stage);
  expect([...stored.keys()].sort()).toEqual([...stage.ids].sort());
  for (const row of stored.values()) {
    const slots = row.slots === '' ? [] : row.slots.split(',').map(Number);
    expect(slots.length, `${row.id} was emptied`).toBeGreaterThan(0);
    const theirs = other.fingerprint?.(row.configured);
    const fingerprint = row.slotsFingerprint === theirs ? theirs : row.configured;
    expect({ id: row.id, slotCount: slots.length, slotsHash: slotsHashOf(new Float64Array(slots)), slotsFingerprint: fingerprint, attemptFingerprint: fingerprint })
      .toEqual({ id: row.id, slotCount: row.slotCount, slotsHash: row.slotsHash, slotsFingerprint: row.slotsFingerprint, attemptFingerprint: row.attemptFingerprint });
    expect(isHotOf(row, slots, other), `the hot row of ${row.id} is of other slots than the cold one`).toBe(true);
    const earlier = before?.get(row.id);
    if (!earlier) continue;
    expect(row.succeededAt.getTime(), `${row.id} went back`).toBeGreaterThanOrEqual(earlier.succeededAt.getTime());
    expect(row.generation, `${row.id} lost a change`).toBeGreaterThanOrEqual(earlier.generation);
  }
  return stored;
}

/** The hot row's hash is of the cold row's slots; those that are past meanwhile may still stand in the cold one alone. */
function isHotOf({ contentHash, slotsFingerprint, duration, meta, succeededAt }: Row, slots: readonly number[], other: OtherFormulas): boolean {
  for (let past = 0; past === 0 || (slots[past - 1] ?? Infinity) <= succeededAt.getTime(); past++) {
    const slotsHash = slotsHashOf(new Float64Array(slots.slice(past)));
    const ours = contentHashOf({ slotsHash, fingerprint: slotsFingerprint, durationMinutes: duration, meta });
    if (contentHash === ours || contentHash === other.contentHash?.(ours)) return true;
    if (past >= slots.length) break;
  }
  return false;
}

/** Everything stored is what the providers say: after a complete run. */
export async function expectStoredTruth(stage: FaultStage, bounds: { workspaceTimeoutMs: number }): Promise<void> {
  const now = Date.now();
  for (const row of (await readStored(stage)).values()) {
    const slotsMs = row.slots.split(',').map(Number).filter((slot) => slot > now);
    const answer = { workspaceId: row.id, asOfMs: row.succeededAt.getTime(), askedAtMs: now, answeredAtMs: now, slotsMs };
    expect(await lieIn(answer, { maxAgeMs: DAY_MS, readingMs: bounds.workspaceTimeoutMs, windowMs: 30 * DAY_MS }, stage.sim)).toBeUndefined();
  }
}

/** Advisory locks that somebody holds. */
export async function locksHeld(stage: FaultStage): Promise<number> {
  const held = await stage.db().$queryRaw<unknown[]>`
    SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return held.length;
}
