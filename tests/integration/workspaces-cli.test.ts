import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError, type Command } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCredential, parseCredentialKeys } from '../../lib/credentials';
import { createDb, type Db } from '../../lib/db';
import { parseEnv } from '../../lib/env';
import { sentenceOf } from '../../scripts/local/fail';
import { PROJECT_ROOT } from '../../scripts/local/migration-files';
import { startSimulator, type Simulator } from '../../scripts/simulator/server';
import { workspacesProgram } from '../../scripts/workspaces/program';
import { commandsOf } from '../support/commands';
import { createTestDatabase, type TestDatabase } from '../support/database';

const KEYS = `k1:${randomBytes(32).toString('base64')}`;
const URL_A = 'https://calendly.com/acme/intro';

let database: TestDatabase;
let db: Db;
let simulator: Simulator;
let folder: string;

beforeAll(async () => {
  [database, simulator, folder] = await Promise.all([createTestDatabase(), startSimulator(), mkdtemp(join(tmpdir(), 'cli-'))]);
  db = createDb(database.url);
});
afterAll(async () => {
  await db.$disconnect();
  await Promise.all([database.drop(), simulator.close(), rm(folder, { recursive: true, force: true })]);
});
beforeEach(async () => {
  await db.client.deleteMany();
  await db.agency.deleteMany();
});

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

const environment = (): Record<string, string> => ({ ...simulator.env, DATABASE_URL: database.url, CREDENTIALS_KEY: KEYS, LOG_LEVEL: 'silent' });

const withChildren = (command: Command): Command[] => [command, ...command.commands.flatMap(withChildren)];

function programWith(ended: Ended, input: string): Command {
  return workspacesProgram({
    withDatabase: (work) => work({ env: { ...parseEnv(environment()), DATABASE_URL: database.url }, db }),
    say: (line) => { ended.out += `${line}\n`; },
    warn: (line) => { ended.err += `${line}\n`; },
    readFile: (path) => (path === '-' ? Promise.resolve(input) : readFile(path, 'utf8')),
    readSecret: () => Promise.resolve(input),
    endWith: (code) => { ended.code = code; },
  });
}

/** Runs a command in this process, with `input` as standard input. */
async function cli(args: string[], input = ''): Promise<Ended> {
  const ended: Ended = { code: 0, out: '', err: '' };
  const program = programWith(ended, input);
  for (const command of withChildren(program)) {
    command.exitOverride().configureOutput({ writeOut: (text) => { ended.out += text; }, writeErr: (text) => { ended.err += text; } });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return { ...ended, code: error.exitCode };
    return { ...ended, code: 1, err: `${ended.err}${sentenceOf(error)}\n` };
  }
  return ended;
}

/** Runs it as a user does, in a process of its own. */
async function cliProcess(args: string[], input: string): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/workspaces.ts', ...args], { cwd: PROJECT_ROOT, env: { ...process.env, ...environment() } });
  child.stdin.end(input);
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString(); });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, err };
}

async function add(name: string, url = URL_A): Promise<string> {
  const { out } = await cli(['add', '--name', name, '--url', url, '--agency', 'north', '--agency-name', 'North', '--zone', 'Europe/Berlin']);
  return /Added ([\w-]+)\./.exec(out)?.[1] ?? '';
}

describe('adding and changing', () => {
  it('add stores agency, workspace, default link with its detected type, and settings', async () => {
    const id = await add('Acme');
    expect(await db.client.findUnique({ where: { id }, include: { links: true, settings: true } })).toMatchObject({
      name: 'Acme', userId: 'north', links: [{ url: URL_A, type: 'calendly', isDefault: true }], settings: { timezone: 'Europe/Berlin', meetingDurationMinutes: 30 },
    });
    expect(await db.agency.findMany()).toMatchObject([{ id: 'north', name: 'North' }]);
  });

  it('a second one of the same agency and name is refused, and nothing is stored of a bad one', async () => {
    await add('Acme');
    const again = await cli(['add', '--name', 'Acme', '--url', URL_A, '--agency', 'north']);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('Agency north already has a workspace "Acme"') as string });
    const bad = await cli(['add', '--name', 'Bad', '--url', 'nope', '--zone', 'Mars', '--duration', '0']);
    expect(bad).toMatchObject({ code: 1, err: 'url "nope" must be a booking link that begins with https://; zone "Mars" must be an IANA zone such as Europe/Berlin or UTC; duration "0" must be whole minutes from 5 to 1440\n' });
    expect(await db.client.count()).toBe(1);
  });

  it('a link that is understood otherwise now is another link, though its text is the same', async () => {
    const id = await add('Acme', 'https://book.agency.example//widget/booking/AbCdEfGhIjKlMnOpQrSt');
    const asOlder = async (): Promise<unknown> => await db.calendarLink.updateMany({ where: { clientId: id }, data: { type: 'unknown' } });
    await asOlder();
    const { url } = (await db.calendarLink.findFirst({ where: { clientId: id } })) ?? expect.fail();
    expect((await cli(['import', '-'], `agency id,workspace,url,zone\nnorth,Acme,${url},Europe/Berlin\n`)).out).toContain('1 updated');
    expect(await db.calendarLink.findFirst({ where: { clientId: id } })).toMatchObject({ url, type: 'ghl' });
    await asOlder();
    await cli(['set', 'acme', '--url', url]);
    expect(await db.calendarLink.findFirst({ where: { clientId: id } })).toMatchObject({ url, type: 'ghl' });
  });

  it('pause, resume, choose, set and remove do what they say; a changed link forgets the choice', async () => {
    const id = await add('Acme');
    await cli(['pause', 'acme']);
    expect((await db.workspaceSettings.findUnique({ where: { clientId: id } }))?.pausedAt).not.toBeNull();
    await cli(['resume', id.slice(0, 8)]);
    expect((await db.workspaceSettings.findUnique({ where: { clientId: id } }))?.pausedAt).toBeNull();
    await cli(['choose', id, 'EBAXZXNO5XL6LLRJ']);
    expect(await db.calendarLink.findFirst({ where: { clientId: id } })).toMatchObject({ externalId: 'EBAXZXNO5XL6LLRJ' });
    const half = await cli(['set', id, '--duration', '45', '--url', 'nope']);
    expect(half.code).toBe(1);
    expect(await db.workspaceSettings.findUnique({ where: { clientId: id } })).toMatchObject({ meetingDurationMinutes: 30 });
    await cli(['set', id, '--duration', '45', '--zone', 'Asia/Tokyo', '--url', 'https://meetings.hubspot.com/acme/demo']);
    expect(await db.workspaceSettings.findUnique({ where: { clientId: id } })).toMatchObject({ meetingDurationMinutes: 45, timezone: 'Asia/Tokyo' });
    expect(await db.calendarLink.findMany({ where: { clientId: id } })).toMatchObject([{ type: 'hubspot', externalId: null, isDefault: true }]);
    expect((await cli(['remove', id])).code).toBe(0);
    expect(await db.client.count()).toBe(0);
  });

  it('a name that means several is refused with their ids, and one that means none says how to list', async () => {
    await db.client.createMany({ data: [{ id: 'one-twin', name: 'Twin', userId: 'a' }, { id: 'two-twin', name: 'Twin', userId: 'b' }] });
    const twice = await cli(['pause', 'twin']);
    expect(twice.code).toBe(1);
    expect(twice.err).toMatch(/several workspaces.*one-twin.*two-twin/s);
    expect(await cli(['show', 'nobody'])).toMatchObject({ code: 1, err: expect.stringContaining('npm run workspaces -- list') as string });
  });
});

describe('pauses', () => {
  it('of an agency or a provider keep their first time, and end when they are resumed', async () => {
    await add('Acme');
    await db.agency.deleteMany();
    expect(await cli(['agency', 'pause', 'north'])).toMatchObject({ code: 0, out: 'Paused agency north.\n' });
    const first = await db.agency.findUniqueOrThrow({ where: { id: 'north' } });
    await cli(['agency', 'pause', 'north']);
    expect(await db.agency.findUniqueOrThrow({ where: { id: 'north' } })).toEqual(first);
    await cli(['provider', 'pause', 'calendly']);
    expect(JSON.parse((await cli(['paused', '--json'])).out)).toMatchObject({ agencies: [{ id: 'north' }], providers: [{ provider: 'calendly' }] });
    // The narrowest reason is told: what has to be resumed first.
    expect((await cli(['show', 'Acme'])).out).toContain('Its agency is paused');
    await cli(['agency', 'resume', 'north']);
    expect((await cli(['show', 'Acme'])).out).toContain("calendar's provider is paused");
    await cli(['provider', 'resume', 'calendly']);
    expect((await cli(['show', 'Acme'])).out).not.toContain('paused');
  });

  it('of an agency or a provider that does not exist are refused', async () => {
    expect(await cli(['agency', 'pause', 'nobody'])).toMatchObject({ code: 1, err: expect.stringContaining('There is no agency "nobody"') as string });
    expect((await cli(['provider', 'pause', 'outlook'])).code).toBe(1);
    expect(await db.providerPause.count()).toBe(0);
  });
});

describe('credentials', () => {
  it('come from standard input only, are stored sealed, and a new one gets a new id so that it is tried at once', async () => {
    const id = await add('Acme');
    const owner = { clientId: id, provider: 'calendly' as const };
    const stored = async () => await db.providerCredential.findUniqueOrThrow({ where: { clientId_provider: owner } });
    const { out, err } = await cli(['credential', id, '--provider', 'calendly'], 'pat-secret-1\n');
    const first = await stored();
    expect(out + err).not.toContain('pat-secret');
    expect(Buffer.from(first.ciphertext).toString('latin1')).not.toContain('pat-secret');
    expect(openCredential(parseCredentialKeys(KEYS), owner, first)).toBe('pat-secret-1');
    await cli(['credential', id, '--provider', 'calendly'], 'pat-secret-2');
    const second = await stored();
    expect(openCredential(parseCredentialKeys(KEYS), owner, second)).toBe('pat-secret-2');
    expect(second.id).not.toBe(first.id);
    expect(second.quotaKey).not.toBe(first.quotaKey);
    await cli(['credential', id, '--provider', 'calendly', '--remove']);
    expect(await db.providerCredential.count()).toBe(0);
  });

  it.each([['', /must not be empty/], ['two words', /one token, without spaces/]])('refuse %j and keep what was there', async (input, message) => {
    const id = await add('Acme');
    await cli(['credential', id, '--provider', 'ghl'], 'good-token');
    const before = await db.providerCredential.findMany();
    const { code, err } = await cli(['credential', id, '--provider', 'ghl'], input);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(await db.providerCredential.findMany()).toEqual(before);
  });
});

describe('import', () => {
  it('keeps good lines, reports bad ones with number and reason, ends with 1, and can be repeated', async () => {
    const file = join(folder, 'workspaces.csv');
    const lines = ['agency id,agency name,workspace,url,zone,duration', `north,North,Acme,${URL_A},UTC,30`, 'north,North,Bad,nope,UTC,30', 'south,South,Other,https://meetings.hubspot.com/o,Asia/Tokyo,45'];
    await writeFile(file, lines.join('\r\n'));
    const first = await cli(['import', file]);
    expect(first).toEqual({ code: 1, out: '2 added, 0 updated, 0 unchanged, 1 refused\n', err: 'line 3: url "nope" must be a booking link that begins with https://\n' });
    const changed = lines.filter((_line, index) => index !== 2).join('\n').replace('Asia/Tokyo,45', 'Asia/Tokyo,60').replace('north,North,', 'north,North Star,');
    expect(await cli(['import', '-'], changed)).toEqual({ code: 0, out: '0 added, 1 updated, 1 unchanged, 0 refused\n', err: '' });
    expect(await db.client.count()).toBe(2);
    expect(await db.agency.findMany({ orderBy: { id: 'asc' } })).toMatchObject([{ name: 'North Star' }, { name: 'South' }]);
    expect(await db.workspaceSettings.findMany({ where: { client: { name: 'Other' } } })).toMatchObject([{ meetingDurationMinutes: 60 }]);
  });
});

describe('reading', () => {
  it('refresh reads the calendar now; show and list tell state, age and slots', async () => {
    const calendar = simulator.addCalendar({ id: 'cli/1', provider: 'calendly', zone: 'UTC' });
    const id = await add('Acme', calendar.url);
    expect(await cli(['refresh', id])).toMatchObject({ code: 0, out: expect.stringMatching(/^[1-9]\d* slots, changed, in \d+ ms/) as string });
    const shown = JSON.parse((await cli(['show', id, '--json'])).out) as { state: string; slotsUtc: string[]; storedSlots: number };
    expect(shown.state).toBe('fresh');
    expect(shown.slotsUtc).toHaveLength(shown.storedSlots);
    expect((await cli(['show', 'Acme'])).out).toMatch(/state +fresh[\s\S]*Next slots \(Europe\/Berlin\):/);
    const listed = JSON.parse((await cli(['list', '--json', '--state', 'fresh'])).out) as unknown[];
    expect(listed).toMatchObject([{ workspaceId: id, agencyName: 'North', state: 'fresh', lastError: null }]);
    expect((await cli(['list'])).out).toContain('1 workspace: 1 fresh');
  });

  it('a failing refresh ends with 1, its kind, and what to do; show repeats it', async () => {
    const calendar = simulator.addCalendar({ id: 'cli/2', provider: 'calendly', zone: 'UTC', deleted: true });
    const id = await add('Gone', calendar.url);
    const { code, err } = await cli(['refresh', id]);
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^not_found: [\\s\\S]*workspaces -- set ${id} --url`));
    expect((await cli(['show', id])).out).toMatch(/state +misconfigured[\s\S]*last error not_found, 1 in a row[\s\S]*to do /);
  });
});

it('every command has help with an example', async () => {
  for (const name of ['add', 'import', 'list', 'show', 'refresh', 'pause', 'resume', 'remove', 'choose', 'set', 'credential']) {
    const { code, out } = await cli([name, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Examples:\n  npm run workspaces -- ${name}`);
  }
});

it('as a process it reads standard input, and ends with 1 and a sentence without a stack', async () => {
  const [good, bad, empty] = await Promise.all([
    cliProcess(['import', '-'], `north,North,Acme,${URL_A},UTC,30\n`),
    cliProcess(['add', '--name', 'Bad', '--url', 'nope'], ''),
    cliProcess(['credential', 'nobody', '--provider', 'ghl'], ''),
  ]);
  expect(good).toEqual({ code: 0, out: '1 added, 0 updated, 0 unchanged, 0 refused\n', err: '' });
  expect(bad).toEqual({ code: 1, out: '', err: 'url "nope" must be a booking link that begins with https://\n' });
  expect(empty).toMatchObject({ code: 1, err: expect.stringMatching(/^There is no workspace "nobody"[^\n]*\n$/) as string });
}, 60_000);

describe('offers', () => {
  it('how they are chosen is set, checked when saved, shown, and taken back', async () => {
    const id = await add('Acme');
    expect((await cli(['offer-rules', 'acme'])).out).toBe('Hours      any hour\nWeekends   not offered\nPreferred  no day before another\nLocale     en-US, the default\n');
    const set = await cli(['offer-rules', 'acme', '--hours', 'mon-fri 9:00-17:00, sat 10:00-12:00', '--weekends', 'yes', '--preferred-days', 'Thu,tue', '--within-days', '7', '--locale', 'de-de']);
    expect(set).toMatchObject({ code: 0, out: 'Hours      mon-fri 09:00-17:00, sat 10:00-12:00\nWeekends   offered\nPreferred  tue, thu, within 7 days of the email\nLocale     de-DE\n' });
    const before = await db.workspaceSettings.findUnique({ where: { clientId: id } });
    expect(before).toMatchObject({ offerWeekends: true, preferredDays: ['tue', 'thu'], offerWithinDays: 7, locale: 'de-DE', timezone: 'Europe/Berlin' });
    for (const [options, problem] of [
      [['--hours', 'mon 17:00-09:00', '--locale', 'en-GB'], '["17:00","09:00"] must end after it begins'],
      [['--hours', 'mon 09:00-25:00'], '"25:00" must be a time'],
      [['--preferred-days', 'today'], 'preferred days must be a list of mon, tue'],
      [['--within-days', '0'], 'the nearness must be whole days from 1 to 90'],
      [['--locale', 'de_DE'], 'the locale "de_DE" must be a language such as en-GB or de-DE'],
    ] as const) {
      expect(await cli(['offer-rules', 'acme', ...options])).toMatchObject({ code: 1, err: expect.stringContaining(problem) as string });
      expect(await db.workspaceSettings.findUnique({ where: { clientId: id } })).toEqual(before);
    }
    await cli(['offer-rules', 'acme', '--hours', 'any', '--preferred-days', 'none', '--within-days', 'none', '--locale', 'default']);
    expect(JSON.parse((await cli(['offer-rules', 'acme', '--json'])).out)).toEqual({ workspaceId: id, hours: null, weekends: true, prefer: {}, locale: null });
  });

  it('are listed newest first with what became of them, as text and JSON, and none is said to be none', async () => {
    const id = await add('Acme');
    expect((await cli(['offers', 'acme'])).out).toContain('No times were offered yet.');
    const { id: leadId } = await db.lead.create({ data: { clientId: id, email: 'pat@buyer.test' } });
    const offer = { clientId: id, leadId, channel: 'first_touch', sendKey: 'first-touch:1' };
    await db.slotOffer.create({ data: { ...offer, position: 1, slotUtc: new Date('2030-03-01T09:00:00Z'), state: 'failed', reason: 'not_rendered', offeredAt: new Date('2030-02-01T09:00:00Z') } });
    await db.slotOffer.create({ data: { ...offer, position: 2, slotUtc: new Date('2030-03-02T09:00:00Z'), state: 'sent', offeredAt: new Date('2030-02-02T09:00:00Z') } });
    expect((await cli(['offers', id])).out).toBe([
      '2030-03-02 09:00  sent      first_touch  pat@buyer.test  offered 2030-02-02 09:00',
      '2030-03-01 09:00  failed    first_touch  pat@buyer.test  offered 2030-02-01 09:00  – not_rendered',
      '', '2 offered times: 1 sent, 1 failed', '',
    ].join('\n'));
    expect((await cli(['offers', id, '--limit', '1'])).out).toContain('1 offered times; there are more (--limit): 1 sent');
    expect((await cli(['offers', id, '--state', 'expired'])).out).toBe('No offers are expired.\n');
    expect(JSON.parse((await cli(['offers', id, '--json'])).out)).toMatchObject([{ slotUtc: '2030-03-02T09:00:00.000Z', state: 'sent', lead: { email: 'pat@buyer.test' } }, { state: 'failed' }]);
    expect(await cli(['offers', id, '--limit', 'all'])).toMatchObject({ code: 1, err: expect.stringContaining('--limit "all" must be a whole number') as string });
    expect((await cli(['offers', '--help'])).out).toContain('npm run workspaces -- offers Acme --json');
  });

  it("a follow-up's own template is checked when the workspace's is set", async () => {
    const id = await add('Acme');
    expect(await cli(['followups', 'on', 'acme', '--template', 'At {{time}}?'])).toMatchObject({ code: 1, err: expect.stringContaining('{{time}} is no placeholder') as string });
    expect(await db.workspaceSettings.findUnique({ where: { clientId: id } })).toMatchObject({ followUpsEnabled: false, followUpTemplate: null });
    await cli(['followups', 'on', 'acme', '--template', 'Would {{options}} work?']);
    expect(await db.workspaceSettings.findUnique({ where: { clientId: id } })).toMatchObject({ followUpsEnabled: true, followUpTemplate: 'Would {{options}} work?' });
    await cli(['followups', 'on', 'acme', '--default-template']);
    expect(await db.workspaceSettings.findUnique({ where: { clientId: id } })).toMatchObject({ followUpTemplate: null });
  });
});

describe('the record', () => {
  const READING = ['list', 'show', 'status', 'explain', 'paused', 'alarm-route list', 'alarm-route test', 'key list', 'first-touch preview', 'first-touch show', 'followups list', 'offers'];
  const SECRET = 'a-secret-of-more-than-24-letters';
  const PERSON = 'pat@buyer.test';
  const HOOK = 'https://hooks.example.com/T00/B00';
  /** In an order in which each finds what it needs; `…` is the follow-up that was added last. */
  const CHANGES: readonly { args: readonly string[]; input?: string; action: string; details?: object }[] = [
    { args: ['import', '-'], input: `agency id,workspace,url\nnorth,Imported,${URL_A}\n`, action: 'workspace.add', details: { line: 2 } },
    { args: ['import', '-'], input: `agency id,workspace,url\nnorth,Imported,${URL_A}-2\n`, action: 'workspace.change', details: { line: 2 } },
    { args: ['import', '-'], input: `agency id,agency name,workspace,url\nnorth,North & Sons,Imported,${URL_A}-2\n`, action: 'agency.rename', details: { line: 2 } },
    { args: ['set', 'acme', '--duration', '45'], action: 'workspace.change', details: { durationMinutes: '45' } },
    { args: ['choose', 'acme', 'ABC'], action: 'workspace.choose', details: { chosen: 'ABC' } },
    { args: ['refresh', 'acme'], action: 'workspace.refresh' },
    { args: ['pause', 'acme'], action: 'workspace.pause' },
    { args: ['resume', 'acme'], action: 'workspace.resume' },
    { args: ['agency', 'pause', 'north'], action: 'agency.pause' },
    { args: ['agency', 'resume', 'north'], action: 'agency.resume' },
    { args: ['provider', 'pause', 'ghl'], action: 'provider.pause' },
    { args: ['provider', 'resume', 'ghl'], action: 'provider.resume' },
    { args: ['credential', 'acme', '--provider', 'emailbison'], input: SECRET, action: 'credential.store', details: { provider: 'emailbison' } },
    { args: ['first-touch', 'on', 'acme', '--base-url', 'https://send.example.com'], action: 'first_touch.on' },
    { args: ['first-touch', 'off', 'acme'], action: 'first_touch.off' },
    { args: ['offer-rules', 'acme', '--weekends', 'yes'], action: 'offer_rules.change', details: { offerWeekends: true } },
    { args: ['webhook', 'set', 'acme', '--url', HOOK], input: SECRET, action: 'webhook.set' },
    { args: ['webhook', 'token', 'acme'], action: 'webhook.token' },
    { args: ['alarm-route', 'set', '--workspace', 'acme', '--to', 'email', '--recipient', PERSON], input: HOOK, action: 'alarm_route.set', details: { to: 'email' } },
    { args: ['alarm-route', 'remove', '--workspace', 'acme', '--to', 'email'], action: 'alarm_route.remove', details: { to: 'email' } },
    { args: ['key', 'add', 'north', '--name', 'n8n'], action: 'key.add', details: { name: 'n8n' } },
    { args: ['key', 'revoke', 'north', 'avk_'], action: 'key.revoke' },
    { args: ['followups', 'on', 'acme'], action: 'follow_ups.on' },
    { args: ['followups', 'off', 'acme'], action: 'follow_ups.off' },
    { args: ['followups', 'import', '-'], input: `workspace,email,due,channel\nacme,${PERSON},2030-03-01T09:00:00Z,webhook\nacme,nobody,,\n`, action: 'follow_ups.import', details: { added: 1, known: 0, refused: 1 } },
    { args: ['followups', 'add', 'acme', '--email', PERSON, '--due', '2030-03-01T09:00:00Z', '--channel', 'webhook'], action: 'follow_up.add' },
    { args: ['followups', 'cancel', '…'], action: 'follow_up.cancel' },
    { args: ['followups', 'resolve', '…', 'sent'], action: 'follow_up.resolve', details: { finding: 'sent' } },
    { args: ['bookings', 'import', '-'], input: `workspace,id,starts,ends,email\nacme,b1,2030-03-01T09:00:00Z,2030-03-01T09:30:00Z,${PERSON}\n`, action: 'bookings.import', details: { added: 1, changed: 0, unchanged: 0, cancelled: 0, refused: 0 } },
    { args: ['lead', 'erase', 'acme', PERSON], action: 'lead.erase', details: { offers: 0, followUps: 2, bookings: 1 } },
    { args: ['remove', 'acme'], action: 'workspace.remove' },
  ];
  const nameOf = ([first = '', second = '']: readonly string[], all: readonly string[]): string => (all.includes(`${first} ${second}`) ? `${first} ${second}` : first);

  it('has a row of every command that changes something, of the agency it was done to, without secrets or persons; and none of others', async () => {
    await db.auditEntry.deleteMany();
    const all = commandsOf(programWith({ code: 0, out: '', err: '' }, ''));
    const id = await add('Acme');
    expect(await db.auditEntry.findMany()).toMatchObject([{ actor: 'cli', action: 'workspace.add', subject: id, agencyId: 'north' }]);

    for (const { args, input, action, details } of CHANGES) {
      await db.auditEntry.deleteMany();
      const followUp = await db.followUp.findFirst({ orderBy: { createdAt: 'desc' } });
      if (args[1] === 'resolve') await db.followUp.updateMany({ where: { id: followUp?.id ?? '' }, data: { state: 'unknown', finishedAt: null } });
      const ended = await cli(args.map((arg) => (arg === '…' ? followUp?.id ?? '' : arg)), input);
      const rows = await db.auditEntry.findMany();
      expect(rows, `${args.join(' ')}: ${ended.err}`).toMatchObject([{ actor: 'cli', action, ...(details && { details }) }]);
      const isOfAgency = !/^provider|import$/.test(action);
      expect(rows[0]?.agencyId, action).toBe(isOfAgency ? 'north' : null);
      expect(JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toMatch(/a-secret|buyer\.test|T00/);
    }
    expect([...new Set([...CHANGES.map(({ args }) => nameOf(args, all)), ...READING, 'add'])].sort()).toEqual(all.sort());

    await db.auditEntry.deleteMany();
    await add('Other');
    await db.auditEntry.deleteMany();
    for (const args of [['list'], ['show', 'other'], ['status'], ['paused'], ['alarm-route', 'list'], ['key', 'list', 'north'], ['followups', 'list', 'other'], ['offers', 'other']]) await cli(args);
    for (const args of [['remove', 'nobody'], ['key', 'add', 'nowhere'], ['followups', 'cancel', 'nobody'], ['lead', 'erase', 'other', 'nobody@buyer.test']]) expect((await cli(args)).code).toBe(1);
    await cli(['import', '-'], `agency id,workspace,url,zone\nnorth,Other,${URL_A},Europe/Berlin\n`);
    expect(await db.auditEntry.findMany()).toEqual([]);
  });
});
