import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import pg from 'pg';

export interface TestDatabase {
  url: string;
  /** Ends every connection to it and removes it. */
  drop: () => Promise<void>;
}

/** A migrated, empty database of one's own, for one test file: `beforeAll` creates, `afterAll` drops. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return await createDatabase(inject('templateDatabase'));
}

/** An empty database without tables. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return await createDatabase('template0');
}

async function createDatabase(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function asAdmin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
