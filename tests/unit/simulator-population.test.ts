import { describe, expect, it } from 'vitest';
import { createLatency, parseLatency } from '../../scripts/simulator/latency';
import { benchPopulation, seedPopulation } from '../../scripts/simulator/population';
import { bookableIn, takeSnapshot } from '../../scripts/simulator/calendar';
import { calendarSpecSchema } from '../../scripts/simulator/spec';

const count = <T>(items: readonly T[], test: (item: T) => boolean): number => items.filter(test).length;

describe('the demo population', () => {
  const population = seedPopulation({ seed: 5 });
  const workspaces = population.agencies.flatMap((agency) => agency.workspaces);

  it('has 12 agencies of very different size, and the same ones for the same seed', () => {
    const sizes = population.agencies.map((agency) => agency.workspaces.length);
    expect(sizes).toHaveLength(12);
    expect(Math.max(...sizes)).toBeGreaterThan(80);
    expect(Math.min(...sizes)).toBe(1);
    expect(workspaces.length).toBeGreaterThan(300);
    expect(seedPopulation({ seed: 5 })).toEqual(population);
    expect(new Set(population.agencies.map((agency) => agency.name)).size).toBe(12);
  });

  it('mixes the providers, and every workspace has its calendar', () => {
    for (const provider of ['calendly', 'hubspot', 'ghl']) {
      expect(count(workspaces, (workspace) => workspace.provider === provider)).toBeGreaterThan(90);
    }
    const ids = population.calendars.map((calendar) => calendar.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(workspaces.every((workspace) => ids.includes(workspace.calendarId))).toBe(true);
    for (const calendar of population.calendars) calendarSpecSchema.parse(calendar);
  });

  it('has credentials, wrong settings and failures, but mostly healthy calendars', () => {
    expect(count(workspaces, (workspace) => workspace.credential !== undefined)).toBeGreaterThan(5);
    expect(count(workspaces, (workspace) => workspace.note === '')).toBeGreaterThan(workspaces.length * 0.8);
    for (const word of ['404', '401', 'two event types', 'two calendars', 'asks for 45', 'never answers', '500', 'HTML', 'slow']) {
      expect(count(workspaces, (workspace) => workspace.note.includes(word)), word).toBeGreaterThan(0);
    }
    expect(population.faults.length).toBeGreaterThan(6);
  });
});

describe('the benchmark population', () => {
  it('is a third each provider, with 320 slots a calendar on any date', () => {
    const population = benchPopulation({ workspaces: 120, agencies: 15, seed: 2 });
    expect(population.agencies).toHaveLength(15);
    expect(population.calendars).toHaveLength(120);
    expect(population.faults).toEqual([]);
    for (const provider of ['calendly', 'hubspot', 'ghl']) {
      expect(count(population.calendars, (calendar) => calendar.provider === provider)).toBe(40);
    }
    for (const input of population.calendars.slice(0, 30)) {
      const spec = calendarSpecSchema.parse({ ...input, zone: 'UTC' });
      for (const midnight of [Date.UTC(2026, 10, 23) - 1, Date.UTC(2027, 1, 6) - 1]) {
        const snapshot = takeSnapshot({ spec, salt: 0, manualBookings: [] }, 30, midnight);
        const future = bookableIn(snapshot, 0, Infinity);
        expect(future).toHaveLength([0, 6].includes(new Date(midnight).getUTCDay()) ? 320 : 304);
      }
    }
  });
});

describe('latency', () => {
  it('is log-normal around its median, the same for the same seed', () => {
    const draws = (seed: number): number[] => {
      const latency = createLatency({ p50Ms: 80, sigma: 0.5 }, seed);
      return Array.from({ length: 4001 }, latency).sort((left, right) => left - right);
    };
    const sorted = draws(1);
    expect(sorted[2000]).toBeGreaterThan(74);
    expect(sorted[2000]).toBeLessThan(86);
    expect((sorted[3800] ?? 0) / 80).toBeGreaterThan(2);
    expect(draws(1)).toEqual(sorted);
  });

  it('is written as none, a number, or median and sigma', () => {
    expect(parseLatency('none')).toBeUndefined();
    expect(parseLatency('80')).toEqual({ fixedMs: 80 });
    expect(parseLatency('80,0.4')).toEqual({ p50Ms: 80, sigma: 0.4 });
    expect(() => parseLatency('fast')).toThrow('Latency');
  });
});
