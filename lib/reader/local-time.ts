/** What a zone's clock shows at each slot. Pure. */
import { MINUTE_MS, wallMs } from '../slots/zone';
import { zoneName } from '../slots/zone-name';

export interface LocalTime {
  /** ISO 8601 with the zone's offset, `2027-03-01T10:00:00+01:00`. */
  local: string;
  /** English for a person, `Mon, Mar 1, 10:00 AM CET`. */
  label: string;
}

/** One formatter for all: making one costs more than using it a hundred times. */
export function localTimes(zone: string): (startMs: number) => LocalTime {
  const clock = new Intl.DateTimeFormat('en-US', { timeZone: zone, weekday: 'short', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' });
  const names = new Map<number, string>();
  return (startMs) => {
    const wall = wallMs(startMs, zone);
    const offsetMinutes = Math.round((wall - startMs) / MINUTE_MS);
    let name = names.get(offsetMinutes);
    if (name === undefined) names.set(offsetMinutes, (name = zoneName(startMs, zone, 'en-US')));
    return {
      local: new Date(wall).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length) + offsetText(offsetMinutes),
      // Intl's narrow spaces come out of many tools as garbage.
      label: `${clock.format(startMs).replace(/[\u00a0\u202f]/g, ' ')} ${name}`,
    };
  };
}

function offsetText(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((n) => String(n).padStart(2, '0'));
  return `${minutes < 0 ? '-' : '+'}${hours ?? ''}:${rest ?? ''}`;
}
