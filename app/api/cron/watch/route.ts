/**
 * Looks whether all is well, tells of what is not, and removes old history. Every minute: GET /api/cron/watch
 *
 * When two run at once: alarms are kept one after the other and notices are claimed, so that nobody is told twice.
 */
import { cronRoute } from '@/lib/cron/cron-route';
import { createWatchJob } from '@/lib/cron/watch-job';

export const dynamic = 'force-dynamic';
export const maxDuration = 60;

export const GET = cronRoute(createWatchJob());
