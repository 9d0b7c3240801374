import { bookableIn, indexAt } from '../calendar';
import { type Answer, jsonText, type SimRequest } from '../http';
import { pageOf } from '../page';
import type { AnswerOptions, Call, ProviderContext } from '../provider';
import type { CalendarState, World } from '../world';
import { DAY_MS, isoUtc } from '../zones';
import { accessible, signedIn } from './access';
import { calendlyInvalid } from './errors';
import { calendlyKey } from './identity';

/** The official list of times: UTC, available ones only, at most a month at once, never in the past. */

/** `start_time` may lie this much in the past: the request took a moment to arrive. */
const PAST_TOLERANCE_MS = 1_000;

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})$/;

function parseInstant(text: string | null): number {
  return text !== null && INSTANT.test(text) ? Date.parse(text) : Number.NaN;
}

export function availableTimes(context: ProviderContext, request: SimRequest, owned: readonly CalendarState[]): Call {
  const { world, limits } = context;
  const uri = request.query.get('event_type') ?? '';
  const id = /^https:\/\/api\.calendly\.com\/event_types\/([^/]+)$/.exec(uri)?.[1];
  const calendar = id === undefined ? undefined : world.find(calendlyKey.eventType(id))[0];
  const from = parseInstant(request.query.get('start_time'));
  const to = parseInstant(request.query.get('end_time'));
  return {
    endpoint: 'available-times',
    calendar,
    page: Number.isNaN(from) ? 1 : pageOf(Math.floor((from - world.now()) / DAY_MS)),
    requiredFields: ['start_time', 'collection'],
    answer: (options) =>
      signedIn(owned, () => {
        if (id === undefined) return calendlyInvalid({ parameter: 'event_type', message: 'is invalid' });
        return accessible(calendar, owned, (known) => {
          if (Number.isNaN(from)) return calendlyInvalid({ parameter: 'start_time', message: 'is invalid' });
          if (Number.isNaN(to)) return calendlyInvalid({ parameter: 'end_time', message: 'is invalid' });
          if (from < options.nowMs - PAST_TOLERANCE_MS) {
            return calendlyInvalid({ parameter: 'start_time', message: 'must be in the future' });
          }
          if (to <= from) return calendlyInvalid({ parameter: 'end_time', message: 'must be after start_time' });
          if (to - from > limits.calendlyAvailableTimesDays * DAY_MS) {
            const message = `date range can be no greater than ${limits.calendlyAvailableTimesDays} days`;
            return calendlyInvalid({ parameter: 'end_time', message });
          }
          return availableTimesAnswer(world, known, from, to, options);
        });
      }),
  };
}

function availableTimesAnswer(
  world: World,
  calendar: CalendarState,
  from: number,
  to: number,
  { nowMs, isEmpty }: AnswerOptions,
): Answer {
  const snapshot = world.view(calendar, calendar.spec.durationsMinutes[0] ?? 30, nowMs, isEmpty);
  const first = indexAt(snapshot.starts, from);
  // Adjacent windows share a boundary instant: the end is inclusive.
  const end = indexAt(snapshot.starts, to + 1);
  const render = () => {
    const collection = bookableIn(snapshot, from, to + 1).map((start) => {
      const start_time = isoUtc(start);
      return {
        status: 'available',
        invitees_remaining: snapshot.left[indexAt(snapshot.starts, start)],
        start_time,
        scheduling_url: `${calendar.identity.links.event ?? ''}/${start_time}`,
      };
    });
    return { text: JSON.stringify({ collection }), validUntilMs: snapshot.validUntilMs };
  };
  if (isEmpty) return jsonText(Buffer.from(render().text));
  const key = `times|${snapshot.starts[first] ?? ''}|${snapshot.starts[end] ?? ''}`;
  return jsonText(world.body(calendar, key, nowMs, render));
}
