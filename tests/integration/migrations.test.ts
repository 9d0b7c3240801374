import { cp, mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { MIGRATIONS_DIR, PROJECT_ROOT, readMigrations } from '../../scripts/local/migration-files';
import { migrate, pendingMigrations } from '../../scripts/migrate';
import { diffToSchema } from '../../scripts/migration-diff';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database';
import { differences, readCatalogue } from '../support/database-catalogue';

const NAMES = { left: 'the migrations', right: 'schema.prisma plus extras.sql' };

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

describe('the migrations and schema.prisma plus extras.sql', () => {
  let migrated: TestDatabase;
  let declared: TestDatabase;
  let left: pg.Client;
  let right: pg.Client;

  beforeAll(async () => {
    [migrated, declared] = await Promise.all([createTestDatabase(), createEmptyDatabase()]);
    [left, right] = await Promise.all([connect(migrated.url), connect(declared.url)]);
    await right.query(await diffToSchema(declared.url, { tag: 'empty' }));
    await right.query(await readFile(join(PROJECT_ROOT, 'prisma', 'extras.sql'), 'utf8'));
  });
  afterAll(async () => {
    await Promise.all([left.end(), right.end()]);
    await Promise.all([migrated.drop(), declared.drop()]);
  });

  it('keep every value of the hot row when its table is laid out anew', async () => {
    const migration = await readFile(join(MIGRATIONS_DIR, '20261202000000_hot_row_layout', 'migration.sql'), 'utf8');
    const read = async (): Promise<unknown> => (await left.query('SELECT to_jsonb(s) FROM "WorkspaceAvailabilityStatus" s ORDER BY 1')).rows;
    await left.query(`INSERT INTO "Client" (id, name) VALUES ('full', 'Full'), ('bare', 'Bare')`);
    await left.query(`
      INSERT INTO "WorkspaceAvailabilityStatus" ("clientId", "fetchedAt", "succeededAt", "staleAt", "retryAt", "refreshingUntil", "contentHash",
        "consecutiveFailures", "abandonedRuns", "actionRequired", "attemptFingerprint", "errorKind", "lastError", hour, "hourRefreshes", "hourChanges", "hourFailures", "hourLatencyMs")
      VALUES ('full', '2026-01-01Z', '2026-01-02Z', '2026-01-03Z', '2026-01-04Z', '2026-01-05Z', -7, 8, 9, true, 'fingerprint', 'timeout', 'late', 10, 11, 12, 13, 14)`);
    await left.query(`INSERT INTO "WorkspaceAvailabilityStatus" ("clientId") VALUES ('bare')`);
    const before = await read();
    await left.query(migration);
    expect(await read()).toEqual(before);
    await left.query('DELETE FROM "Client"');
    expect(await read()).toEqual([]);
  });

  it('produce exactly the same objects, both ways', async () => {
    const [fromMigrations, fromDeclaration] = await Promise.all([readCatalogue(left), readCatalogue(right)]);
    expect(fromMigrations.size).toBeGreaterThan(100);
    expect(differences(fromMigrations, fromDeclaration, NAMES)).toEqual([]);
  });

  const changes: [string, string, RegExp][] = [
    ['a dropped column', 'ALTER TABLE "Client" DROP COLUMN "userId"', /^column Client\.userId is only in the migrations/],
    ['an added column', 'ALTER TABLE "Client" ADD COLUMN "extra" text', /^column Client\.extra is only in schema/],
    ['another type', 'ALTER TABLE "Booking" ALTER COLUMN "endsAt" TYPE timestamp', /^column Booking\.endsAt is "timestamp with time zone/],
    ['another default', 'ALTER TABLE "WorkspaceSettings" ALTER COLUMN "timezone" SET DEFAULT \'Z\'', /^column WorkspaceSettings\.timezone is/],
    ['a lost not-null', 'ALTER TABLE "Lead" ALTER COLUMN "email" DROP NOT NULL', /^column Lead\.email is/],
    ['another fillfactor', 'ALTER TABLE "WorkspaceAvailabilityStatus" SET (fillfactor = 60)', /^table WorkspaceAvailabilityStatus is/],
    ['another storage', 'ALTER TABLE "WorkspaceAvailabilityCache" ALTER "slotsUtc" SET STORAGE EXTENDED', /^column WorkspaceAvailabilityCache\.slotsUtc is/],
    ['a dropped partial index', 'DROP INDEX "CalendarLink_clientId_default_key"', /^index CalendarLink\.CalendarLink_clientId_default_key is only in the migr/],
    ['another check', 'ALTER TABLE "Booking" DROP CONSTRAINT "Booking_interval_check"', /^constraint Booking\.Booking_interval_check is only in the migrations/],
    ['another enum value', `ALTER TYPE "OfferState" ADD VALUE 'lost'`, /^enum OfferState is/],
  ];
  it.each(changes)('the comparison names %s', async (_what, statement, named) => {
    const before = await readCatalogue(right);
    // In a transaction that is rolled back, so that no change meets another.
    await right.query('BEGIN');
    await right.query(statement);
    const after = await readCatalogue(right);
    await right.query('ROLLBACK');
    expect(differences(before, after, NAMES)).toEqual(expect.arrayContaining([expect.stringMatching(named)]));
  });
});

describe('applying migrations', () => {
  let folder: string;
  let empty: TestDatabase;
  beforeAll(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'migrations-')), 'migrations');
    await cp(MIGRATIONS_DIR, folder, { recursive: true });
    empty = await createEmptyDatabase();
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await empty.drop();
  });

  const add = async (name: string, sql: string): Promise<void> => {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, 'migration.sql'), sql);
  };

  it('records each one as `prisma migrate deploy` does, and applies nothing twice', async () => {
    const names = (await readMigrations()).migrationDirectories.map(({ path }) => path);
    expect(await pendingMigrations(empty.url)).toEqual({ pending: names, failed: [] });
    expect(await migrate(empty.url, folder)).toEqual(names);
    expect(await migrate(empty.url, folder)).toEqual([]);
    const client = await connect(empty.url);
    const { rows } = await client.query<{ migration_name: string; checksum: string; applied_steps_count: number; done: boolean }>(
      'SELECT migration_name, checksum, applied_steps_count, finished_at IS NOT NULL AS done FROM _prisma_migrations ORDER BY started_at',
    );
    await client.end();
    expect(rows.map((row) => row.migration_name)).toEqual(names);
    for (const row of rows) expect(row).toMatchObject({ applied_steps_count: 1, done: true, checksum: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  it('a semicolon in a comment or in a function body does not cut a migration in two', async () => {
    await add('20990101000000_function', "-- one; two\nCREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;\nSELECT 'a;b';");
    expect(await migrate(empty.url, folder)).toEqual(['20990101000000_function']);
  });

  it('a failing migration is named, leaves nothing of itself, and stops later ones until it is resolved', async () => {
    await add('20990102000000_broken', 'CREATE TABLE half (id int);\nCREATE TABLE half (id int);');
    await expect(migrate(empty.url, folder)).rejects.toThrow(/Migration 20990102000000_broken failed.*relation "half" already exists/s);
    const client = await connect(empty.url);
    const { rows } = await client.query(`SELECT to_regclass('half') AS half`);
    await client.end();
    expect(rows).toEqual([{ half: null }]);
    expect((await pendingMigrations(empty.url, folder)).failed).toEqual(['20990102000000_broken']);
    await expect(migrate(empty.url, folder)).rejects.toThrow(/Migration 20990102000000_broken failed earlier.*migrate resolve --rolled-back 20990102000000_broken/s);
  });

  it('an unreachable database is one clear sentence', async () => {
    await expect(migrate('postgresql://postgres@127.0.0.1:1/x')).rejects.toThrow('Cannot reach the database to migrate it: The database does not accept connections');
  });
});
