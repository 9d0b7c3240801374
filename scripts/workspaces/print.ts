import type { AvailabilityAnswer } from '../../lib/availability-cache';
import { adviceFor } from '../local/advice';
import { shortAge, slotsByDay } from '../local/slots-by-day';
import type { WorkspaceListing } from './read';

/** How many of the next slots `show` prints. */
const SHOWN_SLOTS = 40;

const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);

export function tableOf(listings: readonly WorkspaceListing[]): string {
  const header = ['ID', 'AGENCY', 'WORKSPACE', 'CALENDAR', 'STATE', 'AGE', 'SLOTS', 'LAST ERROR'];
  const rows = listings.map((one) => [
    one.workspaceId, cut(one.agencyName ?? one.agencyId ?? '–', 24), cut(one.name, 32), one.calendarType ?? '–', one.state,
    one.ageMs === null ? '–' : shortAge(one.ageMs), String(one.storedSlots), one.errorKind ?? '',
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [header, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}

/** "303 workspaces: 280 fresh, 20 misconfigured, 3 paused" */
export function summaryOf(listings: readonly WorkspaceListing[]): string {
  const counts = new Map<string, number>();
  for (const { state } of listings) counts.set(state, (counts.get(state) ?? 0) + 1);
  const states = [...counts].sort(([, a], [, b]) => b - a).map(([state, count]) => `${String(count)} ${state}`);
  return `${String(listings.length)} workspace${listings.length === 1 ? '' : 's'}${states.length > 0 ? `: ${states.join(', ')}` : ''}`;
}

export function detailsOf(one: WorkspaceListing, answer: AvailabilityAnswer): string {
  const lines: [string, string | null][] = [
    ['id', one.workspaceId],
    ['agency', one.agencyId === null ? 'none' : `${one.agencyName ?? ''} (${one.agencyId})`.trim()],
    ['link', one.calendarUrl],
    ['calendar', `${one.calendarType ?? 'none'}${one.chosenId ? `, chosen: ${one.chosenId}` : ''}${one.hasCredential ? ', with a credential' : ''}`],
    ['settings', `${String(one.durationMinutes)} min, ${one.timezone}`],
    ['state', one.state + (one.reason ? ` – ${one.reason}` : '')],
    ['as of', answer.asOf === null ? 'never' : `${answer.asOf} (${shortAge(answer.ageMs ?? 0)} ago)`],
    ['slots', `${String(answer.slotsUtc.length)} open of ${String(answer.storedCount)} stored${answer.slotDurationMinutes === null ? '' : `, ${String(answer.slotDurationMinutes)} min each`}`],
    ['last error', one.lastError === null ? null : `${one.errorKind ?? 'error'}, ${String(one.consecutiveFailures)} in a row – ${one.lastError}`],
    ['next try', one.errorKind === null ? null : one.retryAt],
    ['to do', one.errorKind === null ? null : (adviceFor(one.errorKind)?.replaceAll('<workspace>', one.workspaceId) ?? null)],
  ];
  const slots = slotsByDay(answer.slotsUtc.slice(0, SHOWN_SLOTS).map((iso) => Date.parse(iso)), one.timezone);
  const more = answer.slotsUtc.length - SHOWN_SLOTS;
  return [
    one.name,
    ...lines.filter(([, value]) => value !== null).map(([name, value]) => `  ${name.padEnd(11)}${value ?? ''}`),
    ...(slots.length > 0 ? ['', `  Next slots (${one.timezone}):`, ...slots.map((line) => `  ${line}`)] : []),
    ...(more > 0 ? [`  … and ${String(more)} more (--json shows all)`] : []),
  ].join('\n');
}
