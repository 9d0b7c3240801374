import { z } from 'zod';
import type { CronCall } from './local-cron';
import { outreachText } from './outreach-line';

const seconds = z.number().nullish();

/** Of a sweep's answer, what a line shows. */
const sweepSchema = z.object({
  skipped: z.literal(false),
  attempted: z.number(),
  refreshed: z.number(),
  changed: z.number(),
  unchanged: z.number(),
  abandoned: z.number().default(0),
  notReached: z.number().default(0),
  errors: z.object({ total: z.number(), byKind: z.record(z.string(), z.number()) }),
  durationMs: z.number(),
  metrics: z.object({ ageSeconds: z.object({ p50: seconds, p95: seconds }) }).nullish(),
});
/** Of a watch's answer, what a line shows. */
const watchSchema = z.object({
  foundTotal: z.number(), opened: z.number(), closed: z.number(), found: z.array(z.object({ kind: z.string(), message: z.string() })),
});
const skippedSchema = z.object({ skipped: z.literal(true), reason: z.string().optional() });
const errorSchema = z.object({ message: z.string() });

/** One line for one call, with the local time of its end: of a sweep what it did, of anything else its status and time. */
export function lineOfCall(call: CronCall): string {
  return lineAt(new Date(call.dueAt.getTime() + call.durationMs), nameOf(call), describe(call));
}

/** Lines of one column of names. */
export function lineAt(at: Date, name: string, text: string): string {
  return `${at.toTimeString().slice(0, 8)}  ${name.padEnd(NAME_WIDTH)}  ${text}`;
}

const NAMES: Record<string, string> = { '/api/cron/emailbison/availability-slot': 'first touch', '/api/cron/followups': 'follow-ups' };
const NAME_WIDTH = 'availability'.length;
const nameOf = ({ path }: CronCall): string => NAMES[path.split('?')[0] ?? ''] ?? path.replace(/^\/api\/cron\//, '');

/** A sweep that ran, unlike one that found another running or was refused. */
export function isFinishedSweep({ body }: CronCall): boolean {
  return sweepSchema.safeParse(body).success;
}

/** A run that found nothing to do; a watch that found nothing new, and nothing that ended. */
export function isQuiet({ status, body }: CronCall): boolean {
  const watch = watchSchema.safeParse(body);
  if (watch.success) return status === 200 && watch.data.opened === 0 && watch.data.closed === 0;
  return outreachText(body) === '';
}

function describe({ status, body, durationMs }: CronCall): string {
  const took = formatSeconds(durationMs / 1000);
  if (status === undefined) return `no answer: ${String(body)} (${took})`;
  const sweep = sweepSchema.safeParse(body);
  if (sweep.success) return describeSweep(sweep.data);
  const watch = watchSchema.safeParse(body);
  if (watch.success) return describeWatch(watch.data);
  const outreach = outreachText(body);
  if (outreach !== undefined) return `${outreach === '' ? 'nothing to do' : outreach} · ${took}`;
  const skipped = skippedSchema.safeParse(body);
  if (skipped.success) return `skipped: ${skipped.data.reason === 'locked' ? 'the one before is still running' : (skipped.data.reason ?? 'no reason given')} (${took})`;
  const error = errorSchema.safeParse(body);
  return `${String(status)}${error.success ? `: ${error.data.message}` : ''} (${took})`;
}

function describeSweep(sweep: z.infer<typeof sweepSchema>): string {
  const kinds = Object.entries(sweep.errors.byKind).filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
  const { p50, p95 } = sweep.metrics?.ageSeconds ?? {};
  const unfinished = sweep.abandoned + sweep.notReached;
  return [
    `${String(sweep.refreshed)}/${String(sweep.attempted)} refreshed (${String(sweep.changed)} changed, ${String(sweep.unchanged)} unchanged)`,
    `${String(sweep.errors.total)} errors${kinds.length > 0 ? `: ${kinds.map(([kind, count]) => `${String(count)} ${kind}`).join(', ')}` : ''}`,
    ...(unfinished > 0 ? [`${String(unfinished)} not finished`] : []),
    `age p50 ${formatAge(p50)}, p95 ${formatAge(p95)}`,
    formatSeconds(sweep.durationMs / 1000),
  ].join(' · ');
}

function describeWatch({ foundTotal, opened, closed, found: [first] }: z.infer<typeof watchSchema>): string {
  return [
    foundTotal === 0 ? 'all is well' : `${String(foundTotal)} to look at (${String(opened)} new)`,
    ...(closed > 0 ? [`${String(closed)} over`] : []),
    ...(first ? [`${first.kind}: ${first.message}`] : []),
  ].join(' · ');
}

const formatAge = (value: number | null | undefined): string => (value == null ? '–' : formatSeconds(value));

export function formatSeconds(value: number): string {
  return value < 9.95 ? `${value.toFixed(1)} s` : `${String(Math.round(value))} s`;
}
