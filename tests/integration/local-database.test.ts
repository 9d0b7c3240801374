import { afterAll, beforeAll, expect, it } from 'vitest';
import pg from 'pg';
import { migrate, pendingMigrations } from '../../scripts/migrate';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => { database = await createTestDatabase(); });
afterAll(async () => { await database.drop(); });

it('a test database is migrated and empty', async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query('SELECT count(*)::int AS n FROM "Client"');
  await client.end();
  expect(rows).toEqual([{ n: 0 }]);
  expect(await pendingMigrations(database.url)).toEqual({ pending: [], failed: [] });
});

it('ten test databases can be created at once', async () => {
  const created = await Promise.all(Array.from({ length: 10 }, createTestDatabase));
  await Promise.all(created.map(({ drop }) => drop()));
  expect(new Set(created.map(({ url }) => url)).size).toBe(10);
});

it('of two migrations at once one applies everything and the other finds nothing to do', async () => {
  const empty = await createEmptyDatabase();
  const applied = await Promise.all([migrate(empty.url), migrate(empty.url)]);
  await empty.drop();
  expect(applied.map((names) => names.length === 0).sort()).toEqual([false, true]);
});
