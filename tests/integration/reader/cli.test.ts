import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { upsertLead } from '@/lib/leads';
import { parseEnv } from '@/lib/env';
import { UserError } from '../../../scripts/local/fail';
import { workspacesProgram } from '../../../scripts/workspaces/program';
import { createTestApi, hours, iso, HOUR_MS, type TestApi } from './api';

let api: TestApi;
const [START = 0] = hours(1);

beforeAll(async () => {
  api = await createTestApi();
  await api.addWorkspace('acme-workspace');
  await api.db.client.update({ where: { id: 'acme-workspace' }, data: { name: 'Acme' } });
});
afterAll(async () => { await api.close(); });
beforeEach(() => api.restKeys());

interface Ended { out: string[]; err: string[]; code: number; refused?: string }

async function cli(args: string[], files: Record<string, string> = {}): Promise<Ended> {
  const ended: Ended = { out: [], err: [], code: 0 };
  const program = workspacesProgram({
    withDatabase: (work) => work({ db: api.db, env: { ...parseEnv({}), DATABASE_URL: api.url } }),
    say: (line) => { ended.out.push(line); },
    warn: (line) => { ended.err.push(line); },
    readFile: (path) => Promise.resolve(files[path] ?? ''),
    readSecret: () => Promise.resolve(''),
    endWith: (code) => { ended.code = code; },
  });
  await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    ended.refused = error.message;
  });
  return ended;
}

describe('key', () => {
  it('add shows a key that works, once; list shows its beginning; revoke ends it', async () => {
    const { out: [key = ''], err } = await cli(['key', 'add', 'agency-a', '--name', 'n8n']);
    expect(key).toMatch(/^avk_[\w-]{43}$/);
    expect(err.join()).not.toContain(key);
    expect((await api.call('/api/availability/a-home', { key })).status).toBe(200);

    const { out: [table = ''] } = await cli(['key', 'list', 'agency-a']);
    expect(table).not.toContain(key);
    expect(table).toMatch(new RegExp(`${key.slice(0, 10)}…\\s+n8n\\s+\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d\\s+\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d\\s+–`));
    expect(JSON.stringify((await cli(['key', 'list', 'agency-a', '--json'])).out)).not.toMatch(/keyHash/);

    expect((await cli(['key', 'revoke', 'agency-a', key.slice(0, 10)])).out).toEqual([`Revoked ${key.slice(0, 10)}: it is refused from now on.`]);
    expect((await api.call('/api/availability/a-home', { key })).status).toBe(401);
    expect((await cli(['key', 'list', 'agency-a'])).out.join()).toMatch(/n8n.*\d\d:\d\d$/m);
  });

  it("another agency's key, an unclear beginning and an unknown agency are refused", async () => {
    await cli(['key', 'add', 'agency-a']);
    expect((await cli(['key', 'revoke', 'agency-b', api.keys.a])).refused).toMatch(/^Agency agency-b has no live key that begins with "avk_.{6}"\. Its live keys are: avk_.{6}\.$/);
    expect((await cli(['key', 'revoke', 'agency-a', 'avk_'])).refused).toMatch(/^Several keys/);
    expect((await cli(['key', 'add', 'nrth'])).refused).toMatch(/^There is no agency "nrth"/);
  });
});

describe('bookings import', () => {
  const good = `Acme,b1,${iso(START)},${iso(START + HOUR_MS)},Pat@lead.test,,`;
  const file = [
    'Workspace,ID,Starts,Ends,E-mail,Source,Cancelled', good,
    `Nowhere,b2,${iso(START)},${iso(START + HOUR_MS)},,,`,
    `acme-workspace,b3,tomorrow,${iso(START)},nobody,,maybe`, good,
    `acme-workspace,b4,2027-03-01T10:00:00+01:00,2027-03-01T10:30:00+01:00,,cal.com,no`,
    `Acme,b5,${iso(START)},${iso(START + HOUR_MS)},,,yes`,
    `Acme,b6,${iso(START)},${iso(START)},,,`,
  ].join('\n');

  it('keeps good lines, reports bad ones with number and reason, and can be repeated', async () => {
    const first = await cli(['bookings', 'import', 'f.csv'], { 'f.csv': file });
    expect(first).toMatchObject({ out: ['2 added, 0 changed, 1 unchanged, 0 cancelled, 4 refused'], code: 1 });
    expect(first.err).toEqual([
      'line 3: There is no workspace "Nowhere". List them with: npm run workspaces -- list',
      expect.stringMatching(/^line 4: email must be an e-mail address; starts must be an instant with its zone.*; cancelled must be yes or no$/),
      'line 5: the booking is in line 2 already',
      'line 8: ends must be after startsAt',
    ]);
    expect(await api.db.booking.findMany({ orderBy: { externalId: 'asc' }, include: { lead: true } })).toMatchObject([
      { clientId: 'acme-workspace', externalId: 'b1', source: 'api', lead: { email: 'pat@lead.test' } },
      { clientId: 'acme-workspace', externalId: 'b4', source: 'cal.com', startsAt: new Date('2027-03-01T09:00:00Z') },
    ]);
    expect((await cli(['bookings', 'import', 'f.csv'], { 'f.csv': file })).out).toEqual(['0 added, 0 changed, 3 unchanged, 0 cancelled, 4 refused']);
    const off = file.replace(good, `${good}yes`);
    expect((await cli(['bookings', 'import', 'f.csv'], { 'f.csv': off })).out).toEqual(['0 added, 0 changed, 2 unchanged, 1 cancelled, 4 refused']);
    expect(await api.db.booking.findFirst({ where: { externalId: 'b1' } })).toMatchObject({ cancelledAt: expect.any(Date) as Date });
  });

  it.each([
    ['', /first line must name the columns; workspace, id, starts, ends are missing/], ['workspace,id,starts', /ends is missing/],
    ['workspace,id,starts,ends,phone', /"phone", which is no column/], ['workspace,id,starts,ends,end', /names a column twice/],
  ])('a file that begins with %j is refused as a whole', async (text, message) => {
    expect((await cli(['bookings', 'import', 'f.csv'], { 'f.csv': text })).refused).toMatch(message);
  });
});

it('lead erase removes the person and says of what, without the address', async () => {
  await upsertLead(api.db, 'acme-workspace', { email: 'gone@lead.test' });
  const { out } = await cli(['lead', 'erase', 'Acme', 'Gone@Lead.test']);
  expect(out.join()).toMatch(/^Erased the lead with 0 offers and 0 follow-ups; 0 bookings keep their time/);
  expect(out.join()).not.toMatch(/gone@/i);
  expect((await cli(['lead', 'erase', 'Acme', 'gone@lead.test'])).refused).toBe('Workspace acme-workspace has no lead of that address.');
});
