/**
 * Workers that are free at the same time share one claim: a claim looks at everything that is due (130 ms with 20,000
 * rows), and one after the other each worker would wait for all others'. A row is still claimed only for a free worker.
 */
export function shareClaims<T>(claim: (limit: number) => Promise<T[]>): () => Promise<T | undefined> {
  interface Waiting {
    resolve: (row: T | undefined) => void;
    reject: (error: unknown) => void;
  }
  const waiting: Waiting[] = [];
  let isClaiming = false;

  const serve = async (): Promise<void> => {
    isClaiming = true;
    // Those who ask in the same moment come along.
    await Promise.resolve();
    while (waiting.length > 0) {
      const served = waiting.splice(0);
      try {
        const rows = await claim(served.length);
        served.forEach(({ resolve }, index) => { resolve(rows[index]); });
      } catch (error) {
        for (const { reject } of served) reject(error);
      }
    }
    isClaiming = false;
  };
  return () => new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    if (!isClaiming) void serve();
  });
}
