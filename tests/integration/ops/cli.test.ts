import { CommanderError } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { watch } from '@/lib/alarms';
import { storeBatch } from '@/lib/refresh/store';
import { explainTime } from '@/lib/why-not';
import { sentenceOf } from '../../../scripts/local/fail';
import { workspacesProgram } from '../../../scripts/workspaces/program';
import { HOUR_MS, itemOf, MINUTE_MS, STORE_SETTINGS, success } from '../refresh/writes';
import { startOpsStage, type OpsStage } from './stage';

let stage: OpsStage;
beforeAll(async () => { stage = await startOpsStage(); });
afterAll(async () => { await stage.close(); });
beforeEach(async () => { await stage.reset(); });

async function cli(args: string[], secret = ''): Promise<{ code: number; out: string; err: string }> {
  const ended = { code: 0, out: '', err: '' };
  const program = workspacesProgram({
    withDatabase: (work) => work({ env: { ...stage.env, DATABASE_URL: stage.cache.url }, db: stage.cache.db }),
    say: (line) => { ended.out += `${line}\n`; },
    warn: (line) => { ended.err += `${line}\n`; },
    readFile: () => Promise.reject(new Error('no file')),
    readSecret: () => Promise.resolve(secret),
    endWith: (code) => { ended.code = code; },
  });
  const quiet = (command: typeof program): void => {
    command.exitOverride().configureOutput({ writeOut: (text) => { ended.out += text; }, writeErr: (text) => { ended.err += text; } });
    command.commands.forEach(quiet);
  };
  quiet(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    ended.code = error instanceof CommanderError ? error.exitCode : 1;
    if (!(error instanceof CommanderError)) ended.err += sentenceOf(error);
  }
  return ended;
}

describe('status', () => {
  it('ends with 0 while all is well, and with 1, the cause and its alarm when it is not', async () => {
    const well = await cli(['status']);
    expect(well).toMatchObject({ code: 0, out: expect.stringMatching(/^All is well\.[^]*1 kept, 0 misconfigured[^]*last sweep {2}good/) as string });
    await stage.addRead('old', { ageMs: 20 * MINUTE_MS, agencyId: 'slow' });
    await watch(stage.context());
    const ill = await cli(['status']);
    expect(ill.code).toBe(1);
    expect(ill.out).toMatch(/2 to look at[^]*oldest_age: The calendar of old[^]*Oldest calendars[^]*old \(old\)[^]*Agencies most behind\n +20 ?m[^]*slow[^]*Alarms/);
    const json = await cli(['status', '--json']);
    expect([json.code, JSON.parse(json.out)]).toMatchObject([1, { isHealthy: false, findings: [{ kind: 'oldest_age' }, { kind: 'agency_behind' }], alarms: [{}, {}] }]);
  });

  it.each([['status'], ['explain'], ['alarm-route', 'set'], ['agency', 'pause'], ['paused']])('%s %s has help with an example', async (...path) => {
    const { code, out } = await cli([...path.filter(Boolean), '--help']);
    expect([code, out]).toEqual([0, expect.stringContaining('npm run workspaces --')]);
  });
});

describe('explain', () => {
  it('names the run in which a slot disappeared, who booked another, and the next open times', async () => {
    const now = await stage.now();
    const hour = Math.ceil(now / HOUR_MS) * HOUR_MS + 48 * HOUR_MS;
    const [lost, booked, open] = [hour, hour + HOUR_MS, hour + 2 * HOUR_MS];
    await stage.addRead('asked', { slots: [lost, booked, open], ageMs: 10_000 });
    await stage.cache.db.workspaceSettings.update({ where: { clientId: 'asked' }, data: { offerWeekends: true } });
    const runId = await stage.addRun('good', { agoMs: 6_000, counts: {} });
    await storeBatch(stage.cache.db, [success(await itemOf(stage.cache.context, 'asked'), Math.floor(now - 5_900), [booked, open])], { ...STORE_SETTINGS, runId }, () => 5_000);
    const lead = await stage.cache.db.lead.create({ data: { clientId: 'asked', email: 'pat@lead.example' } });
    await stage.cache.db.booking.create({ data: { clientId: 'asked', leadId: lead.id, source: 'api', externalId: 'b', startsAt: new Date(booked), endsAt: new Date(booked + 30 * MINUTE_MS) } });
    const explain = async (at: number) => await explainTime(stage.cache.db, 'asked', new Date(at).toISOString(), { maxAgeMs: 900_000, lookaheadDays: 30 });
    expect(await explain(lost)).toMatchObject({ code: 'disappeared', runId, nearestBefore: null, nearestAfter: new Date(open).toISOString() });
    expect(await explain(booked)).toMatchObject({ code: 'booked', sentence: expect.stringContaining('pat@lead.example') as string });
    expect(await explain(open)).toMatchObject({ code: 'open', isOffered: true });
    expect(await explain(open + 5 * HOUR_MS)).toMatchObject({ code: 'never_returned', nearestBefore: new Date(open).toISOString() });

    expect(await cli(['explain', 'asked', new Date(lost).toISOString()])).toMatchObject({ code: 1, out: expect.stringContaining(`run ${runId}`) as string });
    expect(await cli(['explain', 'asked', new Date(open).toISOString().slice(0, 16), '--json'])).toMatchObject({ code: 0, out: expect.stringContaining('"code": "open"') as string });
    expect(await cli(['explain', 'asked', 'soon'])).toMatchObject({ code: 1, err: expect.stringContaining('"soon" is not a time') as string });
  });
});

describe('alarm-route', () => {
  it('keeps its URL from every output, tries it, and is removed', async () => {
    const url = `${stage.post.url}/hook/hidden`;
    const set = await cli(['alarm-route', 'set', '--workspace', 'well', '--to', 'slack'], url);
    const id = /alarm-route test (\S+)/.exec(set.out)?.[1] ?? '';
    const list = await cli(['alarm-route', 'list', '--json']);
    expect(set.out + set.err + list.out).not.toContain('hidden');
    expect(await cli(['alarm-route', 'test', id])).toMatchObject({ code: 0, out: 'Delivered.\n' });
    expect(stage.post.received).toMatchObject([{ path: '/hook/hidden', body: { text: expect.stringContaining('Alarms arrive here') as string } }]);
    stage.post.answerWith(404);
    const failed = await cli(['alarm-route', 'test', id]);
    expect(failed).toMatchObject({ code: 1, err: 'Not delivered: not_found (status 404).' });
    expect(await cli(['alarm-route', 'set', '--to', 'slack'])).toMatchObject({ code: 1 });
    expect((await cli(['alarm-route', 'remove', '--workspace', 'well', '--to', 'slack'])).code).toBe(0);
    expect((await cli(['alarm-route', 'test', id])).code).toBe(1);
  });
});
