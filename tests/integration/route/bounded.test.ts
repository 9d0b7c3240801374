import { expect, it } from 'vitest';
import { boundedTransaction, createDb } from '@/lib/db';
import { createTestDatabase } from '../../support/database';

it('a batch of statements may take the time it is given, longer than Prisma\'s own bound of 5 s too', async () => {
  const database = await createTestDatabase();
  const db = createDb(database.url, { poolMax: 1 });
  const [first, second] = await boundedTransaction(db, 15_000, [
    db.$queryRaw<{ n: number }[]>`SELECT 1 AS n FROM pg_sleep(5.5)`,
    db.$queryRaw<{ n: number }[]>`SELECT 2 AS n`,
  ]);
  expect([first, second]).toEqual([[{ n: 1 }], [{ n: 2 }]]);
  await db.$disconnect();
  await database.drop();
});
