/** Reading one workspace's open slots, beside a bare select of the same ones through the same driver. */
import { getWorkspaceAvailabilitySlotsUtc } from '../../lib/availability-cache';
import type { CacheContext } from '../../lib/refresh/context';
import { alternate } from './statistics';

export interface ReadingInput {
  workspaceId: string;
  /** Of each kind and round. */
  reads: number;
  rounds: number;
  atOnce: number;
  only?: 'ours' | 'bare';
}

/** Milliseconds of each read, by round. */
export interface ReadingTimes {
  ours: number[][];
  bare: number[][];
  slots: number;
}

export async function readOften(context: CacheContext, { workspaceId, reads, rounds, atOnce, only }: ReadingInput): Promise<ReadingTimes> {
  const { db } = context;
  let slots = 0;
  const kinds = {
    ours: async () => {
      const answer = await getWorkspaceAvailabilitySlotsUtc(workspaceId, { refreshIfStale: false }, context);
      slots = answer.slotsUtc.length;
    },
    bare: async () => {
      await db.$queryRaw`SELECT "slotsUtc"::text AS slots FROM "WorkspaceAvailabilityCache" WHERE "clientId" = ${workspaceId}`;
    },
  };
  const times: ReadingTimes = { ours: [], bare: [], slots: 0 };
  for (const order of alternate(['ours', 'bare'] as const, rounds)) {
    for (const kind of order) {
      if (only === undefined || only === kind) times[kind].push(await timesOf(kinds[kind], reads, atOnce));
    }
  }
  await context.transport.close();
  return { ...times, slots };
}

async function timesOf(read: () => Promise<void>, reads: number, atOnce: number): Promise<number[]> {
  const times: number[] = [];
  let started = 0;
  const readUntilDone = async (): Promise<void> => {
    while (started < reads) {
      started++;
      const startedAt = performance.now();
      await read();
      times.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, reads) }, readUntilDone));
  return times;
}
