import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availabilityJob } from '@/lib/cron/availability-job';
import { cronRoute } from '@/lib/cron/cron-route';
import { parseEnv, type Env } from '@/lib/env';
import { createTestCache, type TestCache } from '../../support/cache';
import { AUTHORISED, hit, routeOver, SECRET } from './hit';

const PREVIOUS = 'the-secret-before-that-one';
let cache: TestCache;
beforeAll(async () => { cache = await createTestCache(); });
afterAll(() => cache.close());

describe('the secret', () => {
  it.each([
    ['the header Authorization', { authorization: `Bearer ${SECRET}` }],
    ['a scheme in lower case and wide spacing', { authorization: `bearer   ${SECRET} ` }],
    ['the legacy header', { 'x-cron-secret': SECRET }],
    ['the legacy header with spaces around', { 'x-cron-secret': `  ${SECRET}  ` }],
    ['the previous secret', { authorization: `Bearer ${PREVIOUS}` }],
    ['the previous secret in the legacy header', { 'x-cron-secret': PREVIOUS }],
  ])('lets in %s', async (_name, headers) => {
    const get = routeOver(cache, { env: { CRON_SECRET_PREVIOUS: PREVIOUS } });
    expect((await get('', headers as Record<string, string>)).status).toBe(200);
  });

  it.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer the-secret-of-other-tests' }],
    ['the beginning of it', { authorization: `Bearer ${SECRET.slice(0, -1)}` }],
    ['it with more behind', { authorization: `Bearer ${SECRET}s` }],
    ['it in other case', { authorization: `Bearer ${SECRET.toUpperCase()}` }],
    ['another scheme', { authorization: `Basic ${SECRET}` }],
    ['no scheme', { authorization: SECRET }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['a wrong legacy header', { 'x-cron-secret': 'wrong' }],
    ['a previous secret that is not configured', { authorization: `Bearer ${PREVIOUS}` }],
  ])('refuses %s with 401, before it looks at anything else', async (_name, headers) => {
    const reply = await routeOver(cache)('mode=nonsense', headers);
    expect(reply).toMatchObject({ status: 401, body: { success: false, error: 'unauthorized' } });
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    ['missing', undefined, 'is not set'],
    ['of 15 characters', 'fifteen-letters', 'shorter than 16'],
  ])('lets nobody in and says why while it is %s', async (_name, secret, why) => {
    const reply = await routeOver(cache, { env: { CRON_SECRET: secret } })('', { authorization: `Bearer ${secret ?? ''}` });
    expect(reply).toMatchObject({ status: 503, body: { success: false, error: 'cron_secret' } });
    expect(reply.body.message).toContain('CRON_SECRET');
    expect(reply.body.message).toContain(why);
    expect(JSON.stringify(reply.body)).not.toContain('fifteen-letters');
  });

  it('of before a rotation is not accepted while it is weak', async () => {
    const reply = await routeOver(cache, { env: { CRON_SECRET_PREVIOUS: 'short' } })('', { authorization: 'Bearer short' });
    expect(reply.status).toBe(401);
  });

  it('may stand in the environment with spaces around it', async () => {
    const { CRON_SECRET } = parseEnv({ CRON_SECRET: ` ${SECRET}\n` });
    expect((await routeOver(cache, { env: { CRON_SECRET } })()).status).toBe(200);
  });
});

describe('a bad environment', () => {
  it.each([
    ['DATABASE_URL', { CRON_SECRET: SECRET }],
    ['AVAILABILITY_CRON_TIME_BUDGET_MS', { CRON_SECRET: SECRET, AVAILABILITY_CRON_TIME_BUDGET_MS: '290001' }],
    ['AVAILABILITY_CRON_LIMIT', { CRON_SECRET: SECRET, AVAILABILITY_CRON_LIMIT: 'twelve' }],
  ])('is a 503 that names %s and not its value', async (variable, source) => {
    const get = cronRoute(availabilityJob, { env: (): Env => parseEnv(source as Record<string, string>), db: () => cache.db });
    const reply = await hit(get, '', AUTHORISED);
    expect(reply).toMatchObject({ status: 503, body: { success: false, error: 'environment' } });
    expect(reply.body.message).toContain(variable);
    expect(reply.body.message).not.toMatch(/290001|twelve/);
  });
});

describe('a bad parameter', () => {
  it.each([
    ['mode=some', 'mode', 'all or due'],
    ['mode=', 'mode', 'all or due'],
    ['timeBudgetMs=soon', 'timeBudgetMs', 'from 3000 to 290000'],
    ['timeBudgetMs=2999', 'timeBudgetMs', 'from 3000 to 290000'],
    ['timeBudgetMs=290001', 'timeBudgetMs', 'from 3000 to 290000'],
    ['timeBudgetMs=5000.5', 'timeBudgetMs', 'from 3000 to 290000'],
    ['timeBudgetMs=-5000', 'timeBudgetMs', 'from 3000 to 290000'],
    ['concurrency=0', 'concurrency', 'from 1'],
    ['concurrency=all', 'concurrency', 'from 1'],
    ['limit=0', 'limit', 'from 1'],
    ['limit=-1', 'limit', 'from 1'],
    ['limit=1e3', 'limit', 'from 1'],
    ['limit=', 'limit', 'from 1'],
    ['workspaceId=', 'workspaceId', 'empty'],
    [`workspaceId=${'w'.repeat(201)}`, 'workspaceId', 'too long'],
    ['clientId=', 'clientId', 'empty'],
    ['workspaceId=one&clientId=other', 'clientId', 'alias of workspaceId'],
    ['limit=1&limit=2', 'limit', 'twice'],
    ['budget=5000', 'budget', 'not a parameter'],
    ['toString=1', 'toString', 'not a parameter'],
    ['__proto__=1', '__proto__', 'not a parameter'],
  ])('is a 400 that names it and says what is right: %s', async (query, parameter, right) => {
    const reply = await routeOver(cache)(query);
    expect(reply).toMatchObject({ status: 400, body: { success: false, error: 'bad_parameter', parameter } });
    expect(reply.body.message).toContain(parameter);
    expect(reply.body.message).toContain(right);
  });

  it('starts nothing', async () => {
    const before = await cache.db.cronRun.count();
    await routeOver(cache)('limit=0');
    await routeOver(cache)('', {});
    expect(await cache.db.cronRun.count()).toBe(before);
  });
});
