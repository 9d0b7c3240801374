import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createHttpTransport } from '@/lib/providers/http';
import { checksOf } from '../../scripts/bench/checks';
import { parseOptions } from '../../scripts/bench/options';
import { differences, type Run } from '../../scripts/bench/programs';
import { recordedRequests, recordingTransport, type Recording } from '../../scripts/bench/recording';
import { textOf } from '../../scripts/bench/report';
import type { Results } from '../../scripts/bench/results';
import { alternate, ratiosOf, summaryOf } from '../../scripts/bench/statistics';
import { alignedTable } from '../../scripts/bench/table';
import { startSimulator, type Simulator } from '../../scripts/simulator/server';

const WORKSPACES = 1_000;

function runOf(change: Partial<Run> = {}, sweep: Partial<NonNullable<Run['sweep']>> = {}): Run {
  return {
    cost: { wallMs: 4_000, cpuMs: 2_000, startRssMb: 80, peakRssMb: 250 },
    requests: 1_667, bytes: 19_000_000,
    served: { requests: 1_667, bytes: 19_000_000, errors: 0, maxInFlight: 200 },
    database: { statements: 20, walBytes: 120_000, updates: { WorkspaceAvailabilityStatus: { total: 1_000, heapOnly: 990 } }, byStatement: [] },
    sweep: {
      checked: WORKSPACES, refreshed: WORKSPACES, changed: 0, unchanged: WORKSPACES, errors: { total: 0, byKind: {}, first: null },
      byProvider: {}, durationMs: 4_000, ...sweep,
    },
    mismatches: [],
    ...change,
  };
}

function resultsOf(change: { ours?: Run; bare?: Run; defaults?: Run } = {}, argv: string[] = []): Results {
  const figures = {
    at: '2026-11-23T12:00:00.000Z', options: parseOptions(['node', 'bench', ...argv], new Date(0)), machine: { cores: 2 }, postgres: { fsync: 'on' },
    rows: {
      ours: { name: 'ours', runs: [change.ours ?? runOf()] },
      bare: { name: 'bare', runs: [change.bare ?? runOf({ cost: { wallMs: 3_200, cpuMs: 1_000, startRssMb: 50, peakRssMb: 100 } })] },
      naive: { name: 'naive', runs: [] },
      defaults: { name: 'defaults', runs: [change.defaults ?? runOf()] },
      cold: { name: 'cold', runs: [runOf({}, { changed: WORKSPACES })] },
    },
    database: {
      afterCheckpoint: [runOf()], between: [runOf()],
      changedAfterCheckpoint: [runOf({}, { changed: WORKSPACES })], changed: [runOf({}, { changed: WORKSPACES })],
    },
  };
  return { ...figures, checks: checksOf(figures) };
}

const failedOf = ({ checks }: Results): string[] => checks.filter((check) => check.ok === false).map((check) => check.what);

describe('what the bench asks of its figures', () => {
  it('accepts figures within every target', () => {
    expect(failedOf(resultsOf())).toEqual([]);
  });

  it('fails when the bare program did not receive the same bytes, and says the difference', () => {
    const mismatches = differences('bare', { requests: 10, bytes: 99 }, 'sweep', { requests: 10, bytes: 100 });
    expect(mismatches).toEqual(['bytes: bare 99, sweep 100, difference -1']);
    const results = resultsOf({ bare: runOf({ mismatches }) });
    expect(failedOf(results)).toEqual(['the same requests and bytes in every program']);
    expect(textOf(results)).toContain('✗ the same requests and bytes in every program: bytes: bare 99, sweep 100, difference -1');
  });

  it('fails when a sweep left a workspace out, sent too many statements, was slow or took too much memory', () => {
    const slow = runOf({ cost: { wallMs: 15_001, cpuMs: 1, startRssMb: 80, peakRssMb: 301 } });
    expect(failedOf(resultsOf({ defaults: slow }))).toEqual(['a sweep with default settings within 15 s', 'resident memory under 300 MB']);
    const chatty = runOf({ database: { statements: 41, walBytes: 1, updates: {}, byStatement: [] } });
    expect(failedOf(resultsOf({ defaults: chatty }))).toEqual(['at most 40 statements a sweep (1 for 25 workspaces)']);
    expect(failedOf(resultsOf({ ours: runOf({}, { refreshed: 999 }) }))).toEqual(['every sweep refreshes every workspace']);
  });

  it('asks no times and no memory of a short run, but its counts', () => {
    const slow = runOf({ cost: { wallMs: 60_000, cpuMs: 1, startRssMb: 80, peakRssMb: 900 } });
    expect(failedOf(resultsOf({ defaults: slow }, ['--short']))).toEqual([]);
    const moved = runOf({ database: { statements: 20, walBytes: 1, updates: { WorkspaceAvailabilityStatus: { total: 9_000, heapOnly: 0 } }, byStatement: [] } });
    expect(failedOf(resultsOf({ defaults: moved }, ['--short']))).toEqual(['at least 90 % heap-only updates']);
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

  it('stand in aligned columns', () => {
    expect(alignedTable([['', 'wall s'], ['ours', '4.10'], ['bare', '13.60']])).toBe('      wall s\n────────────\nours    4.10\nbare   13.60');
  });
});

describe('the recording', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ calendars: [{ id: 'g1', provider: 'ghl', zone: 'UTC' }] });
  });
  afterAll(async () => { await simulator.close(); });

  it('holds what the providers were asked and sent, by refresh', async () => {
    const origin = simulator.origins.ghlBackend;
    const recording: Recording = { sent: [], exchanges: 0, bytes: 0 };
    const transport = recordingTransport(createHttpTransport({ allowHosts: [], trustedOrigins: [origin] }), recording);
    const from = simulator.now();
    const url = new URL(`${origin}/calendars/${simulator.calendar('g1').ids.calendarId ?? ''}/free-slots?startDate=${from}&endDate=${from + 86_400_000}&timezone=UTC`);
    const [one, other] = [new AbortController().signal, new AbortController().signal];
    const client = transport.client();
    for (const signal of [one, other, one]) {
      await client.getJson({ vendor: 'ghl', url, schema: z.unknown(), headers: { version: '2021-04-15' }, signal });
    }
    await transport.close();
    const requests = recordedRequests(recording);
    expect(requests.map(({ refresh }) => refresh)).toEqual([0, 1, 0]);
    expect(requests[0]).toMatchObject({ vendor: 'ghl', origin, path: url.pathname + url.search, headers: { version: '2021-04-15', accept: 'application/json' } });
    const served = simulator.stats().byOrigin.ghlBackend;
    expect(recording).toMatchObject({ exchanges: served.requests, bytes: served.bytes });
  });
});
