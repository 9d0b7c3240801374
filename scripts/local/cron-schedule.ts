/** A field's name and its lowest and highest value, in the order of a cron expression; all in UTC. */
const FIELDS = [
  { name: 'minute', min: 0, max: 59, of: (at: Date) => at.getUTCMinutes() },
  { name: 'hour', min: 0, max: 23, of: (at: Date) => at.getUTCHours() },
  { name: 'day of month', min: 1, max: 31, of: (at: Date) => at.getUTCDate() },
  { name: 'month', min: 1, max: 12, of: (at: Date) => at.getUTCMonth() + 1 },
  { name: 'day of week', min: 0, max: 6, of: (at: Date) => at.getUTCDay() },
] as const;

type Field = (typeof FIELDS)[number];

/**
 * Whether a five-field cron expression names the minute that `at` is in, in UTC. Takes what the platform takes:
 * numbers, `*`, ranges, steps and lists; no names, and not both a day of month and a day of week.
 * @throws when the expression is malformed, whether it would match or not
 */
export function matchesCron(expression: string, at: Date): boolean {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) throw new Error(`The schedule "${expression}" must have five fields: minute, hour, day of month, month, day of week.`);
  if (parts[2] !== '*' && parts[4] !== '*') throw new Error(`The schedule "${expression}" sets both day of month and day of week; the platform takes one of them.`);
  // Every field is read before any answer, so that a bad one is found at once and not on the first of March.
  return FIELDS.map((field, index) => valuesOf(parts[index] ?? '', field, expression).has(field.of(at))).every(Boolean);
}

function valuesOf(text: string, field: Field, expression: string): Set<number> {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const match = /^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(item);
    const step = Number(match?.[4] ?? 1);
    const from = match?.[1] ? field.min : Number(match?.[2]);
    // "5/10" is every tenth from 5 on, "5" is 5 alone.
    const to = match?.[1] ? field.max : Number(match?.[3] ?? (match?.[4] ? field.max : match?.[2]));
    if (!match || step === 0 || from > to || from < field.min || to > field.max) {
      throw new Error(`The ${field.name} "${item}" in the schedule "${expression}" must be *, a number from ${String(field.min)} to ${String(field.max)}, a range, or one of these with /step.`);
    }
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return values;
}
