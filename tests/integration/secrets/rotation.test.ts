/** Keys are changed under a running app: nobody's refresh fails, and nobody's new token is lost. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readKeyUse, rotateCredentials } from '@/lib/credential-rotation';
import { openCredential, parseCredentialKeys, sealCredential } from '@/lib/credentials';
import { parseEnv } from '@/lib/env';
import type { Db } from '@/lib/db';
import { createContext } from '@/lib/refresh/context';
import { setCredential } from '@/lib/workspaces';
import { createTestCache, type TestCache } from '../../support/cache';

const OLD = `old:${randomBytes(32).toString('base64')}`;
const NEW = `new:${randomBytes(32).toString('base64')}`;
const before = parseCredentialKeys(OLD);
const during = parseCredentialKeys(`${NEW},${OLD}`);
const after = parseCredentialKeys(NEW);
const WORKSPACES = 15;

let cache: TestCache;
beforeEach(async () => { cache = await createTestCache({ env: { CREDENTIALS_KEY: OLD } }); });
afterEach(async () => { await cache.close(); });

async function addWorkspaces(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, i) => `w-${String(i).padStart(3, '0')}`);
  for (const id of ids) {
    await cache.addWorkspace({ id, agencyId: 'a', url: `https://calendly.com/${id}/intro`, type: 'calendly' });
    await setCredential(cache.db, id, 'calendly', `token-of-${id}`, before);
  }
  return ids;
}
const addRoute = async (scopeId: string): Promise<void> => {
  const sealed = sealCredential(before, { clientId: `alarm-route:agency:slack:${scopeId}`, provider: 'webhook' }, `https://hooks.example/${scopeId}`);
  await cache.db.alarmRoute.create({ data: { scope: 'agency', scopeId, channel: 'slack', ...sealed } });
};
async function tokensNow(keys = after): Promise<Map<string, string>> {
  const rows = await cache.db.providerCredential.findMany();
  return new Map(rows.map(({ clientId, provider, ciphertext, keyId }) => [clientId, openCredential(keys, { clientId, provider }, { ciphertext, keyId })]));
}

it('sweeps go on during a rotation without a failed refresh, and with the new key alone afterwards', async () => {
  const ids = Array.from({ length: WORKSPACES }, (_, i) => `cal-${String(i)}`);
  for (const id of ids) {
    await cache.addCalendar({ id, provider: 'ghl', zone: 'UTC' });
    await setCredential(cache.db, id, 'ghl', cache.sim.calendar(id).token, before);
  }
  const rotating = createContext(parseEnv({ ...stringsOf(cache), CREDENTIALS_KEY: `${NEW},${OLD}` }), cache.db);
  expect(await readKeyUse(cache.db)).toEqual([{ store: 'ProviderCredential', keyId: 'old', rows: WORKSPACES }]);

  const rotation = new AbortController();
  const sweeps: { refreshed: number; errors: number; seen: number }[] = [];
  const sweeping = (async () => {
    do {
      const report = await cache.sweep({}, rotating);
      const seen = (await readKeyUse(cache.db)).find(({ keyId }) => keyId === 'new')?.rows ?? 0;
      sweeps.push({ refreshed: report.refreshed, errors: report.errors.total, seen });
    } while (!rotation.signal.aborted);
  })();
  // One row a batch, and a sweep between some of them: many sweeps read rows of both kinds.
  const report = await rotateCredentials(slowed(cache.db), during, { batchRows: 1 });
  rotation.abort();
  await sweeping;
  await rotating.transport.close();
  expect(report).toEqual({ moved: WORKSPACES, overtaken: 0, unopened: [] });
  expect(sweeps.filter(({ refreshed, errors }) => refreshed !== WORKSPACES || errors > 0)).toEqual([]);
  expect(sweeps.some(({ seen }) => seen > 0 && seen < WORKSPACES)).toBe(true);
  expect(await readKeyUse(cache.db)).toEqual([{ store: 'ProviderCredential', keyId: 'new', rows: WORKSPACES }]);

  const afterwards = createContext(parseEnv({ ...stringsOf(cache), CREDENTIALS_KEY: NEW }), cache.db);
  const last = await cache.sweep({}, afterwards);
  await afterwards.transport.close();
  expect({ refreshed: last.refreshed, errors: last.errors.total }).toEqual({ refreshed: WORKSPACES, errors: 0 });
});

it('a token that is entered between reading and writing its row stays', async () => {
  await addWorkspaces(6);
  const overtaken = onceAfterRead(cache.db, async () => {
    for (const { clientId, provider } of await cache.db.providerCredential.findMany()) {
      await cache.db.providerCredential.update({ where: { clientId_provider: { clientId, provider } }, data: sealCredential(before, { clientId, provider }, `entered-for-${clientId}`) });
    }
  });
  const report = await rotateCredentials(overtaken, during, { batchRows: 4 });
  // The first batch was overtaken; a later pass moved what had been entered, which was sealed with the old key.
  expect(report).toEqual({ moved: 6, overtaken: 4, unopened: [] });
  for (const [id, token] of await tokensNow()) expect(token).toBe(`entered-for-${id}`);
});

it('tokens that are entered while all rows are moved stay', async () => {
  const ids = await addWorkspaces(12);
  await Promise.all([rotateCredentials(cache.db, during, { batchRows: 1 }), ...ids.slice(6).map((id) => setCredential(cache.db, id, 'calendly', `new-token-of-${id}`, during))]);
  const tokens = await tokensNow();
  expect(ids.map((id) => tokens.get(id))).toEqual(ids.map((id, i) => `${i < 6 ? '' : 'new-'}token-of-${id}`));
});

it('goes on where it was stopped, and two at once move each row once', async () => {
  const ids = await addWorkspaces(25);
  await addRoute('a');
  const stop = new AbortController();
  await expect(rotateCredentials(cache.db, during, { batchRows: 4, signal: stop.signal, onProgress: (moved) => { if (moved >= 8) stop.abort(new Error('stopped')); } })).rejects.toThrow('stopped');
  expect(await readKeyUse(cache.db)).toEqual([
    { store: 'ProviderCredential', keyId: 'new', rows: 8 }, { store: 'ProviderCredential', keyId: 'old', rows: 17 }, { store: 'AlarmRoute', keyId: 'old', rows: 1 },
  ]);
  const reports = await Promise.all([rotateCredentials(cache.db, during, { batchRows: 3 }), rotateCredentials(cache.db, during, { batchRows: 3 })]);
  expect(reports[0].moved + reports[1].moved).toBe(18);
  expect((await tokensNow()).size).toBe(ids.length);
  const [route] = await cache.db.alarmRoute.findMany();
  expect(route && openCredential(after, { clientId: 'alarm-route:agency:slack:a', provider: 'webhook' }, route)).toBe('https://hooks.example/a');
});

it('what does not open is named and left, and everything else is moved', async () => {
  const ids = await addWorkspaces(6);
  const [copied = '', target = '', lost = ''] = ids;
  const source = await cache.db.providerCredential.findFirstOrThrow({ where: { clientId: copied } });
  await cache.db.providerCredential.updateMany({ where: { clientId: target }, data: { ciphertext: source.ciphertext } });
  await cache.db.providerCredential.updateMany({ where: { clientId: lost }, data: { keyId: 'gone' } });
  const report = await rotateCredentials(cache.db, during);
  expect(report.moved).toBe(4);
  expect(report.unopened.sort()).toEqual([target, lost].map((id) => expect.stringContaining(id) as unknown));
  expect(report.unopened[1]).toContain('"gone"');
  expect(report.unopened.join()).not.toContain('token-of');
  expect((await readKeyUse(cache.db)).map(({ keyId, rows }) => `${keyId} ${String(rows)}`)).toEqual(['gone 1', 'new 4', 'old 1']);
});

const stringsOf = ({ sim, url }: TestCache): Record<string, string> => ({ DATABASE_URL: url, LOG_LEVEL: 'silent', ...sim.env });

/** Lets other work in before each statement. */
const slowed = (db: Db): Db => db.$extends({ query: { $allOperations: async ({ args, query }) => { await new Promise((resolve) => setTimeout(resolve, 3)); return (await query(args)) as unknown; } } }) as unknown as Db;

/** Does something once, right after the first rows were read. */
function onceAfterRead(db: Db, something: () => Promise<void>): Db {
  let isDone = false;
  return db.$extends({ query: { $queryRaw: async ({ args, query }) => {
    const rows = (await query(args)) as unknown;
    if (!isDone) {
      isDone = true;
      await something();
    }
    return rows;
  } } }) as unknown as Db;
}
