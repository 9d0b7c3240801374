/** Connections that the server ends at a bad moment: a query fails, and the process lives. */
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bounded, boundedTransaction, createDb, sqlState, type Db } from '@/lib/db';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startGate, type Gate } from '../support/server-gate';

let database: TestDatabase;
let gate: Gate;
/** Straight to the server. */
let admin: Db;
/** One connection, through the gate. */
let db: Db;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = createDb(database.url, { poolMax: 1 });
  gate = await startGate(database.url);
  const url = new URL(database.url);
  url.host = gate.host;
  db = createDb(url.href, { poolMax: 1 });
});
afterAll(async () => {
  await db.$disconnect();
  await gate.close();
  await admin.$disconnect();
  await database.drop();
});

/** What a backend does, and what it did last; undefined when it is gone. */
async function activityOf(pid: number): Promise<string | undefined> {
  const [backend] = await admin.$queryRaw<{ activity: string }[]>`SELECT state || ': ' || query AS activity FROM pg_stat_activity WHERE pid = ${pid}::int`;
  return backend?.activity;
}

it('the server ends a connection between a query and the transaction that waits for it: the process lives, and the next query is answered', async () => {
  const uncaught: unknown[] = [];
  const keep = (error: unknown): void => { uncaught.push(error); };
  process.on('uncaughtException', keep);
  try {
    const [{ pid } = { pid: 0 }] = await db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    // The answer and the server's last words reach a busy process together: between them the pool hands the connection on.
    gate.hold();
    const query = db.$queryRaw`SELECT 'last words' AS said`.then((rows) => rows, (error: unknown) => error);
    const transaction = boundedTransaction(db, 20_000, [db.$queryRaw`SELECT 1`]).then(() => 'done', () => 'refused');
    await expect.poll(() => activityOf(pid), { interval: 20, timeout: 10_000 }).toMatch(/^idle: .*last words/);
    await admin.$queryRaw`SELECT pg_terminate_backend(${pid}::int)`;
    await expect.poll(() => activityOf(pid), { interval: 20, timeout: 10_000 }).toBeUndefined();
    gate.open();
    expect(await query).toEqual([{ said: 'last words' }]);
    expect(await transaction).toBe('refused');
    expect(await db.$queryRaw`SELECT 1 AS one`).toEqual([{ one: 1 }]);
    expect(uncaught).toEqual([]);
  } finally {
    process.off('uncaughtException', keep);
  }
});

it('a transaction that got its connection after its caller was told that it took too long is not committed', async () => {
  await admin.$executeRaw`CREATE TABLE late (said text)`;
  const busy = db.$queryRaw`SELECT pg_sleep(1)::text`.then((rows) => rows);
  const late = boundedTransaction(db, 200, [db.$executeRaw`INSERT INTO late VALUES ('too late')`]).then(() => 'done', (error: unknown) => (error as Error).name);
  expect(await late).toBe('DatabaseTimeoutError');
  await busy;
  // Through the same connection: after whatever the transaction still did.
  await expect.poll(() => db.$queryRaw`SELECT 1 AS one`.then((rows) => rows, () => []), { interval: 50, timeout: 10_000 }).toEqual([{ one: 1 }]);
  expect(await admin.$queryRaw`SELECT said FROM late`).toEqual([]);
  expect(await boundedTransaction(db, 5_000, [db.$executeRaw`INSERT INTO late VALUES ('in time')`])).toEqual([1]);
  expect(await admin.$queryRaw`SELECT said FROM late`).toEqual([{ said: 'in time' }]);
});

it('whoever loses a connection, or gets none, is told so by PostgreSQL\'s code for it', async () => {
  const [{ pid } = { pid: 0 }] = await db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  const query = db.$queryRaw`SELECT pg_sleep(60)::text`.then(() => undefined, (error: unknown) => error);
  await expect.poll(() => activityOf(pid), { interval: 20, timeout: 10_000 }).toMatch(/^active: .*pg_sleep/);
  gate.drop();
  expect(sqlState(await query)).toBe('08006');

  // As a pooler that restarts: it takes the connection, and ends it before it is one.
  const pooler = createServer((socket) => { socket.once('data', () => { socket.destroy(); }); });
  await new Promise<void>((resolve) => { pooler.listen(0, '127.0.0.1', resolve); });
  const url = new URL(database.url);
  url.host = `127.0.0.1:${String((pooler.address() as AddressInfo).port)}`;
  const refused = createDb(url.href, { poolMax: 1 });
  try {
    expect(sqlState(await refused.$queryRaw`SELECT 1`.then(() => undefined, (error: unknown) => error))).toBe('08006');
    expect(sqlState(await boundedTransaction(refused, 5_000, [refused.$queryRaw`SELECT 1`]).catch((error: unknown) => error))).toBe('08006');
  } finally {
    await refused.$disconnect();
    pooler.close();
  }
});

it('rows that a frozen process holds in the middle of a transaction are free after its idle time', { timeout: 30_000 }, async () => {
  await admin.$executeRaw`CREATE TABLE held (n int)`;
  await admin.$executeRaw`INSERT INTO held VALUES (0)`;
  const [{ pid } = { pid: 0 }] = await db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  // Nothing that the server says arrives, so nothing that would follow is asked: as of a process that was stopped.
  const frozen = boundedTransaction(db, 60_000, [db.$executeRaw`UPDATE held SET n = 1`, db.$queryRaw`SELECT pg_sleep(0.5)::text`, db.$executeRaw`UPDATE held SET n = 2`]).catch((error: unknown) => error);
  await expect.poll(() => activityOf(pid), { interval: 20, timeout: 10_000 }).toMatch(/^active: .*pg_sleep/);
  gate.hold();
  try {
    const startedAt = performance.now();
    await boundedTransaction(admin, 20_000, [admin.$executeRaw`UPDATE held SET n = 3`]);
    expect(performance.now() - startedAt).toBeGreaterThan(5_000);
  } finally {
    gate.open();
  }
  expect(sqlState(await frozen)).toMatch(/^(25P03|08006)$/);
  expect(await admin.$queryRaw`SELECT n FROM held`).toEqual([{ n: 3 }]);
});

describe('a statement that readers send all day', () => {
  const COUNT = 8;
  /** One connection each, so that it is the one that was asked. */
  const withConnection = async (work: (own: Db) => Promise<void>): Promise<void> => {
    const own = createDb(database.url, { poolMax: 1 });
    await work(own).finally(() => own.$disconnect());
  };
  const ask = async (own: Db, n: number, isPrepared = true): Promise<unknown> => await bounded(5_000, () => own.$queryRaw`SELECT ${n}::int + 1 AS more`, { isPrepared });
  const kept = async (own: Db): Promise<{ name: string; uses: number; planned: number }[]> => await own.$queryRaw`
    SELECT name, (generic_plans + custom_plans)::int AS uses, custom_plans::int AS planned FROM pg_prepared_statements WHERE statement LIKE '%AS more%'`;

  /** Not on this connection, and not on the pool's next one. */
  const expectNoneKept = async (own: Db): Promise<void> => {
    expect(await ask(own, 3)).toEqual([{ more: 4 }]);
    expect(await kept(own)).toEqual([]);
    const [{ pid } = { pid: 0 }] = await own.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    await admin.$queryRaw`SELECT pg_terminate_backend(${pid}::int)`;
    await expect.poll(() => ask(own, 4).catch(() => 'refused'), { interval: 20, timeout: 10_000 }).toEqual([{ more: 5 }]);
    expect(await kept(own)).toEqual([]);
  };

  it('is planned once a connection; others are not kept', async () => {
    await withConnection(async (own) => {
      for (let n = 0; n < COUNT; n++) expect(await ask(own, n)).toEqual([{ more: n + 1 }]);
      const [statement, ...others] = await kept(own);
      expect(others).toEqual([]);
      expect(statement).toMatchObject({ uses: COUNT });
      // PostgreSQL tries five plans for their values before it settles for one.
      expect(statement?.planned).toBeLessThan(COUNT);
    });
    await withConnection(async (own) => {
      await ask(own, 1, false);
      expect(await kept(own)).toEqual([]);
    });
  });

  it('is answered, and kept no more, where a pooler hands on a connection that does not know it', async () => {
    await withConnection(async (own) => {
      await ask(own, 1);
      await own.$executeRaw`DEALLOCATE ALL`;
      expect(await ask(own, 2)).toEqual([{ more: 3 }]);
      await expectNoneKept(own);
    });
  });

  it('is answered where a pooler hands on a connection on which somebody else has prepared it', async () => {
    let name = '';
    await withConnection(async (own) => {
      await ask(own, 1);
      name = (await kept(own))[0]?.name ?? '';
    });
    expect(name).not.toBe('');
    await withConnection(async (own) => {
      await own.$executeRawUnsafe(`PREPARE "${name}" AS SELECT 'of somebody else' AS other`);
      expect(await ask(own, 2)).toEqual([{ more: 3 }]);
      await expectNoneKept(own);
    });
  });

  it('is told from the others also by who waits for the connection of another', async () => {
    await withConnection(async (own) => {
      // Opened by one that is prepared; each of the next waits until the one before gives the connection back.
      await ask(own, 1);
      const [slow, plain, prepared] = await Promise.all([
        bounded(5_000, () => own.$queryRaw`SELECT pg_sleep(0.2)::text AS slept`, { isPrepared: true }),
        bounded(5_000, () => own.$queryRaw`SELECT ${1}::int AS more, 'plain' AS kind`),
        bounded(5_000, () => own.$queryRaw`SELECT ${1}::int AS more, 'prepared' AS kind`, { isPrepared: true }),
      ]);
      expect([slow, plain, prepared]).toEqual([[{ slept: '' }], [{ more: 1, kind: 'plain' }], [{ more: 1, kind: 'prepared' }]]);
      const texts = await own.$queryRaw<{ statement: string }[]>`SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%AS kind'`;
      expect(texts.map(({ statement }) => statement)).toEqual([expect.stringContaining("'prepared' AS kind")]);
    });
  });

  it("whoever waits for a connection is bounded by his own time, not by that of whoever gives it back", async () => {
    await withConnection(async (own) => {
      // The connection is opened by one in a hurry, and given back by him.
      const first = bounded(700, () => own.$queryRaw`SELECT 'hurry' AS said, pg_sleep(0.3)::text AS slept`);
      await sleep(100);
      const patient = own.$queryRaw`SELECT 'patient' AS said, pg_sleep(1.2)::text AS slept`.then((rows) => rows);
      expect(await first).toEqual([{ said: 'hurry', slept: '' }]);
      expect(await patient).toEqual([{ said: 'patient', slept: '' }]);
    });
  });
});
