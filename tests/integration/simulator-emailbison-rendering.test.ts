import { afterEach, describe, expect, it } from 'vitest';
import { type SettingsSpec, type Simulator, startSimulator, type WorkspaceHandle } from '../../scripts/simulator/server';

/** When a variable comes into an email, as a client that PATCHes leads sees it. */

const NOON = Date.parse('2026-11-23T12:00:00Z');
const EVENING = Date.parse('2026-11-23T18:00:00Z');

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

async function start(settings: SettingsSpec) {
  const sim = await startSimulator({ emailbison: { instances: { default: settings } } });
  simulator = sim;
  sim.setNow(NOON);
  const acme = sim.emailbison.addWorkspace({
    id: 'acme',
    customVariables: ['Availability_Slot', 'industry'],
    campaigns: [{
      id: 12,
      status: 'active',
      steps: [{ body: 'Hi {FIRST_NAME}! {AVAILABILITY_SLOT}? {{AVAILABILITY_SLOT}} {NOBODY}.' }],
      leads: [{ id: 900, email: 'lee@buyer.test', customVariables: { industry: 'saas' } }],
    }],
  });
  const row = async (): Promise<string> => {
    const body = await ask(acme, 'GET', '/api/leads/900/scheduled-emails');
    return (body as { data: { email_body: string }[] }).data[0]?.email_body ?? '';
  };
  const offer = (value: string) => ask(acme, 'PATCH', '/api/leads/900', { custom_variables: [{ name: 'availability_slot', value }] });
  const sent = (): string | undefined => {
    sim.setNow(EVENING);
    return sim.emailbison.sent()[0]?.body;
  };
  return { sim, acme, row, offer, sent };
}

async function ask({ baseUrl, token }: WorkspaceHandle, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json();
}

const WITHOUT = 'Hi Lee! ? {{AVAILABILITY_SLOT}} .';
const WITH = 'Hi Lee! 10am Tuesday? {{AVAILABILITY_SLOT}} .';

describe('rendered at scheduling', () => {
  it('a missing variable is empty and stays so, whatever is set later', async () => {
    const { row, offer, sent } = await start({ rendersAt: 'scheduling', patchRerenders: false });
    expect(await row()).toBe(WITHOUT);
    await offer('10am Tuesday');
    expect(await row()).toBe(WITHOUT);
    expect(sent()).toBe(WITHOUT);
  });

  it('where a PATCH renders again, the row shows it and the email says it', async () => {
    const { row, offer, sent } = await start({ rendersAt: 'scheduling', patchRerenders: true });
    await offer('10am Tuesday');
    expect(await row()).toBe(WITH);
    expect(sent()).toBe(WITH);
  });

  it('… but not inside the cut-off', async () => {
    const { offer, sent } = await start({ rendersAt: 'scheduling', patchRerenders: true, rerenderCutoffMinutes: 600 });
    await offer('10am Tuesday');
    expect(sent()).toBe(WITHOUT);
  });
});

describe('rendered at sending', () => {
  it.each([
    ['live', WITHOUT, WITH],
    ['asScheduled', WITHOUT, WITHOUT],
    ['template', 'Hi {FIRST_NAME}! {AVAILABILITY_SLOT}? {{AVAILABILITY_SLOT}} {NOBODY}.', 'Hi {FIRST_NAME}! {AVAILABILITY_SLOT}? {{AVAILABILITY_SLOT}} {NOBODY}.'],
  ] as const)('a waiting row shows %s text; the email has what the lead has then', async (queuedBody, before, after) => {
    const { row, offer, sent } = await start({ rendersAt: 'sending', queuedBody });
    expect(await row()).toBe(before);
    await offer('10am Tuesday');
    expect(await row()).toBe(after);
    expect(sent()).toBe(WITH);
    expect(await row()).toBe(WITH);
  });
});

describe('writes to a lead', () => {
  it('PATCH merges by name, keeps the workspace\'s spelling, and is remembered', async () => {
    const { sim, offer } = await start({});
    expect(await offer('10am Tuesday')).toMatchObject({
      data: { first_name: 'Lee', custom_variables: [{ name: 'industry', value: 'saas' }, { name: 'Availability_Slot', value: '10am Tuesday' }] },
    });
    expect(sim.emailbison.lead('acme', 900).variables).toEqual({ industry: 'saas', Availability_Slot: '10am Tuesday' });
    expect(sim.emailbison.writes({ lead: 900 })).toMatchObject([
      { atMs: NOON, method: 'PATCH', status: 200, customVariables: [{ name: 'availability_slot', value: '10am Tuesday' }] },
    ]);
  });

  it('PATCH refuses a variable that the workspace lacks, and changes nothing', async () => {
    const { sim, acme } = await start({});
    const body = { title: 'CEO', custom_variables: [{ name: 'industry', value: 'steel' }, { name: 'unheard_of', value: 'x' }] };
    expect(await ask(acme, 'PATCH', '/api/leads/900', body)).toMatchObject({ errors: { 'custom_variables.1.name': [expect.any(String)] } });
    expect(sim.emailbison.lead('acme', 900).variables).toEqual({ industry: 'saas' });
    expect(sim.emailbison.writes()).toMatchObject([{ status: 422 }]);
  });

  it('PUT clears what it does not name, and needs the names', async () => {
    const { sim, acme } = await start({});
    expect(await ask(acme, 'PUT', '/api/leads/900', { email: 'lee@buyer.test' })).toMatchObject({
      message: 'The first name field is required. (and 1 more error)',
    });
    expect(sim.emailbison.lead('acme', 900).variables).toEqual({ industry: 'saas' });
    const put = { first_name: 'Lea', last_name: 'Fox', email: 'lee@buyer.test' };
    expect(await ask(acme, 'PUT', '/api/leads/900', put)).toMatchObject({ data: { first_name: 'Lea', company: null, custom_variables: [] } });
  });
});
