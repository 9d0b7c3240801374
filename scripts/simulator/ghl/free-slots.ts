import type { Rendered } from '../body-cache';
import { BOOKED, BLOCKED } from '../bookings';
import { indexAt, type Snapshot } from '../calendar';
import { type Answer, jsonText, type SimRequest } from '../http';
import type { AnswerOptions, ProviderContext } from '../provider';
import type { ResolvedSpec } from '../spec';
import type { CalendarState } from '../world';
import { DAY_MS, isoWithOffset, isZone } from '../zones';
import { ghlError, ghlUnprocessable } from './errors';

/** Free slots by day. Days without slots are absent; a trace id always stands beside the days. */

/** Anything before 2001 in milliseconds is a date that was sent in seconds. */
const EARLIEST_PLAUSIBLE_MS = 1_000_000_000_000;

export type SlotShape = ResolvedSpec['ghlShape'];

function epochMs(text: string | null): number {
  return text !== null && /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

export function freeSlots(
  { world, limits }: ProviderContext,
  calendar: CalendarState,
  request: SimRequest,
  { nowMs, isEmpty }: AnswerOptions,
): Answer {
  const { spec } = calendar;
  const from = epochMs(request.query.get('startDate'));
  const to = epochMs(request.query.get('endDate'));
  const timezone = request.query.get('timezone') ?? spec.zone;
  if (Number.isNaN(from)) return ghlUnprocessable('startDate must be a number string');
  if (Number.isNaN(to)) return ghlUnprocessable('endDate must be a number string');
  if (from < EARLIEST_PLAUSIBLE_MS || to < EARLIEST_PLAUSIBLE_MS) {
    return ghlError(400, 'startDate and endDate must be in milliseconds');
  }
  if (to <= from) return ghlUnprocessable('endDate must be after startDate');
  if (to - from > limits.ghlSpanDays * DAY_MS) {
    return ghlError(400, `The date range cannot be more than ${limits.ghlSpanDays} days`);
  }
  if (!isZone(timezone)) return ghlUnprocessable('timezone must be a valid IANA timezone');

  const asked = request.query.get('sendSeatsPerSlot') === 'true';
  const shape: SlotShape = asked ? 'seats' : spec.ghlShape;
  const snapshot = world.view(calendar, spec.durationsMinutes[0] ?? 30, nowMs, isEmpty);
  const first = indexAt(snapshot.starts, from);
  const end = indexAt(snapshot.starts, to);
  const render = (): Rendered => ({
    text: JSON.stringify({ ...days(snapshot, first, end, timezone, shape), traceId: NO_TRACE }),
    validUntilMs: snapshot.validUntilMs,
  });
  if (isEmpty) return jsonText(traced(Buffer.from(render().text)));
  // The window moves with every request; the slots in it seldom do.
  const key = `free|${timezone}|${shape}|${snapshot.starts[first] ?? ''}|${snapshot.starts[end] ?? ''}`;
  return jsonText(traced(world.body(calendar, key, nowMs, render)));
}

/** Every answer has a trace id of its own, also one that says what the last one did. */
const NO_TRACE = '00000000-0000-4000-8000-000000000000';
let answers = 0;

function traced(body: Buffer): Buffer {
  const answer = Buffer.from(body);
  answers += 1;
  const digits = answers.toString(16).padStart(12, '0');
  answer.write(digits, answer.length - '"}'.length - digits.length, 'latin1');
  return answer;
}

function days(
  snapshot: Snapshot,
  first: number,
  end: number,
  timezone: string,
  shape: SlotShape,
): Record<string, unknown> {
  const byDay = new Map<string, [text: string, left: number][]>();
  for (let index = first; index < end; index += 1) {
    const start = snapshot.starts[index];
    const left = snapshot.left[index] ?? BOOKED;
    // The seats map lists what is booked out with 0; every other shape leaves it away.
    if (start === undefined || left === BLOCKED || (left <= 0 && shape !== 'seats')) continue;
    const text = isoWithOffset(timezone, start);
    const day = text.slice(0, 10);
    const list = byDay.get(day);
    if (list) list.push([text, left]);
    else byDay.set(day, [[text, left]]);
  }
  const answer: Record<string, unknown> = {};
  for (const [day, slots] of byDay) answer[day] = dayValue(slots, shape);
  return answer;
}

function dayValue(slots: readonly [text: string, left: number][], shape: SlotShape): unknown {
  switch (shape) {
    case 'seats':
      return { slots: Object.fromEntries(slots) };
    case 'objects':
      return { slots: slots.map(([startTime]) => ({ startTime })) };
    case 'array':
      return slots.map(([text]) => text);
    case 'strings':
      return { slots: slots.map(([text]) => text) };
  }
}
