/** A time as a person types it, with an offset or on the workspace's clock. Pure. */
import { DateTime } from 'luxon';
import { HOUR_MS } from '../slots/zone';

export class TimeInputError extends Error {
  override name = 'TimeInputError';
}

export interface ReadInstant {
  instantMs: number;
  /** Set where a clock change makes the local time none, or two. */
  note: string | null;
}

/** @throws TimeInputError */
export function readInstant(text: string, zone: string): ReadInstant {
  const given = text.trim().replace(/^(\d{4}-\d{2}-\d{2}) +/, '$1T');
  const hasOffset = /T.*(Z|[+-]\d{2}(:?\d{2})?)$/i.test(given);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(given)) throw unreadable(text);
  const parsed = DateTime.fromISO(given, { zone });
  if (!parsed.isValid) throw unreadable(text);
  const instantMs = parsed.toMillis();
  if (hasOffset) return { instantMs, note: null };
  const wall = given.slice(0, 'yyyy-mm-ddThh:mm'.length);
  if (parsed.toFormat("yyyy-MM-dd'T'HH:mm") !== wall) {
    return { instantMs, note: `${wall.replace('T', ' ')} does not exist in ${zone}: the clock is put forward there. ${parsed.toFormat('HH:mm')} is taken instead.` };
  }
  // The same clock an offset's difference earlier or later: the hour is repeated.
  const twin = [-2, -1, -0.5, 0.5, 1, 2].map((hours) => DateTime.fromMillis(instantMs + hours * HOUR_MS, { zone }))
    .find((other) => other.toFormat("yyyy-MM-dd'T'HH:mm") === wall);
  if (!twin) return { instantMs, note: null };
  const [first, second] = [parsed, twin].sort((a, b) => a.toMillis() - b.toMillis()).map((one) => one.toISO({ suppressMilliseconds: true }));
  return {
    instantMs: Math.min(instantMs, twin.toMillis()),
    note: `${wall.replace('T', ' ')} comes twice in ${zone}: the clock is put back there. The first is taken, ${first ?? ''}; give ${second ?? ''} for the second.`,
  };
}

const unreadable = (text: string): TimeInputError =>
  new TimeInputError(`${JSON.stringify(text.slice(0, 60))} is not a time. Give 2027-03-01T10:00 on the workspace's clock, or with an offset: 2027-03-01T10:00Z.`);
