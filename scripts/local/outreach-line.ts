import { z } from 'zod';

const count = z.number().default(0);
const errors = z.object({ total: z.number(), byKind: z.record(z.string(), z.number()) });

const firstTouchSchema = z.object({
  skipped: z.literal(false), dryRun: z.boolean(),
  updated: count, replaced: count, rewritten: count, noSlots: count, unusable: count, booked: count, alreadySet: count, fallback: count,
  sent: count, sentFallback: count, sentWithout: count, failed: count, unknown: count, notReached: count, errors,
});
const followUpsSchema = z.object({
  skipped: z.literal(false), availabilityRefresh: z.string(),
  sent: count, cancelled: count, moved: count, deferred: count, retrying: count, expired: count, failed: count, unknown: count, abandoned: count,
  awaitingOperator: count,
});

/** [how many, of what], those of none left out. */
function listed(parts: readonly (readonly [number, string])[]): string {
  return parts.filter(([n]) => n > 0).map(([n, what]) => `${String(n)} ${what}`).join(' · ');
}

/** What a run of first touch or of follow-ups did, for people; empty: nothing; undefined: it is the answer of neither. */
export function outreachText(body: unknown): string | undefined {
  const firstTouch = firstTouchSchema.safeParse(body);
  if (firstTouch.success) return firstTouchText(firstTouch.data);
  const followUps = followUpsSchema.safeParse(body);
  return followUps.success ? followUpsText(followUps.data) : undefined;
}

function firstTouchText(run: z.infer<typeof firstTouchSchema>): string {
  const kinds = Object.entries(run.errors.byKind).map(([kind, n]) => `${String(n)} ${kind}`).join(', ');
  const done = listed([
    [run.updated, 'updated with times'], [run.replaced, 'given other times'], [run.rewritten, 'written again'],
    [run.noSlots, 'to the fallback: no time fits'], [run.unusable, 'to the fallback: calendar not readable'], [run.booked, 'to the fallback: booked'],
    [run.sent, 'emails sent with times'], [run.sentFallback, 'sent with the fallback'], [run.sentWithout, 'sent with neither'],
    [run.failed, 'refused'], [run.unknown, 'unclear, written again next time'], [run.notReached, 'not reached'],
    [run.errors.total, `workspaces in error (${kinds})`],
  ]);
  const standing = run.alreadySet + run.fallback;
  return done === '' || standing === 0 ? done : `${done} · ${String(standing)} in place`;
}

function followUpsText(run: z.infer<typeof followUpsSchema>): string {
  const done = listed([
    [run.sent, 'sent'], [run.cancelled, 'cancelled: booked'], [run.moved, 'moved to the next opening'], [run.deferred, 'wait for open times'],
    [run.retrying, 'tried again later'], [run.expired, 'expired without times'], [run.failed, 'failed'], [run.unknown, 'unclear'], [run.abandoned, 'cut off'],
  ]);
  return done === '' || run.awaitingOperator === 0 ? done : `${done} · ${String(run.awaitingOperator)} need a look`;
}
