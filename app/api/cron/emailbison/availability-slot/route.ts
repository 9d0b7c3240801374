/**
 * Puts a sentence with open times before leads that have had no email yet. Every minute:
 * GET /api/cron/emailbison/availability-slot
 *
 * When two run at once: the first holds first touch's lock, the second answers `skipped: true, reason: "locked"`.
 * With `dryRun=true` it writes nothing anywhere, takes no lock, and answers what it would do.
 */
import { cronRoute } from '@/lib/cron/cron-route';
import { firstTouchJob } from '@/lib/cron/first-touch-job';

export const dynamic = 'force-dynamic';
export const maxDuration = 300;

export const GET = cronRoute(firstTouchJob);
