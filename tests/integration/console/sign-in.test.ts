import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { readSession, sessionKeyOf } from '@/lib/console/session';
import { addressOf, signIn, type SignIn } from '@/lib/console/sign-in';
import { SIGN_IN_LIMITS, sourceOf } from '@/lib/console/throttle';
import { createDb, type Db } from '@/lib/db';
import { createTestDatabase, type TestDatabase } from '../../support/database';

const PASSWORD = 'a-password-of-a-test';
const NOW = Date.UTC(2027, 0, 15);
let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDb(database.url, { poolMax: 4 });
});
beforeEach(() => db.signInThrottle.deleteMany());
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

const tryIt = (given: string, address = '192.0.2.1'): Promise<SignIn> => signIn(db, PASSWORD, given, address, NOW);
/** Moves every limit as time would. */
const letPass = (ms: number): Promise<number> => db.$executeRaw`UPDATE "SignInThrottle" SET "nextFreeAt" = "nextFreeAt" - ${ms}::float8 * interval '1 millisecond'`;

it('the password gives a session of that password', async () => {
  const result = await tryIt(PASSWORD);
  expect(result.kind).toBe('signed_in');
  expect(readSession(sessionKeyOf(PASSWORD), result.kind === 'signed_in' ? result.token : '', NOW)).not.toBeNull();
});

it('after five wrong ones even the right one waits, and says how long; another address does not', async () => {
  for (let i = 0; i < SIGN_IN_LIMITS.address.burst; i++) expect((await tryIt('wrong')).kind).toBe('wrong_password');
  const refused = await tryIt(PASSWORD);
  expect(refused).toMatchObject({ kind: 'throttled' });
  expect(refused.kind === 'throttled' && refused.retryAfterSeconds).toBeGreaterThan(20);
  expect((await tryIt(PASSWORD, '192.0.2.2')).kind).toBe('signed_in');
  await letPass(SIGN_IN_LIMITS.address.intervalMs);
  expect((await tryIt(PASSWORD)).kind).toBe('signed_in');
});

it('many tries at once get no more than tries one after the other', async () => {
  const kinds = (await Promise.all(Array.from({ length: 20 }, () => tryIt('wrong')))).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'wrong_password')).toHaveLength(SIGN_IN_LIMITS.address.burst);
});

it('many addresses together are bounded too', async () => {
  const { burst } = SIGN_IN_LIMITS.everybody;
  const kinds: string[] = [];
  for (let i = 0; i < burst + 5; i++) kinds.push((await tryIt('wrong', `192.0.2.${String(i)}`)).kind);
  expect(kinds.filter((kind) => kind === 'wrong_password')).toHaveLength(burst);
});

it('a refused try costs nothing of the other limit', async () => {
  for (let i = 0; i < 40; i++) await tryIt('wrong', '192.0.2.1');
  const everybody = await db.signInThrottle.findUniqueOrThrow({ where: { source: 'everybody' } });
  expect(everybody.nextFreeAt.getTime() - Date.now()).toBeLessThanOrEqual(SIGN_IN_LIMITS.address.burst * SIGN_IN_LIMITS.everybody.intervalMs);
});

it('signing in gives its try back, so that operators never lock each other out', async () => {
  for (let i = 0; i < SIGN_IN_LIMITS.address.burst * 2; i++) expect((await tryIt(PASSWORD, '192.0.2.1')).kind).toBe('signed_in');
});

it('no address is stored, and what is over is removed', async () => {
  await tryIt('wrong', '203.0.113.9');
  const sources = (await db.signInThrottle.findMany()).map(({ source }) => source);
  expect(sources.sort()).toEqual(['everybody', sourceOf(sessionKeyOf(PASSWORD), '203.0.113.9')].sort());
  expect(sources.join()).not.toContain('203.0.113.9');
  await letPass(2 * 60 * 60_000);
  await tryIt('wrong', '198.51.100.1');
  expect((await db.signInThrottle.findMany()).map(({ source }) => source)).not.toContain(sourceOf(sessionKeyOf(PASSWORD), '203.0.113.9'));
});

it('believes our own proxy about the address, not the caller', () => {
  expect(addressOf('6.6.6.6, 192.0.2.7')).toBe('192.0.2.7');
  expect(addressOf(null)).toBe('unknown');
});
