/** Lengths, instants and numbers as an operator reads them. Pure. */
import { millisecondsInDay as DAY_MS, millisecondsInHour as HOUR_MS, millisecondsInMinute as MINUTE_MS } from 'date-fns/constants';

/** `420 ms`, `8.3 s`, `42 s`, `5 min`, `3 h 20 min`, `4 d 2 h`. */
export function lengthText(ms: number): string {
  if (ms < 1_000) return `${String(Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 2 * MINUTE_MS) return `${String(Math.round(ms / 1_000))} s`;
  if (ms < 2 * HOUR_MS) return `${String(Math.round(ms / MINUTE_MS))} min`;
  if (ms < 2 * DAY_MS) return twoUnits(ms, HOUR_MS, 'h', MINUTE_MS, 'min');
  return twoUnits(ms, DAY_MS, 'd', HOUR_MS, 'h');
}

/** An age or a wait, in whole seconds at the least: `0 s`, `42 s`, `5 min`. */
export function ageText(ms: number): string {
  return ms < 10_000 ? `${String(Math.max(0, Math.round(ms / 1_000)))} s` : lengthText(ms);
}

/** `5 min ago`, `in 42 s`, `now`. Epoch milliseconds. */
export function relativeText(at: number, now: number): string {
  const ms = now - at;
  if (Math.abs(ms) < 1_000) return 'now';
  return ms > 0 ? `${ageText(ms)} ago` : `in ${ageText(-ms)}`;
}

/** `2027-03-01 10:00:00 UTC` */
export function exactText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const numbers = new Intl.NumberFormat('en-GB');

/** `12,345` */
export function countText(n: number): string {
  return numbers.format(n);
}

/** `1 workspace`, `12 workspaces` */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${countText(n)} ${n === 1 ? one : many}`;
}

/** A share of a whole that never rounds to all or to nothing: `99.9 %` while one is missing; `–` of nothing. */
export function shareText(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  if (percent === 0 || percent === 100) return `${String(percent)} %`;
  const rounded = percent >= 99 || percent < 1 ? Math.min(99.9, Math.max(0.1, Math.round(percent * 10) / 10)) : Math.round(percent);
  return `${String(rounded)} %`;
}

/** `rate_limited` → `rate limited` */
export function kindText(kind: string): string {
  return kind.replaceAll('_', ' ');
}

function twoUnits(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const [whole, rest] = [Math.floor(ms / big), Math.floor((ms % big) / small)];
  return rest === 0 ? `${String(whole)} ${bigName}` : `${String(whole)} ${bigName} ${String(rest)} ${smallName}`;
}
