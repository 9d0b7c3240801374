import { expect } from 'vitest';
import type { Reply } from '../support/server';
import type { Stage } from '../support/server-stage';

/** What a run may take beyond its budget, on the caller's clock: the promise that the tests here are about. */
const ANSWER_GRACE_MS = 2_000;

/** Hits the sweep and asserts that it answers in time, whatever it answers. */
export async function sweepInTime(stage: Stage, budgetMs: number, query = ''): Promise<Reply> {
  const reply = await stage.sweep(0, `timeBudgetMs=${String(budgetMs)}&${query}`);
  expect(reply.tookMs).toBeLessThan(budgetMs + ANSWER_GRACE_MS);
  return reply;
}

/** As if the waits after failures had passed. */
export async function endBackoff({ db }: Stage): Promise<void> {
  await db.$executeRaw`UPDATE "WorkspaceAvailabilityStatus" SET "retryAt" = NULL`;
  await db.$executeRaw`UPDATE "ProviderHost" SET "openUntil" = NULL`;
}
