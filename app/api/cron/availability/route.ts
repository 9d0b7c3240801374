/**
 * Keeps every open slot of every workspace in Postgres. Every minute: GET /api/cron/availability
 *
 * When two run at once: the first holds the sweep's lock, the second answers `skipped: true, reason: "locked"`.
 * With `workspaceId=` it refreshes that one under a claim of its row instead, and takes no lock.
 */
import { after } from 'next/server';
import { availabilityJob } from '@/lib/cron/availability-job';
import { cronRoute } from '@/lib/cron/cron-route';
import { db } from '@/lib/db';
import { env } from '@/lib/env';

export const dynamic = 'force-dynamic';
export const maxDuration = 300;

export const GET = cronRoute(availabilityJob, { env, db, afterAnswer: after });
