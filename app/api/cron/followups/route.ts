/**
 * Sends the follow-ups that are due, with open times from the cache. Every minute: GET /api/cron/followups
 *
 * When two run at once: each claims rows of its own, and none is sent twice. It refreshes no calendar.
 */
import { cronRoute } from '@/lib/cron/cron-route';
import { createFollowUpsJob } from '@/lib/cron/followups-job';

export const dynamic = 'force-dynamic';
export const maxDuration = 300;

export const GET = cronRoute(createFollowUpsJob());
