import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator, type WorkspaceHandle } from '../../scripts/simulator/server';

/** The simulated EmailBison answers what the client's fixtures say, with what the documents add to them. */

const NOW = Date.parse('2026-11-23T12:00:00Z');
const fixtures = fileURLToPath(new URL('../fixtures/emailbison/', import.meta.url));
const covered = new Set<string>();
function fixture(name: string): object {
  covered.add(name);
  return JSON.parse(readFileSync(`${fixtures}${name}.json`, 'utf8')) as object;
}

let simulator: Simulator;
let acme: WorkspaceHandle;
beforeAll(async () => {
  simulator = await startSimulator();
  simulator.setNow(NOW);
  const { emailbison } = simulator;
  acme = emailbison.addWorkspace({
    id: 'acme', number: 2, senders: [{ id: 31 }], customVariables: ['availability_slot', 'industry'],
    campaigns: [
      { id: 3, name: 'Q3', status: 'stopped', zone: 'America/New_York' },
      { id: 12, uuid: 'c-12', emailsSent: 40, zone: 'America/New_York', steps: [{ id: 5 }], status: 'paused' },
    ],
  });
  emailbison.addLeads('acme', [{
    id: 900, uuid: 'l-900', email: 'lee@buyer.test', company: 'Buyer', customVariables: { availability_slot: 'some time next week', industry: 'saas' },
  }], 3);
  emailbison.setProgress('acme', 3, 900, { status: 'sequence_finished', emailsSent: 4 });
  emailbison.attachLeads('acme', 12, [900]);
  const at = (iso: string): number => Date.parse(iso);
  emailbison.addEmail({ workspace: 'acme', campaign: 12, lead: 900, id: 7001, step: 1, body: '<p>Hi Lee, some time next week</p>', scheduledAtMs: at('2026-11-23T12:12:00Z') });
  emailbison.addEmail({ workspace: 'acme', campaign: 3, lead: 900, id: 6990, status: 'sent', scheduledAtMs: at('2026-11-01T14:00:00Z'), sentAtMs: at('2026-11-01T14:00:41Z') });
  emailbison.setCampaign('acme', 12, 'active');
});
afterAll(() => simulator.close());

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${acme.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${acme.token}`, accept: 'application/json', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** Every member that the fixture has is in the answer with a value of its type; the answer may have more. */
function expectCovers(answer: unknown, expected: unknown, path = '$'): void {
  if (Array.isArray(expected)) {
    expect(Array.isArray(answer), path).toBe(true);
    const [first] = answer as unknown[];
    for (const item of expected) expectCovers(first, item, `${path}[]`);
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, member] of Object.entries(expected)) {
      expect(Object.keys(answer as object), path).toContain(key);
      expectCovers((answer as Record<string, unknown>)[key], member, `${path}.${key}`);
    }
  } else if (expected !== null && answer !== null) expect(typeof answer, path).toBe(typeof expected);
}

describe('fixtures', () => {
  it('campaigns', async () => {
    const expected = fixture('campaigns') as { data: { id: number }[]; meta: object };
    const { body } = await ask('GET', '/api/campaigns?search=q4&status=active');
    expectCovers(body, expected);
    expect(body).toMatchObject({
      data: [{ id: 12, uuid: 'c-12', name: 'Q4', status: 'Active', emails_sent: 40, total_leads: 1 }],
      links: { first: `${acme.baseUrl}/api/campaigns?search=q4&status=active&page=1`, prev: null, next: null },
      meta: expected.meta,
    });
    expect(await ask('GET', '/api/campaigns/12')).toMatchObject({ body: { data: { id: 12 } } });
  });

  it('leads of a campaign, and one lead', async () => {
    const { body } = await ask('GET', '/api/campaigns/12/leads');
    const expected = fixture('campaign-leads') as { data: [{ lead_campaign_data: object[] }]; meta: object };
    expectCovers(body, expected);
    expect(body).toMatchObject({ data: [{ lead_campaign_data: expected.data[0].lead_campaign_data }], meta: expected.meta });
    const lead = await ask('GET', '/api/leads/900');
    expect(lead.body).toMatchObject(fixture('lead'));
  });

  it('scheduled emails, with an older campaign\'s among them', async () => {
    const expected = fixture('scheduled-emails') as { data: [object, object] };
    expect(await ask('GET', '/api/leads/900/scheduled-emails')).toMatchObject({ body: expected });
    expect(await ask('GET', '/api/scheduled-emails/7001')).toMatchObject({ body: { data: expected.data[0] } });
  });

  it('writes: a variable, a lead, a reply', async () => {
    const { replyId } = await simulator.emailbison.receiveReply({ workspace: 'acme', lead: 900, campaign: 12, id: 55, automated: true });
    const reply = await ask('POST', `/api/replies/${replyId}/reply`, fixture('reply-request'));
    expect(reply).toEqual({ status: 200, body: fixture('reply-response') });
    expect(simulator.emailbison.acceptedReplies()).toMatchObject([
      { replyId: 55, leadId: 900, message: '<p>See you then</p>', senderEmailId: 31, to: [{ name: 'Lee Fox', address: 'lee@buyer.test' }] },
    ]);
    const patched = await ask('PATCH', '/api/leads/900', fixture('patch-lead-request'));
    expectCovers(patched.body, fixture('lead'));
    expect(patched.body).toMatchObject({
      data: { custom_variables: [...(fixture('patch-lead-request') as { custom_variables: object[] }).custom_variables, { name: 'industry', value: 'saas' }] },
    });
    const taken = await ask('POST', '/api/custom-variables', fixture('create-custom-variable-request'));
    expect(taken).toEqual({ status: 422, body: fixture('error-validation') });
    const made = await ask('POST', '/api/custom-variables', { name: 'region' });
    expectCovers(made.body, fixture('create-custom-variable-response'));
    expect(await ask('GET', '/api/custom-variables')).toMatchObject({ body: { meta: { total: 3 } } });
  });

  it('a record that is not there', async () => {
    for (const path of ['/api/leads/1', '/api/campaigns/1', '/api/campaigns/1/leads', '/api/replies/1', '/api/scheduled-emails/1']) {
      expect(await ask('GET', path), path).toEqual({ status: 404, body: fixture('error-not-found') });
    }
  });

  it('the webhook of a reply, delivered as often as asked', async () => {
    const received: unknown[] = [];
    const receiver = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        received.push(JSON.parse(text));
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    await ask('POST', '/api/webhook-url', { name: 'Cache', url, events: ['lead_replied'] });
    simulator.setNow(Date.parse('2026-11-24T12:00:00Z'));
    const { deliveries } = await simulator.emailbison.receiveReply({ workspace: 'acme', lead: 900, campaign: 12, webhook: { times: 2 } });
    expect(deliveries).toEqual([{ url, status: 204 }, { url, status: 204 }]);
    const expected = fixture('webhook-lead-replied') as { event: object; data: { scheduled_email: object; sender_email: object } };
    expectCovers(received[0], expected);
    expect(received[0]).toMatchObject({
      event: { ...expected.event, instance_url: acme.baseUrl },
      data: { scheduled_email: expected.data.scheduled_email, sender_email: expected.data.sender_email },
    });
    expect(received[1]).toEqual(received[0]);
    await new Promise((resolve) => receiver.close(resolve));
  });

  it('all of them are compared', () => {
    const all = readdirSync(fixtures).map((file) => file.replace('.json', ''));
    expect(all.filter((name) => !covered.has(name))).toEqual([]);
  });
});
