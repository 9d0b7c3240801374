import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RULE_NAMES, type RuleName } from '@/lib/slots/rules';
import { selectSlots, type SelectInput } from '@/lib/slots/select';
import { anyHours, anyInstant, anyZone, clockAt, DAY, DAYS, HOUR, instantsOf, isOpenAt, isWeekend, MINUTE } from './oracle';

const at = (iso: string): number => Date.parse(iso);
const MONDAY = at('2026-11-23T00:00:00Z');

function inputOf(given: Partial<SelectInput> = {}): SelectInput {
  return {
    openMs: [], durationMinutes: 30, count: 2, sendAtMs: MONDAY, minNoticeMinutes: 0, workspaceZone: 'UTC', workingHours: null,
    offerWeekends: true, leadZone: null, offeredMs: [], busy: [], offerCounts: new Map(), ...given,
  };
}

/** Whether a rule of the specification holds for a slot, by the clock that Intl shows. */
function holds(rule: RuleName, startMs: number, input: SelectInput): boolean {
  const endMs = startMs + input.durationMinutes * MINUTE;
  const all = (test: (ms: number) => boolean): boolean => instantsOf(startMs, endMs).every(test);
  switch (rule) {
    case 'notice': return startMs - input.sendAtMs >= input.minNoticeMinutes * MINUTE;
    case 'workingHours': return all((ms) => isOpenAt(ms, input.workingHours, input.workspaceZone));
    case 'leadHours': {
      const zone = input.leadZone;
      return zone === null || zone === 'nowhere' || all((ms) => clockAt(ms, zone).minutes >= 7 * 60 && clockAt(ms, zone).minutes < 21 * 60);
    }
    case 'weekends': return input.offerWeekends || all((ms) => !isWeekend(ms, input.workspaceZone));
    case 'notOffered': return !input.offeredMs.some((other) => other < endMs && startMs < other + input.durationMinutes * MINUTE);
    case 'notBooked': return !input.busy.some((booking) => booking.startMs < endMs && startMs < booking.endMs);
  }
}

const isPreferred = (ms: number, { prefer, workspaceZone, sendAtMs }: SelectInput): boolean =>
  (prefer?.weekdays?.includes(clockAt(ms, workspaceZone).day) ?? true) && (prefer?.withinDays === undefined || ms <= sendAtMs + prefer.withinDays * DAY);

const quarterHours = fc.integer({ min: -8, max: 600 });
const anyInput: fc.Arbitrary<SelectInput> = anyInstant.chain((base) => {
  const slots = fc.uniqueArray(quarterHours.map((q) => base + q * 15 * MINUTE), { maxLength: 40 });
  return slots.chain((openMs) => fc.record({
    openMs: fc.constant(openMs),
    durationMinutes: fc.constantFrom(15, 30, 60),
    count: fc.integer({ min: 1, max: 5 }),
    sendAtMs: fc.constant(base),
    minNoticeMinutes: fc.constantFrom(0, 120, 1440),
    workspaceZone: anyZone,
    workingHours: fc.option(anyHours),
    offerWeekends: fc.boolean(),
    leadZone: fc.option(fc.oneof(anyZone, fc.constant('nowhere'))),
    offeredMs: fc.subarray(openMs),
    busy: fc.array(fc.tuple(quarterHours, fc.integer({ min: 1, max: 300 })).map(([q, minutes]) => ({ startMs: base + q * 15 * MINUTE, endMs: base + q * 15 * MINUTE + minutes * MINUTE })), { maxLength: 4 }),
    offerCounts: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: openMs.length, maxLength: openMs.length }).map((counts) => new Map(openMs.map((ms, i) => [ms, counts[i] ?? 0]))),
    prefer: fc.oneof(
      fc.constant({}),
      fc.record({ weekdays: fc.subarray([...DAYS], { minLength: 1 }) }),
      fc.record({ withinDays: fc.integer({ min: 1, max: 6 }) }),
    ),
  }));
});

/** Inputs that mostly leave something to choose from. */
const mildInput = anyInput.map((input): SelectInput => ({ ...input, workingHours: null, leadZone: null, offerWeekends: true, offeredMs: input.offeredMs.slice(0, 3), busy: input.busy.slice(0, 1) }));
const mixedInput = fc.oneof(anyInput, mildInput);
const RUNS = { numRuns: 200 };

describe('every selection', () => {
  it('keeps every hard rule for each of its slots', () => {
    fc.assert(fc.property(mixedInput, (input) => {
      const selection = selectSlots(input);
      if (selection.kind === 'none') return;
      for (const slot of selection.slotsMs) {
        expect(input.openMs).toContain(slot);
        for (const rule of RULE_NAMES) expect(holds(rule, slot, input), rule).toBe(true);
      }
    }), RUNS);
  });

  it('has as many slots as are asked for, or all that the rules leave, in order of time, each once', () => {
    fc.assert(fc.property(mixedInput, (input) => {
      const selection = selectSlots(input);
      const eligible = input.openMs.filter((slot) => RULE_NAMES.every((rule) => holds(rule, slot, input)));
      const chosen = selection.kind === 'none' ? [] : selection.slotsMs;
      expect(chosen).toHaveLength(Math.min(input.count, eligible.length));
      expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
    }), RUNS);
  });

  it('prefers preferred days, then what was offered least: no slot left out comes before one chosen', () => {
    fc.assert(fc.property(mixedInput, (input) => {
      const selection = selectSlots(input);
      if (selection.kind === 'none') return;
      const rank = (slot: number): number => (isPreferred(slot, input) ? 0 : 1000) + (input.offerCounts.get(slot) ?? 0);
      const chosen = new Set(selection.slotsMs);
      const leftOut = input.openMs.filter((slot) => !chosen.has(slot) && RULE_NAMES.every((rule) => holds(rule, slot, input)));
      const worstChosen = Math.max(...selection.slotsMs.map(rank));
      for (const slot of leftOut) expect(rank(slot)).toBeGreaterThanOrEqual(worstChosen);
    }), RUNS);
  });

  it('lies on as many days as it can when counts are equal', () => {
    fc.assert(fc.property(mildInput, (given) => {
      const input: SelectInput = { ...given, offerCounts: new Map(), prefer: {} };
      const selection = selectSlots(input);
      if (selection.kind === 'none') return;
      const days = (slots: number[]): number => new Set(slots.map((slot) => clockAt(slot, input.workspaceZone).date)).size;
      const eligible = input.openMs.filter((slot) => RULE_NAMES.every((rule) => holds(rule, slot, input)));
      expect(days(selection.slotsMs)).toBe(Math.min(input.count, days(eligible)));
    }), RUNS);
  });

  it('does not depend on the order of anything given', () => {
    fc.assert(fc.property(mixedInput, fc.integer(), (input, seed) => {
      const shuffled = <T>(all: readonly T[]): T[] => all.map((value, i) => ({ value, key: Math.sin(seed + i * 7919) })).sort((a, b) => a.key - b.key).map(({ value }) => value);
      const other = { ...input, openMs: shuffled([...input.openMs, ...input.openMs]), offeredMs: shuffled(input.offeredMs), busy: shuffled(input.busy), offerCounts: new Map(shuffled([...input.offerCounts])) };
      expect(selectSlots(other)).toEqual(selectSlots(input));
    }), RUNS);
  });

  it('does not become smaller, or none, when another slot opens', () => {
    fc.assert(fc.property(mixedInput, quarterHours, (input, quarter) => {
      const before = selectSlots(input);
      const after = selectSlots({ ...input, openMs: [...input.openMs, input.sendAtMs + quarter * 15 * MINUTE] });
      const size = (selection: typeof before): number => (selection.kind === 'none' ? 0 : selection.slotsMs.length);
      expect(size(after)).toBeGreaterThanOrEqual(size(before));
    }), RUNS);
  });
});

describe('no selection', () => {
  it('names the rule that emptied the list, and never comes while a slot passes all rules', () => {
    fc.assert(fc.property(anyInput, (input) => {
      const selection = selectSlots(input);
      let left = [...input.openMs];
      let expected: RuleName | 'open' | null = left.length === 0 ? 'open' : null;
      for (const rule of RULE_NAMES) {
        left = left.filter((slot) => holds(rule, slot, input));
        if (left.length === 0) expected ??= rule;
      }
      expect(selection.kind === 'none' ? selection.emptiedBy : null).toBe(expected);
      expect(selection.steps.at(-1)?.left ?? 0).toBe(selection.kind === 'none' ? 0 : left.length);
    }), RUNS);
  });

  const tuesday10 = MONDAY + DAY + 10 * HOUR;
  const only = (given: Partial<SelectInput>): SelectInput => inputOf({ openMs: [tuesday10], ...given });
  it.each<[RuleName | 'open', SelectInput]>([
    ['open', inputOf()],
    ['notice', only({ minNoticeMinutes: 34 * 60 + 1 })],
    ['workingHours', only({ workingHours: { tue: [['10:15', '17:00']] } })],
    ['leadHours', only({ leadZone: 'America/New_York' })],
    ['weekends', inputOf({ openMs: [MONDAY + 5 * DAY + 10 * HOUR], offerWeekends: false })],
    // From Friday into Saturday, from Sunday into Monday, and on a Saturday of the workspace's zone only.
    ['weekends', inputOf({ openMs: [MONDAY + 5 * DAY - 15 * MINUTE], offerWeekends: false })],
    ['weekends', inputOf({ openMs: [MONDAY + 7 * DAY - 15 * MINUTE], offerWeekends: false })],
    ['weekends', inputOf({ openMs: [MONDAY + 4 * DAY + 15 * HOUR], offerWeekends: false, workspaceZone: 'Asia/Tokyo' })],
    ['leadHours', only({ leadZone: 'UTC', openMs: [MONDAY + DAY + 20.75 * HOUR] })],
    ['leadHours', only({ leadZone: 'UTC', openMs: [MONDAY + DAY + 6.75 * HOUR] })],
    ['workingHours', only({ workingHours: { tue: [['09:00', '10:15']] } })],
    ['notOffered', only({ offeredMs: [tuesday10] })],
    ['notOffered', only({ offeredMs: [tuesday10 - 15 * MINUTE] })],
    ['notBooked', only({ busy: [{ startMs: tuesday10 + 29 * MINUTE, endMs: tuesday10 + HOUR }] })],
  ])('says %s when that is why', (emptiedBy, input) => {
    expect(selectSlots(input)).toMatchObject({ kind: 'none', emptiedBy });
  });

  it.each<[string, Partial<SelectInput>]>([
    ['the notice is exactly kept', { minNoticeMinutes: 34 * 60 }],
    ['the meeting ends with the working hours', { workingHours: { tue: [['09:00', '10:30']] } }],
    ['the lead begins the day with it', { leadZone: 'America/Noronha', openMs: [MONDAY + DAY + 9 * HOUR] }],
    ['the lead ends the day with it', { leadZone: 'UTC', openMs: [MONDAY + DAY + 20.5 * HOUR] }],
    ['what was offered ends where it begins', { offeredMs: [tuesday10 - 30 * MINUTE, tuesday10 + 30 * MINUTE] }],
    ['bookings touch it on both sides', { busy: [{ startMs: tuesday10 - HOUR, endMs: tuesday10 }, { startMs: tuesday10 + 30 * MINUTE, endMs: tuesday10 + HOUR }] }],
    ['the zone of the lead is none', { leadZone: 'Somewhere', openMs: [MONDAY + DAY + 3 * HOUR] }],
  ])('does not come when %s', (_name, given) => {
    expect(selectSlots(only(given))).toMatchObject({ kind: 'selected' });
  });
});

describe('among equals', () => {
  const hours = (...list: number[]): number[] => list.map((hour) => MONDAY + hour * HOUR);

  it('days are spread first, then halves of the day, then the soonest is taken', () => {
    expect(selectSlots(inputOf({ openMs: hours(9, 10, 15, 33, 34, 39), count: 2 }))).toMatchObject({ slotsMs: hours(9, 39) });
    expect(selectSlots(inputOf({ openMs: hours(9, 10, 15, 33, 34, 39), count: 3 }))).toMatchObject({ slotsMs: hours(9, 15, 39) });
  });

  it('spreading never wins over being offered less', () => {
    const openMs = hours(9, 10, 39);
    expect(selectSlots(inputOf({ openMs, offerCounts: new Map([[MONDAY + 39 * HOUR, 1]]) }))).toMatchObject({ slotsMs: hours(9, 10) });
  });

  it('preferred days win over being offered less, and other days fill up', () => {
    const openMs = hours(9, 33, 57);
    const offerCounts = new Map([[MONDAY + 33 * HOUR, 7]]);
    expect(selectSlots(inputOf({ openMs, offerCounts, count: 1, prefer: { weekdays: ['tue'] } }))).toMatchObject({ slotsMs: hours(33) });
    expect(selectSlots(inputOf({ openMs, offerCounts, count: 2, prefer: { weekdays: ['tue'] } }))).toMatchObject({ slotsMs: hours(9, 33) });
    expect(selectSlots(inputOf({ openMs, offerCounts, count: 1, prefer: { weekdays: ['sun'] } }))).toMatchObject({ slotsMs: hours(9) });
  });

  it('days and halves are those of the workspace', () => {
    // In Auckland 10:00Z and 12:00Z lie on two days; in UTC on one.
    const openMs = hours(9, 10, 12);
    expect(selectSlots(inputOf({ openMs, workspaceZone: 'Pacific/Auckland' }))).toMatchObject({ slotsMs: hours(9, 12) });
  });

  it('500 leads who are counted one after the other share 100 slots evenly', () => {
    const openMs = Array.from({ length: 100 }, (_, i) => MONDAY + Math.floor(i / 10) * DAY + (8 + (i % 10)) * HOUR);
    for (const count of [1, 2, 3, 5]) {
      const counts = new Map(openMs.map((slot) => [slot, 0]));
      for (let lead = 0; lead < 500; lead += 1) {
        const selection = selectSlots(inputOf({ openMs, count, offerCounts: counts }));
        if (selection.kind === 'selected') for (const slot of selection.slotsMs) counts.set(slot, (counts.get(slot) ?? 0) + 1);
      }
      expect([...new Set(counts.values())]).toEqual([5 * count]);
    }
  });
});

describe('the count', () => {
  it.each([0, 6, 1.5, NaN])('%d is refused', (count) => {
    expect(() => selectSlots(inputOf({ count }))).toThrow('from 1 to 5');
  });
});
