import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../scripts/simulator/server';

/** EmailBison from another process, through the control port. */

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${simulator.origins.control}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('the control port', () => {
  it('lists its paths', async () => {
    expect(await (await fetch(simulator.origins.control)).text()).toContain('POST   /emailbison/leads');
  });

  it('builds a workspace, lets time pass, and tells what went out', async () => {
    await call('POST', '/clock', { now: '2026-11-23T12:00:00Z' });
    const added = await call('POST', '/emailbison/workspaces', { id: 'acme', customVariables: ['slot'] });
    expect(added).toMatchObject({ status: 201, body: { workspaces: [{ id: 'acme', baseUrl: simulator.origins.emailbison }] } });
    const campaign = await call('POST', '/emailbison/campaigns', { workspace: 'acme', campaign: { id: 12, window: ['09:00', '16:00'], steps: [{ body: '{SLOT}' }] } });
    expect(campaign).toMatchObject({ status: 201, body: { campaign: { id: 12, status: 'draft' } } });
    const leads = await call('POST', '/emailbison/leads', { workspace: 'acme', campaign: 12, leads: { count: 5000, customVariables: { slot: '10am' } } });
    expect(leads.body.leadIds).toHaveLength(5000);
    await call('POST', '/emailbison/campaign-status', { workspace: 'acme', campaign: 12, action: 'launch' });
    const [lead] = leads.body.leadIds as number[];
    await call('POST', '/emailbison/emails', { workspace: 'acme', campaign: 12, lead, scheduledAtMs: Date.parse('2026-11-23T12:30:00Z'), body: 'by hand' });
    await call('POST', '/clock', { advanceMs: 3_600_000 });
    const { body } = await call('GET', '/emailbison/sent?workspace=acme');
    const sent = body.sent as { body: string; sentAtMs: number }[];
    expect(sent.length).toBeGreaterThan(200);
    expect(new Set(sent.map((email) => email.body))).toEqual(new Set(['10am', 'by hand']));
    expect(await call('GET', `/emailbison/emails?workspace=acme&lead=${lead ?? 0}`)).toMatchObject({ body: { emails: [{}, { status: 'sent' }] } });
  });

  it('sets one thing and leaves the rest; takes replies; forgets', async () => {
    await call('POST', '/emailbison/settings', { settings: { rendersAt: 'sending' } });
    await call('POST', '/emailbison/settings', { settings: { leadDrift: 2 } });
    expect(simulator.emailbison.settings()).toMatchObject({ rendersAt: 'sending', leadDrift: 2 });
    const reply = await call('POST', '/emailbison/incoming-reply', { workspace: 'acme', lead: 1001, webhook: { url: 'http://127.0.0.1:1/' } });
    expect(reply).toMatchObject({ status: 201, body: { replyId: 301, deliveries: [{ error: expect.any(String) as unknown }] } });
    expect(await call('GET', '/emailbison/lead?workspace=acme&lead=1001')).toMatchObject({ body: { lead: { campaigns: [{ status: 'replied', replies: 1 }] } } });
    expect(await call('GET', '/emailbison/writes')).toMatchObject({ body: { writes: [] } });
    await call('DELETE', '/emailbison/logs');
    expect(await call('GET', '/emailbison/sent')).toMatchObject({ body: { sent: [] } });
  });

  it('says what is wrong with what it was sent', async () => {
    const bad = await call('POST', '/emailbison/workspaces', [{ id: 'fine' }, { id: 'bad', campaigns: [{ zone: 'Mars/Olympus' }] }]);
    expect(bad.status).toBe(400);
    expect(JSON.stringify(bad.body)).toContain('not an IANA time zone');
    expect(simulator.emailbison.workspaces()).toHaveLength(1);
    expect((await call('POST', '/emailbison/settings', { settings: { rendersAt: 'never' } })).status).toBe(400);
    expect((await call('GET', '/emailbison/lead?workspace=nobody&lead=1')).status).toBe(400);
    expect((await call('GET', '/emailbison/nothing')).status).toBe(404);
  });
});
