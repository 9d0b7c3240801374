import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseCredentialKeys } from '@/lib/credentials';
import { changeConfiguration, changeFirstTouch, dropCredential, pauseWorkspaces, resumeWorkspaces, storeCredential } from '@/lib/operator/actions';
import { listAudit } from '@/lib/operator/audit';
import { refreshMany, refreshNow, type BulkProgress } from '@/lib/operator/refresh';
import { WorkspaceInputError } from '@/lib/workspaces';
import { createTestCache, type TestCache } from '../../support/cache';

const BY = { actor: 'console' } as const;
const KEYS = parseCredentialKeys(`k1:${Buffer.alloc(32, 1).toString('base64')}`);

let cache: TestCache;
beforeAll(async () => { cache = await createTestCache(); });
afterAll(async () => { await cache.close(); });
beforeEach(async () => { await cache.db.auditEntry.deleteMany(); });

const by = (requestId: string) => ({ ...BY, requestId });
async function addWorkspace(): Promise<string> {
  const id = randomUUID();
  await cache.addCalendar({ id, provider: 'calendly', zone: 'Europe/Paris' }, { agencyId: 'north' });
  return id;
}
const urlOf = async (id: string): Promise<string | undefined> => (await cache.db.calendarLink.findFirst({ where: { clientId: id } }))?.url;
const isPaused = async (id: string): Promise<boolean> => (await cache.db.workspaceSettings.findUnique({ where: { clientId: id } }))?.pausedAt != null;

describe("an operator's change", () => {
  it('is recorded with who, what and of which agency', async () => {
    const id = await addWorkspace();
    await changeConfiguration(cache.db, by('r1'), id, { url: 'https://calendly.com/acme/other?token=secret', durationMinutes: '45' });
    expect(await urlOf(id)).toBe('https://calendly.com/acme/other?token=secret');
    const [entry] = await cache.db.auditEntry.findMany();
    expect(entry).toMatchObject({ actor: 'console', action: 'workspace.change', subject: id, agencyId: 'north', requestId: 'r1' });
    // The query of a link can hold a secret.
    expect(entry?.details).toEqual({ url: 'https://calendly.com/acme/other', durationMinutes: '45' });
  });

  it('that is refused names each field, changes nothing and leaves no record', async () => {
    const id = await addWorkspace();
    const before = await urlOf(id);
    const refused = changeConfiguration(cache.db, by('r2'), id, { url: 'nowhere', durationMinutes: '3', timezone: 'Europe/Berlin' });
    const error = await refused.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkspaceInputError);
    expect((error as WorkspaceInputError).fields).toEqual({ url: expect.stringMatching(/booking link/) as string, durationMinutes: expect.stringMatching(/5 to 1440/) as string });
    expect(await urlOf(id)).toBe(before);
    expect(await cache.db.auditEntry.count()).toBe(0);
    // The same submission, put right, is not taken for a repetition.
    await expect(changeConfiguration(cache.db, by('r2'), id, { minOpenSlots: '0' })).rejects.toThrow('the fewest open slots "0" must be a whole number');
    expect(await changeConfiguration(cache.db, by('r2'), id, { durationMinutes: 45, minOpenSlots: '12' })).toEqual({ kind: 'done', value: undefined });
    expect(await cache.db.workspaceSettings.findUnique({ where: { clientId: id }, select: { meetingDurationMinutes: true, minOpenSlots: true } })).toEqual({ meetingDurationMinutes: 45, minOpenSlots: 12 });
  });

  it('submitted twice, also at once, is one action', async () => {
    const id = await addWorkspace();
    const all = await Promise.all(Array.from({ length: 6 }, () => pauseWorkspaces(cache.db, by('r3'), [id])));
    expect(all.filter(({ kind }) => kind === 'done')).toHaveLength(1);
    expect(await cache.db.auditEntry.count()).toBe(1);
    await resumeWorkspaces(cache.db, by('r4'), [id]);
    // The first submission comes late once more: it must not pause again.
    expect(await pauseWorkspaces(cache.db, by('r3'), [id])).toEqual({ kind: 'repeated' });
    expect(await isPaused(id)).toBe(false);
  });

  it('of many workspaces leaves an entry with each that changed', async () => {
    const [a, b, c] = [await addWorkspace(), await addWorkspace(), await addWorkspace()];
    await pauseWorkspaces(cache.db, BY, [b]);
    expect(await pauseWorkspaces(cache.db, by('r5'), [a, b, c, 'unknown'])).toEqual({ kind: 'done', value: expect.arrayContaining([a, c]) as string[] });
    expect((await listAudit(cache.db, { subject: a }, 10)).map(({ action }) => action)).toEqual(['workspace.pause']);
    expect(await cache.db.auditEntry.count({ where: { subject: b } })).toBe(1);
    expect(await cache.db.auditEntry.findFirst({ where: { requestId: 'r5' } })).toMatchObject({ action: 'workspaces.pause', subject: null, details: { workspaces: 4 } });
    expect((await resumeWorkspaces(cache.db, BY, [a, b, c])).kind).toBe('done');
    expect([await isPaused(a), await isPaused(b), await isPaused(c)]).toEqual([false, false, false]);
  });

  it('of a credential is recorded without the token', async () => {
    const id = await addWorkspace();
    await storeCredential(cache.db, by('r6'), id, 'calendly', 'very-secret-token', KEYS);
    await dropCredential(cache.db, by('r7'), id, 'calendly');
    const entries = await cache.db.auditEntry.findMany();
    expect(entries.map(({ action }) => action)).toEqual(['credential.store', 'credential.remove']);
    expect(JSON.stringify(entries, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('very-secret-token');
  });

  it('of first touch that cannot be switched on says what is missing and leaves no record', async () => {
    const id = await addWorkspace();
    await expect(changeFirstTouch(cache.db, BY, id, true, {})).rejects.toThrow(/EmailBison token/);
    expect(await cache.db.auditEntry.count()).toBe(0);
  });
});

describe('refresh now', () => {
  it('reads the calendar once a submission and keeps the outcome in the record', async () => {
    const id = await addWorkspace();
    const done = await refreshNow(by('n1'), id, cache.context);
    expect(done).toMatchObject({ kind: 'done', value: { kind: 'refreshed', changed: true } });
    const read = cache.sim.stats();
    expect(await refreshNow(by('n1'), id, cache.context)).toEqual({ kind: 'repeated' });
    expect(cache.sim.stats()).toEqual(read);
    expect((await listAudit(cache.db, { subject: id }, 1))[0]?.details).toMatchObject({ kind: 'refreshed', changed: true, slotCount: expect.any(Number) as number });
  });

  it('of many tells of each as it ends, and one that fails does not end the others', async () => {
    const good = await Promise.all(Array.from({ length: 12 }, addWorkspace));
    const broken = await cache.addWorkspace({ url: 'https://calendly.com/nobody/nothing', type: 'calendly' });
    const progress: BulkProgress[] = [];
    const ended = await refreshMany(by('n2'), [...good, broken, 'gone', broken], { onProgress: (one) => { progress.push(one); } }, cache.context);
    expect(ended).toEqual({ kind: 'done', value: { refreshed: 12, failed: 1, skipped: 1 } });
    expect(progress.map(({ done }) => done)).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
    expect(progress.find(({ workspaceId }) => workspaceId === broken)?.outcome).toMatchObject({ kind: 'failed', errorKind: 'not_found' });
    expect(progress.find(({ workspaceId }) => workspaceId === 'gone')?.outcome).toEqual({ kind: 'skipped', reason: 'deleted' });
    expect(await cache.db.auditEntry.findFirst({ where: { requestId: 'n2' } })).toMatchObject({ details: { workspaces: 14, refreshed: 12, failed: 1, skipped: 1 } });
    expect(await refreshMany(by('n2'), good, { onProgress: () => undefined }, cache.context)).toEqual({ kind: 'repeated' });
  });

  it('of many ends when its caller has gone or its time is over', async () => {
    const ids = await Promise.all(Array.from({ length: 3 }, addWorkspace));
    const gone = await refreshMany(BY, ids, { onProgress: () => undefined, signal: AbortSignal.abort() }, cache.context);
    expect(gone).toEqual({ kind: 'done', value: { refreshed: 0, failed: 0, skipped: 3 } });
    expect(await refreshMany(BY, ids, { onProgress: () => undefined, budgetMs: -1 }, cache.context)).toEqual(gone);
  });
});
