import { afterEach, describe, expect, it } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator, type WorkspaceHandle } from '../../scripts/simulator/server';

/** The simulated EmailBison over HTTP: who may ask, and how lists are paged and filtered. */

const NOW = Date.parse('2026-11-23T12:00:00Z');

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});
async function start(options: SimulatorOptions = {}, leads = 40): Promise<{ sim: Simulator; acme: WorkspaceHandle }> {
  const sim = await startSimulator(options);
  simulator = sim;
  sim.setNow(NOW);
  return { sim, acme: sim.emailbison.addWorkspace({ id: 'acme', customVariables: ['slot'], campaigns: [{ id: 12, leads: { count: leads } }] }) };
}

interface Reply {
  status: number;
  headers: Headers;
  body: unknown;
}
async function ask({ baseUrl, token }: { baseUrl: string; token: string }, method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

interface Page {
  data: { id: number }[];
  links: { next: string | null };
  meta: { current_page: number; last_page: number; per_page: number; from: number | null; to: number | null; total: number };
}
/** The pages of a list, by following `last_page`. */
async function pages(acme: WorkspaceHandle, path: string): Promise<Page[]> {
  const all: Page[] = [];
  for (let page = 1; page <= (all[0]?.meta.last_page ?? 1); page += 1) {
    const { body } = await ask(acme, 'GET', `${path}${path.includes('?') ? '&' : '?'}page=${page}`);
    all.push(body as Page);
  }
  return all;
}
const idsOf = (all: Page[]): number[] => all.flatMap(({ data }) => data.map(({ id }) => id));

describe('access', () => {
  it('no token, an unknown one, a revoked one: 401; another instance\'s: 403', async () => {
    const { sim, acme } = await start({ emailbison: { instances: { other: { leadDrift: 1 } } } });
    const elsewhere = sim.emailbison.addWorkspace({ id: 'elsewhere', instance: 'other' });
    const bare = await fetch(`${acme.baseUrl}/api/campaigns`);
    expect([bare.status, await bare.json()]).toEqual([401, { error: 'Unauthenticated' }]);
    expect(await ask({ ...acme, token: 'nonsense' }, 'GET', '/api/campaigns')).toMatchObject({ status: 401, body: { message: 'Unauthenticated.' } });
    expect(await ask({ ...acme, token: elsewhere.token }, 'GET', '/api/campaigns')).toMatchObject({ status: 403 });
    expect(await ask(elsewhere, 'GET', '/api/campaigns')).toMatchObject({ status: 200, body: { data: [] } });
    sim.emailbison.setTokenState('acme', 'revoked');
    expect(await ask(acme, 'GET', '/api/campaigns')).toMatchObject({ status: 401 });
  });

  it('ids of another workspace do not exist; a super-admin token follows its user', async () => {
    const { sim, acme } = await start();
    const other = sim.emailbison.addWorkspace({ id: 'other' });
    expect((await ask(other, 'GET', '/api/campaigns/12')).status).toBe(404);
    const admin = { ...acme, token: acme.superAdminToken };
    expect((await ask(admin, 'GET', '/api/campaigns/12')).status).toBe(200);
    sim.emailbison.switchSuperAdmin('other');
    expect((await ask(admin, 'GET', '/api/campaigns/12')).status).toBe(404);
  });

  it('every host is one that the app may call', async () => {
    const { sim, acme } = await start({ emailbison: { instances: { other: {} } } });
    const hosts = sim.env.OUTBOUND_ALLOW_HOSTS?.split(',');
    expect(hosts).toContain(new URL(acme.baseUrl).host);
    expect(hosts).toContain(new URL(sim.emailbison.addWorkspace({ id: 'other', instance: 'other' }).baseUrl).host);
  });

  it('unlimited by default; with a limit, 429 and Retry-After', async () => {
    const { sim, acme } = await start({ limits: { emailbisonApi: { perMinute: 2, retryAfterSeconds: 7 } } });
    for (const status of [200, 200, 429]) {
      const reply = await ask(acme, 'GET', '/api/campaigns');
      expect(reply.status).toBe(status);
      expect(reply.headers.get('retry-after')).toBe(status === 429 ? '7' : null);
    }
    expect(sim.stats().byOrigin.emailbison).toMatchObject({ requests: 3, rateLimited: 1 });
  });
});

describe('lists', () => {
  it('15 a page, whatever is asked, with links and meta', async () => {
    const { acme } = await start();
    const all = await pages(acme, '/api/campaigns/12/leads?per_page=100');
    expect(all.map(({ meta }) => meta)).toEqual([
      { current_page: 1, from: 1, last_page: 3, per_page: 15, to: 15, total: 40 },
      { current_page: 2, from: 16, last_page: 3, per_page: 15, to: 30, total: 40 },
      { current_page: 3, from: 31, last_page: 3, per_page: 15, to: 40, total: 40 },
    ]);
    expect(all[0]?.links.next).toBe(`${acme.baseUrl}/api/campaigns/12/leads?per_page=100&page=2`);
    expect(all[2]?.links.next).toBeNull();
    expect(new Set(idsOf(all)).size).toBe(40);
    expect((await ask(acme, 'GET', '/api/campaigns/12/leads?page=9')).body).toMatchObject({ data: [], meta: { current_page: 9, from: null, to: null } });
  });

  it('as options: per_page is honoured, links lose filters or leave the host', async () => {
    const { sim, acme } = await start();
    sim.emailbison.updateSettings({ honoursPerPage: true, linksKeepQuery: false, linksOrigin: 'https://elsewhere.test' });
    const [first] = await pages(acme, '/api/campaigns/12/leads?per_page=25&search=lead');
    expect(first).toMatchObject({ meta: { per_page: 25, last_page: 2 }, links: { next: 'https://elsewhere.test/api/campaigns/12/leads?page=2' } });
  });

  it('with drift, leads are met twice and missed while paging', async () => {
    const { sim, acme } = await start();
    sim.emailbison.updateSettings({ leadDrift: 3 });
    const ids = idsOf(await pages(acme, '/api/campaigns/12/leads'));
    expect(ids).toHaveLength(40);
    expect(new Set(ids).size).toBeLessThan(40);
    sim.emailbison.updateSettings({ leadDrift: 0 });
    expect(new Set(idsOf(await pages(acme, '/api/campaigns/12/leads'))).size).toBe(40);
  });

  it('filters of leads and of scheduled emails', async () => {
    const { sim, acme } = await start();
    sim.emailbison.updateSettings({ statusCase: 'mixed' });
    sim.emailbison.setCampaign('acme', 12, 'launch');
    sim.setNow(Date.parse('2026-11-23T14:30:00Z'));
    const total = async (path: string): Promise<number> => ((await ask(acme, 'GET', path)).body as Page).meta.total;
    const sent = sim.emailbison.sent().length;
    expect(sent).toBeGreaterThan(5);
    const leads = '/api/campaigns/12/leads';
    expect(await total(`${leads}?filters[lead_campaign_status]=sequence_finished`)).toBe(sent);
    expect(await total(`${leads}?filters[lead_campaign_status]=never_contacted`)).toBe(40 - sent);
    expect(await total(`${leads}?filters[emails_sent][criteria]=${encodeURIComponent('>=')}&filters[emails_sent][value]=1`)).toBe(sent);
    expect(await total(`${leads}?lead_campaign_status=sequence_finished`)).toBe(40);
    const emails = '/api/campaigns/12/scheduled-emails';
    expect(await total(`${emails}?status=scheduled`)).toBe(40 - sent);
    expect(await total(`${emails}?scheduled_date=2026-11-23`)).toBe(40);
    expect(await total(`${emails}?scheduled_date=2026-11-24`)).toBe(0);
    expect((await ask(acme, 'GET', `${emails}?scheduled_date=soon`)).status).toBe(422);
    expect(await total(`/api/scheduled-emails?campaign_ids[]=12&status=sent`)).toBe(sent);
    expect(await total('/api/scheduled-emails?lead_ids[]=1001&lead_ids[]=1002')).toBe(2);
    sim.emailbison.updateSettings({ ignoresFilters: true });
    expect(await total(`${emails}?status=scheduled`)).toBe(40);
  });

  it('5,000 leads in 334 pages, in seconds', async () => {
    const { sim, acme } = await start({}, 5000);
    sim.emailbison.setCampaign('acme', 12, 'launch');
    const before = performance.now();
    expect(new Set(idsOf(await pages(acme, '/api/campaigns/12/leads'))).size).toBe(5000);
    expect(idsOf(await pages(acme, '/api/campaigns/12/scheduled-emails?status=scheduled'))).toHaveLength(1000);
    expect(performance.now() - before).toBeLessThan(15_000);
  });
});
