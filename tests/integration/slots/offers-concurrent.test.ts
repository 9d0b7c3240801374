import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { createDb, type Db } from '@/lib/db';
import { prepareOffer } from '@/lib/slots/offers';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { addCachedWorkspace, addLeads, hoursFrom, liveCounts, requestOf } from './workspace';
import { startWriter } from './writers';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDb(database.url, { poolMax: 8 });
});
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

const spread = (counts: number[]): number => Math.max(...counts) - Math.min(...counts);
const sum = (counts: number[]): number => counts.reduce((a, b) => a + b, 0);
const SLOTS = hoursFrom(100);

describe('500 leads over 100 equal slots', () => {
  it('end with every slot offered equally often, one after the other', async () => {
    const workspaceId = await addCachedWorkspace(db, SLOTS);
    for (const leadId of await addLeads(db, workspaceId, 500)) {
      expect(await prepareOffer(db, requestOf(workspaceId, leadId))).toMatchObject({ kind: 'prepared' });
    }
    const counts = await liveCounts(db, workspaceId, SLOTS);
    expect([spread(counts), sum(counts)]).toEqual([0, 1000]);
  }, 120_000);

  it('end within one of each other when 8 processes write at once', async () => {
    const workspaceId = await addCachedWorkspace(db, SLOTS);
    const leads = await addLeads(db, workspaceId, 500);
    // 3 times each, so that 1,500 offers do not share out by luck when two writers read the same counts.
    const writers = await Promise.all(Array.from({ length: 8 }, (_, i) => startWriter(database.url, workspaceId, 'email-1', 3, leads.filter((_lead, j) => j % 8 === i))));
    for (const writer of writers) writer.begin();
    const lines = (await Promise.all(writers.map((writer) => writer.finished()))).flat();
    // `existing`: the answer was late, the offer made, and the retry did not count it again.
    for (const line of lines) expect(line).toMatch(/^(?:prepared|existing) /);
    const counts = await liveCounts(db, workspaceId, SLOTS);
    expect(spread(counts)).toBeLessThanOrEqual(1);
    expect([lines.length, sum(counts)]).toEqual([500, 1500]);
  }, 120_000);
});

describe('two writers for the same send', () => {
  it('make one offer, and both are given it', async () => {
    const workspaceId = await addCachedWorkspace(db, SLOTS);
    for (const leadId of await addLeads(db, workspaceId, 20)) {
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => prepareOffer(db, requestOf(workspaceId, leadId))));
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['existing', 'existing', 'existing', 'prepared']);
      expect(new Set(outcomes.map((outcome) => ('offers' in outcome ? outcome.offers.map(({ id }) => id).join() : ''))).size).toBe(1);
    }
    expect(sum(await liveCounts(db, workspaceId, SLOTS))).toBe(40);
  });

  it('make one offer also as two processes', async () => {
    const workspaceId = await addCachedWorkspace(db, SLOTS);
    const leads = await addLeads(db, workspaceId, 40);
    const writers = await Promise.all([0, 1].map(() => startWriter(database.url, workspaceId, 'email-1', 2, leads)));
    for (const writer of writers) writer.begin();
    const [first = [], second = []] = await Promise.all(writers.map((writer) => writer.finished()));
    const idsOf = (lines: string[]): (string | undefined)[] => lines.map((line) => line.split(' ')[1]);
    expect(idsOf(first)).toEqual(idsOf(second));
    expect(await db.slotOffer.count({ where: { clientId: workspaceId } })).toBe(80);
  }, 120_000);
});

describe('a writer killed between insert and commit', () => {
  it('leaves nothing and no lock', async () => {
    const workspaceId = await addCachedWorkspace(db, SLOTS);
    const [leadId = ''] = await addLeads(db, workspaceId, 1);
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    // The insert stops behind the rows it has written, at a lock that this test holds.
    await holder.query(`CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF EXISTS (SELECT FROM "SlotOffer" WHERE "sendKey" = 'crash') THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF; RETURN NULL; END $$`);
    await holder.query('CREATE TRIGGER stop_here AFTER INSERT ON "SlotOffer" FOR EACH STATEMENT EXECUTE FUNCTION stop_here()');
    await holder.query('SELECT pg_advisory_lock(4711)');

    const writer = await startWriter(database.url, workspaceId, 'crash', 2, [leadId]);
    writer.begin();
    await expect.poll(async () => (await holder.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted`)).rowCount, { timeout: 20_000 }).toBe(1);
    writer.child.kill('SIGKILL');
    await expect(writer.finished()).rejects.toThrow('SIGKILL');
    expect(await db.slotOffer.count({ where: { leadId } })).toBe(0);
    await holder.query('SELECT pg_advisory_unlock(4711)');

    // Waits for the dead writer's lock, which ends with its transaction.
    const outcome = await prepareOffer(db, requestOf(workspaceId, leadId, { sendKey: 'crash' }));
    expect(outcome.kind).toBe('prepared');
    expect(await db.slotOffer.count({ where: { leadId } })).toBe(2);
    await holder.query('DROP FUNCTION stop_here() CASCADE');
    await holder.end();
  }, 120_000);
});

describe('a workspace whose lock is held', () => {
  it('is busy for a writer, who does not wait for ever, and for no other workspace', async () => {
    const [held, free] = [await addCachedWorkspace(db, SLOTS), await addCachedWorkspace(db, SLOTS)];
    const [[one = ''], [other = '']] = [await addLeads(db, held, 1), await addLeads(db, free, 1)];
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query(`SELECT pg_advisory_xact_lock($1::int, ('x' || left(md5($2), 8))::bit(32)::int)`, [0x5108, held]);
    const [blocked, unblocked] = await Promise.all([prepareOffer(db, requestOf(held, one, { lockWaitMs: 300 })), prepareOffer(db, requestOf(free, other))]);
    expect([blocked.kind, unblocked.kind]).toEqual(['busy', 'prepared']);
    await holder.query('COMMIT');
    expect(await prepareOffer(db, requestOf(held, one))).toMatchObject({ kind: 'prepared' });
    await holder.end();
  });
});
