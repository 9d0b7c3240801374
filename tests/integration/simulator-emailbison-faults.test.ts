import { afterEach, describe, expect, it } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator, type WorkspaceHandle } from '../../scripts/simulator/server';

/** The simulated EmailBison over HTTP: what it refuses, and what faults do to it. */

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

function totalOf({ body }: Reply): number {
  return (body as { meta: { total: number } }).meta.total;
}

describe('refusals', () => {
  it('a reply without what it needs: 422, or 500; refused: 200 and success false; each accepted one counts', async () => {
    const { sim, acme } = await start();
    const { replyId } = await sim.emailbison.receiveReply({ workspace: 'acme', lead: 1001, webhook: false });
    const reply = (body: object) => ask(acme, 'POST', `/api/replies/${replyId}/reply`, body);
    expect(await reply({ message: 'x' })).toMatchObject({ status: 422, body: { errors: { sender_email_id: [expect.any(String)], to_emails: [expect.any(String)] } } });
    sim.emailbison.updateSettings({ missingFieldStatus: 500 });
    expect(await reply({ message: 'x' })).toMatchObject({ status: 500, body: { message: 'Server Error' } });
    sim.emailbison.updateSettings({ refusesReplies: 'Sender is disconnected' });
    expect(await reply({ message: 'x', reply_all: true })).toMatchObject({ status: 200, body: { data: { success: false, message: 'Sender is disconnected' } } });
    expect(sim.emailbison.acceptedReplies()).toEqual([]);
    sim.emailbison.updateSettings({ refusesReplies: null });
    await Promise.all([1, 2].map(() => reply({ message: 'x', reply_all: true })));
    expect(sim.emailbison.acceptedReplies()).toHaveLength(2);
    const inbox = await ask(acme, 'GET', '/api/leads/1001/replies');
    const folders = await ask(acme, 'GET', '/api/leads/1001/replies?filters[folder]=all');
    expect([totalOf(inbox), totalOf(folders)]).toEqual([1, 3]);
  });

  it('a reply ends the sequence: what waits is not sent', async () => {
    const { sim } = await start({}, 3);
    sim.emailbison.setCampaign('acme', 12, 'launch');
    await sim.emailbison.receiveReply({ workspace: 'acme', lead: 1002, campaign: 12 });
    sim.setNow(NOW + 86_400_000);
    expect(sim.emailbison.sent().map(({ leadId }) => leadId).sort()).toEqual([1001, 1003]);
    expect(sim.emailbison.emails({ workspace: 'acme', lead: 1002 })).toMatchObject([{ status: 'replied' }]);
  });

  it('unknown routes and methods; and pages for those that do not ask for JSON, as an option', async () => {
    const { sim, acme } = await start();
    expect((await ask(acme, 'GET', '/api/nothing')).status).toBe(404);
    expect((await ask(acme, 'DELETE', '/api/leads/1001')).status).toBe(405);
    sim.emailbison.updateSettings({ htmlWithoutAccept: true });
    const response = await fetch(`${acme.baseUrl}/api/campaigns`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/login']);
  });
});

describe('faults', () => {
  it('by origin, endpoint, page and workspace; an empty list; a list without its most important field', async () => {
    const { sim, acme } = await start();
    const other = sim.emailbison.addWorkspace({ id: 'other' });
    const leads = '/api/campaigns/12/leads';
    sim.setFaults([{ match: { origin: 'emailbison', endpoint: 'campaign-leads' }, page: 2, fault: { kind: 'status', status: 503, retryAfterSeconds: 3 } }]);
    expect((await ask(acme, 'GET', leads)).status).toBe(200);
    const second = await ask(acme, 'GET', `${leads}?page=2`);
    expect([second.status, second.headers.get('retry-after'), second.body]).toEqual([503, '3', { message: 'Service Unavailable' }]);
    sim.setFaults([{ match: { workspaceId: 'other' }, fault: { kind: 'status', status: 404 } }]);
    expect((await ask(acme, 'GET', '/api/campaigns')).status).toBe(200);
    expect(await ask(other, 'GET', '/api/campaigns')).toMatchObject({ status: 404, body: { data: { record_not_found: true } } });
    sim.setFaults([{ match: { provider: 'emailbison' }, fault: { kind: 'empty' } }]);
    expect(await ask(acme, 'GET', leads)).toMatchObject({ body: { data: [], meta: { total: 0, last_page: 1 } } });
    sim.setFaults([{ fault: { kind: 'wrong', field: 'meta' } }]);
    expect((await ask(acme, 'GET', leads)).body).not.toHaveProperty('meta');
  });

  it('a refused write does nothing; one whose answer is lost has happened', async () => {
    const { sim, acme } = await start();
    const patch = (value: string) => ask(acme, 'PATCH', '/api/leads/1001', { custom_variables: [{ name: 'slot', value }] });
    const slot = () => sim.emailbison.lead('acme', 1001).variables.slot;
    sim.setFaults([{ fault: { kind: 'status', status: 502 } }]);
    expect((await patch('one')).status).toBe(502);
    expect([slot(), sim.emailbison.writes()]).toEqual([undefined, []]);
    sim.setFaults([{ fault: { kind: 'status', status: 502, isCarriedOut: true } }]);
    expect((await patch('two')).status).toBe(502);
    expect(slot()).toBe('two');
    sim.setFaults([{ fault: { kind: 'reset', isCarriedOut: true } }]);
    await expect(patch('three')).rejects.toThrow();
    sim.setFaults([{ fault: { kind: 'reset', when: 'mid-body', isCarriedOut: true } }]);
    await expect(patch('four')).rejects.toThrow();
    expect(sim.emailbison.writes().map(({ customVariables }) => customVariables[0]?.value)).toEqual(['two', 'three', 'four']);
  });
});
