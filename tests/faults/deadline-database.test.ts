import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startStage, type Stage } from '../support/server-stage';
import { startFreezablePostgres, type FreezablePostgres } from '../support/server-postgres';
import { CONNECTIONS } from './connections';
import { sweepInTime } from './deadline';

const WORKSPACES_PER_PROVIDER = 4;
const CHECKED = 3 * WORKSPACES_PER_PROVIDER;
const BUDGET_MS = 3_000;
const GOOD = { status: 200, body: { success: true, refreshed: CHECKED, finishedWithinBudget: true } };

/** The first way and the last: what is between differs in nothing that matters here. */
const ENDS = CONNECTIONS.filter((_connection, index) => index === 0 || index === CONNECTIONS.length - 1);

describe.each(ENDS)('a run %s answers within its budget + 2 s, and the next one works,', (_name, connection) => {
  let postgres: FreezablePostgres;
  let stage: Stage;
  /** Another client of the database, in whose way a run comes. */
  let other: pg.Client;
  const undo: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    postgres = await startFreezablePostgres();
    undo.push(postgres.stop);
    stage = await startStage({ servers: 1, databaseUrl: postgres.url, ...connection });
    undo.push(stage.close);
    await stage.addWorkspaces(WORKSPACES_PER_PROVIDER);
    other = new pg.Client({ connectionString: postgres.url });
    other.on('error', () => undefined);
    await other.connect();
    undo.push(() => other.end());
    expect(await stage.sweep(0)).toMatchObject(GOOD);
  });
  afterEach(() => { postgres.thaw(); });
  afterAll(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  it('when PostgreSQL freezes before it begins', async () => {
    await postgres.freeze();
    expect(await sweepInTime(stage, BUDGET_MS)).toMatchObject({ status: 503, body: { success: false, error: 'database' } });
    postgres.thaw();
    expect(await sweepInTime(stage, BUDGET_MS)).toMatchObject(GOOD);
  });

  it('when PostgreSQL freezes while calendars are read', async () => {
    stage.ghl.hold();
    const asked = stage.nextHeldRequest();
    const run = sweepInTime(stage, BUDGET_MS);
    await asked;
    await postgres.freeze();
    stage.ghl.open();
    expect(await run).toMatchObject({ status: 200, body: { refreshed: 0, unknown: CHECKED, metrics: null } });
    postgres.thaw();
    expect(await sweepInTime(stage, BUDGET_MS)).toMatchObject(GOOD);
  });

  it('when another client holds a row that it must write', async () => {
    await other.query('BEGIN');
    await other.query(`SELECT FROM "WorkspaceAvailabilityStatus" WHERE "clientId" = 'w-hubspot-0' FOR UPDATE`);
    const reply = await sweepInTime(stage, BUDGET_MS);
    await other.query('ROLLBACK');
    // It is left alone, by halving, and all others are stored.
    expect(reply).toMatchObject({ status: 200, body: { checked: CHECKED, refreshed: CHECKED - 1, errors: { total: 1, byKind: { store_error: 1 } }, unknown: 0 } });
    expect(await sweepInTime(stage, BUDGET_MS)).toMatchObject(GOOD);
  });

  it('when another client has locked the table that it plans from', async () => {
    await other.query('BEGIN');
    await other.query('LOCK TABLE "Client" IN ACCESS EXCLUSIVE MODE');
    expect(await sweepInTime(stage, BUDGET_MS)).toMatchObject({ status: 503, body: { success: false, error: 'database' } });
    await other.query('ROLLBACK');
    expect(await sweepInTime(stage, BUDGET_MS)).toMatchObject(GOOD);
  });

  it('when another client has locked the table of its record', async () => {
    await other.query('BEGIN');
    await other.query('LOCK TABLE "CronRun" IN ACCESS EXCLUSIVE MODE');
    await sweepInTime(stage, BUDGET_MS);
    await other.query('ROLLBACK');
    expect(await sweepInTime(stage, BUDGET_MS)).toMatchObject(GOOD);
  });
});
