import type { Db } from '@/lib/db';

const QUIET_MS = 60;

/** The quickest of some tries: what the work takes, not what else the machine does. */
export async function best(tries: number, work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < tries; i++) {
    const began = performance.now();
    await work();
    took.push(performance.now() - began);
  }
  return Math.min(...took);
}

/** How much longer than on a quiet machine a fixed piece of the database's work takes now; 1 at the least. */
export async function slowness(on: Db): Promise<number> {
  return Math.max(1, (await best(3, () => on.$queryRaw`SELECT count(md5(i::text)) FROM generate_series(1, 100000) i`)) / QUIET_MS);
}
