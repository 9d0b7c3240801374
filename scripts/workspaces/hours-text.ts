import { WEEKDAYS, type Weekday, type WorkingHours } from '../../lib/slots/week';
import { UserError } from '../local/fail';

const EXAMPLE = '"mon-fri 09:00-17:00, sat 10:00-12:00 13:00-15:00"';

/** `mon-fri 09:00-17:00, sat 10:00-12:00`, for the settings to check. @throws UserError for what is not of that form */
export function parseHours(text: string): WorkingHours {
  const hours: WorkingHours = {};
  for (const part of text.split(',')) {
    const [days = '', ...spans] = part.trim().toLowerCase().split(/\s+/);
    if (spans.length === 0) throw new UserError(`${JSON.stringify(part.trim())} must be days and hours, such as ${EXAMPLE}`);
    for (const day of daysOf(days)) hours[day] = [...(hours[day] ?? []), ...spans.map(spanOf)];
  }
  return hours;
}

function daysOf(text: string): Weekday[] {
  const [from = '', to = from, ...more] = text.split('-');
  const [first, last] = [from, to].map((day) => WEEKDAYS.findIndex((known) => known === day.slice(0, 3)));
  if (first === undefined || last === undefined || first < 0 || last < first || more.length > 0) {
    throw new UserError(`${JSON.stringify(text)} must be a day or days in the order of the week: ${WEEKDAYS.join(', ')}, such as ${EXAMPLE}`);
  }
  return WEEKDAYS.slice(first, last + 1);
}

function spanOf(text: string): [string, string] {
  const [from = '', to = ''] = text.split('-').map((time) => time.padStart('00:00'.length, '0'));
  return [from, to];
}

/** As it is given: days with the same hours together. */
export function hoursText(hours: WorkingHours | null): string {
  if (hours === null) return 'any hour';
  const parts: { first: Weekday; last: Weekday; spans: string }[] = [];
  let before: Weekday | undefined;
  for (const day of WEEKDAYS) {
    const spans = (hours[day] ?? []).map((span) => span.join('-')).join(' ');
    const open = parts.at(-1);
    if (spans !== '' && open?.spans === spans && open.last === before) open.last = day;
    else if (spans !== '') parts.push({ first: day, last: day, spans });
    before = day;
  }
  return parts.map(({ first, last, spans }) => `${first === last ? first : `${first}-${last}`} ${spans}`).join(', ');
}
