import { DateTime } from 'luxon';

/** Slots as lines of a day each, in a zone: "Tue 24 Nov  09:00 09:30 10:00 …". */
export function slotsByDay(slotsMs: readonly number[], zone: string, width = 100): string[] {
  const days = new Map<string, string[]>();
  for (const ms of slotsMs) {
    const at = DateTime.fromMillis(ms, { zone });
    const day = at.toFormat('ccc dd LLL');
    const times = days.get(day) ?? [];
    times.push(at.toFormat('HH:mm'));
    days.set(day, times);
  }
  const perLine = Math.max(1, Math.floor((width - 12) / 6));
  return [...days].flatMap(([day, times]) =>
    Array.from({ length: Math.ceil(times.length / perLine) }, (_, index) => `${index === 0 ? day : ' '.repeat(day.length)}  ${times.slice(index * perLine, (index + 1) * perLine).join(' ')}`),
  );
}

/** "25 s", "12 min", "3 h", "4 d". */
export function shortAge(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${String(seconds)} s`;
  if (seconds < 7_200) return `${String(Math.round(seconds / 60))} min`;
  if (seconds < 172_800) return `${String(Math.round(seconds / 3_600))} h`;
  return `${String(Math.round(seconds / 86_400))} d`;
}
