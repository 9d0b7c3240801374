import type { Answer } from '../http';
import type { CalendarState } from '../world';
import { calendlyError } from './errors';

/** Who may see what through the official API. */

export function signedIn(
  owned: readonly CalendarState[],
  answer: (owned: readonly [CalendarState, ...CalendarState[]]) => Answer,
): Answer {
  const [first, ...rest] = owned;
  if (!first || first.spec.tokenState === 'revoked') return calendlyError(401);
  if (first.spec.tokenState === 'missingScope') return calendlyError(403);
  return answer([first, ...rest]);
}

/** Another user's event type exists, but not for this token. */
export function accessible(
  calendar: CalendarState | undefined,
  owned: readonly CalendarState[],
  answer: (calendar: CalendarState) => Answer,
): Answer {
  if (!calendar || calendar.spec.deleted) return calendlyError(404);
  return owned.includes(calendar) ? answer(calendar) : calendlyError(403);
}
