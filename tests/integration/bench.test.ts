import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createHttpTransport } from '@/lib/providers/http';
import { databaseSection, type DatabaseRuns } from '../../scripts/bench/measures/database';
import { sweepSection, type SweepRows } from '../../scripts/bench/measures/sweep';
import { parseOptions, type Options } from '../../scripts/bench/options';
import { partOf } from '../../scripts/bench/population-part';
import { differences, type Run } from '../../scripts/bench/programs';
import { recordedRequests, recordingTransport, type Recording } from '../../scripts/bench/recording';
import { textOf } from '../../scripts/bench/report';
import type { Results, Section } from '../../scripts/bench/results';
import { alternate, quantileOf, ratiosOf, summaryOf } from '../../scripts/bench/statistics';
import { alignedTable } from '../../scripts/bench/table';
import { benchPopulation } from '../../scripts/simulator/population';
import { startSimulator, type Simulator } from '../../scripts/simulator/server';

const WORKSPACES = 1_000;

function runOf(change: Partial<Run> = {}, sweep: Partial<NonNullable<Run['sweep']>> = {}): Run {
  return {
    cost: { wallMs: 4_000, cpuMs: 1_400, startRssMb: 80, peakRssMb: 250 },
    requests: 1_667, bytes: 19_000_000,
    served: { requests: 1_667, bytes: 19_000_000, errors: 0, maxInFlight: 200 },
    database: { statements: 20, walBytes: 120_000, updates: { WorkspaceAvailabilityStatus: { total: 1_000, heapOnly: 990 } }, byStatement: [] },
    sweep: {
      checked: WORKSPACES, refreshed: WORKSPACES, changed: 0, unchanged: WORKSPACES, notReached: 0, abandoned: 0, errors: { total: 0, byKind: {}, first: null },
      byProvider: {}, durationMs: 4_000, ...sweep,
    },
    mismatches: [],
    ...change,
  };
}

const optionsOf = (argv: string[]): Options => parseOptions(['node', 'bench', '--workspaces', String(WORKSPACES), ...argv], new Date(0));
const failedOf = ({ checks }: Section): string[] => checks.filter((check) => check.ok === false).map((check) => check.what);

function sweepOf(change: Partial<Record<keyof SweepRows, Run>> = {}, argv: string[] = []): Section {
  const bare = runOf({ cost: { wallMs: 3_200, cpuMs: 1_000, startRssMb: 50, peakRssMb: 100 } });
  const row = (name: keyof SweepRows, run: Run): SweepRows[keyof SweepRows] => ({ name, runs: [change[name] ?? run] });
  return sweepSection(
    { ours: row('ours', runOf()), bare: row('bare', bare), anew: row('anew', runOf()), naive: row('naive', runOf()), defaults: row('defaults', runOf()), cold: row('cold', runOf({}, { changed: WORKSPACES })) },
    optionsOf(argv),
  );
}

const costing = (wallMs: number, cpuMs: number, peakRssMb: number): Run => runOf({ cost: { wallMs, cpuMs, startRssMb: 80, peakRssMb } });

describe('what the bench asks of a sweep', () => {
  it('accepts figures within every target', () => {
    expect(failedOf(sweepOf())).toEqual([]);
  });

  it('fails when the bare program did not receive the same bytes, and says the difference', () => {
    const mismatches = differences('bare', { requests: 10, bytes: 99 }, 'sweep', { requests: 10, bytes: 100 });
    expect(mismatches).toEqual(['bytes: bare 99, sweep 100, difference -1']);
    const section = sweepOf({ bare: runOf({ mismatches }) });
    expect(failedOf(section)).toContain('the same requests and bytes in every program');
    const results: Results = { at: '2026-11-23T12:00:00.000Z', options: optionsOf([]), machine: { cores: 2 }, postgres: { fsync: 'on' }, sections: [section] };
    expect(textOf(results)).toContain('✗ the same requests and bytes in every program: bytes: bare 99, sweep 100, difference -1');
  });

  it('fails when a sweep left a workspace out, was slow, dear, or took too much memory', () => {
    expect(failedOf(sweepOf({ ours: runOf({}, { refreshed: 999 }) }))).toEqual(['every sweep refreshes every workspace']);
    expect(failedOf(sweepOf({ ours: costing(4_200, 1_400, 250) }))).toEqual(['wall time, × bare, at most 1.30']);
    expect(failedOf(sweepOf({ ours: costing(4_000, 1_510, 250) }))).toEqual(['CPU, × bare, at most 1.50']);
    expect(failedOf(sweepOf({ defaults: costing(4_000, 1_400, 351) }))).toEqual(['peak resident memory at most 350 MB']);
  });

  it('asks no times and no memory of a short run', () => {
    expect(failedOf(sweepOf({ ours: costing(60_000, 60_000, 900), defaults: costing(60_000, 60_000, 900) }, ['--short']))).toEqual([]);
  });
});

describe('what the bench asks of the database', () => {
  const databaseOf = (change: Partial<DatabaseRuns> = {}, argv: string[] = []): Section =>
    databaseSection({ settling: [runOf()], afterCheckpoint: [runOf()], between: [runOf()], changedAfterCheckpoint: [runOf({}, { changed: WORKSPACES })], changed: [runOf({}, { changed: WORKSPACES })], ...change }, optionsOf(argv));
  const using = (use: Partial<NonNullable<Run['database']>>): Run => runOf({ database: { statements: 20, walBytes: 1, updates: { WorkspaceAvailabilityStatus: { total: 1, heapOnly: 1 } }, byStatement: [], ...use } });

  it('accepts counts within every target', () => {
    expect(failedOf(databaseOf())).toEqual([]);
  });

  it('asks of a short run what its own statements wrote, not what vacuum did beside them', () => {
    const vacuumed = using({ walBytes: 9_000 * WORKSPACES, byStatement: [{ calls: 1, totalMs: 1, walBytes: 120 * WORKSPACES, text: '' }] });
    expect(failedOf(databaseOf({ between: [vacuumed] }, ['--short']))).toEqual([]);
    const own = using({ walBytes: 0, byStatement: [{ calls: 1, totalMs: 1, walBytes: 201 * WORKSPACES, text: '' }] });
    expect(failedOf(databaseOf({ between: [own] }, ['--short']))).toEqual(['WAL a workspace between checkpoints at most 200 B']);
  });

  it('fails on too many statements, too much WAL, updates that touch the index, and changes that are none', () => {
    expect(failedOf(databaseOf({ between: [using({ statements: 21 })] }))).toEqual(['workspaces a statement, nothing changed, at least 50.0']);
    expect(failedOf(databaseOf({ between: [using({ walBytes: 201 * WORKSPACES })] }))).toEqual(['WAL a workspace between checkpoints at most 200 B']);
    expect(failedOf(databaseOf({ afterCheckpoint: [using({ walBytes: 301 * WORKSPACES })] }))).toEqual(['WAL a workspace just after a checkpoint at most 300 B']);
    expect(failedOf(databaseOf({ changed: [runOf({ database: { statements: 20, walBytes: 5_121 * WORKSPACES, updates: {}, byStatement: [] } }, { changed: WORKSPACES })] })))
      .toEqual(['WAL when all changed, between checkpoints, × the bytes of the slots, at most 2.00']);
    expect(failedOf(databaseOf({ between: [using({ updates: { WorkspaceAvailabilityStatus: { total: 9_000, heapOnly: 0 } } })] }))).toEqual(['heap-only updates at least 90.0 %']);
    expect(failedOf(databaseOf({ between: [runOf({}, { changed: 1 })] }))).toEqual(['changed means changed']);
  });
});

describe('the options', () => {
  it('a short run is few measures, and what is given wins', () => {
    expect(optionsOf(['--short'])).toMatchObject({ only: ['sweep', 'database'], repeats: 1, p50: 20, workspaces: WORKSPACES });
    expect(optionsOf(['--short', '--only', 'bloat', '--repeats', '2'])).toMatchObject({ only: ['bloat'], repeats: 2 });
  });

  it('measures run in one order, whatever order they are named in', () => {
    expect(optionsOf(['--only', 'read,sweep']).only).toEqual(['sweep', 'read']);
  });
});

describe('a part of a population', () => {
  it('has the share of every agency, and a larger part holds a smaller one', () => {
    const whole = benchPopulation({ agencies: 12, workspaces: 500, seed: 1 });
    const idsOf = (size: number): string[] => partOf(whole, size).agencies.flatMap((agency) => agency.workspaces.map(({ calendarId }) => calendarId));
    for (const size of [12, 13, 200, 499, 500]) expect(idsOf(size)).toHaveLength(size);
    expect(partOf(whole, 50).agencies.every((agency) => agency.workspaces.length > 0)).toBe(true);
    const larger = new Set(idsOf(300));
    expect(idsOf(100).filter((id) => !larger.has(id))).toEqual([]);
  });
});

describe('repeats', () => {
  it('are told by median, least and most', () => {
    expect(summaryOf([3, 1, 10])).toEqual({ median: 3, min: 1, max: 10 });
    expect(summaryOf([4, 1, 2, 10]).median).toBe(3);
  });

  it('are compared with the other program of their own round', () => {
    expect(ratiosOf([2, 9], [1, 3])).toEqual([2, 3]);
  });

  it('run in alternating order', () => {
    expect(alternate(['a', 'b'], 3)).toEqual([['a', 'b'], ['b', 'a'], ['a', 'b']]);
  });

  it('have quantiles that are one of them', () => {
    expect(quantileOf([4, 1, 3, 2], 0.5)).toBe(2);
    expect(quantileOf([4, 1, 3, 2], 0.99)).toBe(4);
    expect(quantileOf([7], 0.01)).toBe(7);
  });

  it('stand in aligned columns', () => {
    expect(alignedTable([['', 'wall s'], ['ours', '4.10'], ['bare', '13.60']])).toBe('      wall s\n────────────\nours    4.10\nbare   13.60');
  });
});

describe('the recording', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ calendars: [{ id: 'g1', provider: 'ghl', zone: 'UTC' }, { id: 'g2', provider: 'ghl', zone: 'UTC' }] });
  });
  afterAll(async () => { await simulator.close(); });

  it('holds what the providers were asked and sent, by calendar', async () => {
    const origin = simulator.origins.ghlBackend;
    const recording: Recording = { sent: [], exchanges: 0, bytes: 0 };
    const transport = recordingTransport(createHttpTransport({ allowHosts: [], trustedOrigins: [origin] }), recording);
    const from = simulator.now();
    const urlOf = (id: string): URL =>
      new URL(`${origin}/calendars/${simulator.calendar(id).ids.calendarId ?? ''}/free-slots?startDate=${from}&endDate=${from + 86_400_000}&timezone=UTC`);
    const { signal } = new AbortController();
    const client = transport.client();
    for (const id of ['g1', 'g2', 'g1']) {
      await client.getJson({ vendor: 'ghl', url: urlOf(id), schema: z.unknown(), headers: { version: '2021-04-15' }, signal });
    }
    await transport.close();
    const requests = recordedRequests(recording);
    expect(requests.map(({ refresh }) => refresh)).toEqual([0, 1, 0]);
    expect(requests[0]).toMatchObject({ vendor: 'ghl', origin, path: urlOf('g1').pathname + urlOf('g1').search, headers: { version: '2021-04-15', accept: 'application/json' } });
    const served = simulator.stats().byOrigin.ghlBackend;
    expect(recording).toMatchObject({ exchanges: served.requests, bytes: served.bytes });
  });
});
