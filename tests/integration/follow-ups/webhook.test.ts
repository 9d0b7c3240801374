/** `POST /api/webhooks/emailbison/{unguessable}` with a simulated EmailBison that delivers for real. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { makeWebhookPath } from '@/lib/followups';
import { emailBisonWebhook, MAX_BODY_BYTES } from '@/lib/webhooks/route';
import { createStage, followUp, KEY, type Stage } from './support';

let stage: Stage;
let server: Server;
let origin: string;
let workspaceId: string;
let path: string;

/** The route's handler behind a port, as EmailBison meets it. */
async function startApp(): Promise<Server> {
  const app = createServer((request, response) => {
    void (async () => {
      const answer = await call(request.url?.split('/').at(-1) ?? '', Buffer.concat((await request.toArray()) as Buffer[]));
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
    })();
  });
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  return app;
}
const call = async (token: string, body: string | Uint8Array): Promise<Response> =>
  await emailBisonWebhook(new Request('https://app.test/', { method: 'POST', body: body as BodyInit }), token, () => ({ db: stage.db, http: stage.context.transport.apiClient(), credentialsKey: KEY }));
const event = (replyId: number, type = 'LEAD_REPLIED'): string => JSON.stringify({ event: { type }, data: { reply: { id: replyId } } });
const token = (): string => path.split('/').at(-1) ?? '';

beforeAll(async () => {
  stage = await createStage();
  server = await startApp();
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await stage.close();
});
beforeEach(async () => {
  workspaceId = await stage.addWorkspace();
  path = await makeWebhookPath(stage.db, workspaceId);
});
afterEach(() => { stage.sim.clearFaults(); });

/** A follow-up in a thread, and what makes its lead write again. */
async function waiting(): Promise<{ id: string; lead: number; thread: number; writes: (more?: object, webhook?: object | false) => Promise<{ replyId: number; statuses: (number | undefined)[] }> }> {
  const [id = ''] = await stage.addFollowUps(workspaceId, 'emailbison_reply', 1, Date.now() + 3_600_000);
  const row = await followUp(stage.db, id);
  const thread = (row.thread as { replyId: number }).replyId;
  // The simulator numbers leads from one on; the newest is this one's.
  const lead = leadOf(row.lead.email);
  return {
    id, lead, thread,
    writes: async (more = {}, webhook = {}) => {
      const { replyId, deliveries } = await stage.sim.emailbison.receiveReply({ workspace: workspaceId, lead, ...more, webhook: webhook === false ? false : { url: `${origin}${path}`, ...webhook } });
      return { replyId, statuses: deliveries.map(({ status }) => status) };
    },
  };
}
function leadOf(email: string): number {
  for (let id = 1; id < 10_000; id++) {
    try {
      if (stage.sim.emailbison.lead(workspaceId, id).email === email) return id;
    } catch {
      // Another workspace's.
    }
  }
  throw new Error('no such lead');
}
const stateOf = async (id: string): Promise<string> => (await followUp(stage.db, id)).state;
const marked = (): Promise<number> => stage.db.webhookEvent.count({ where: { clientId: workspaceId } });

it.each([{}, { type: 'lead_replied' }, { wrappedIn: 'data' }, { wrappedIn: 'payload' }])('a reply cancels what waits for the lead, and of nobody else: %j', async (webhook) => {
  const [one, other] = [await waiting(), await waiting()];
  expect(await one.writes({}, webhook)).toMatchObject({ statuses: [200] });
  expect([await stateOf(one.id), await stateOf(other.id)]).toEqual(['cancelled', 'pending']);
  expect(await followUp(stage.db, one.id)).toMatchObject({ reason: 'replied' });
});

it('duplicates are answered 200 and do nothing, at once and later, also to a follow-up made since', async () => {
  const one = await waiting();
  const { replyId, statuses } = await one.writes({}, { times: 3 });
  expect(statuses).toEqual([200, 200, 200]);
  await stage.db.followUp.update({ where: { id: one.id }, data: { state: 'pending', finishedAt: null } });
  const again = await Promise.all([call(token(), event(replyId)), call(token(), event(replyId, 'lead_interested'))]);
  expect(await Promise.all(again.map((answer) => answer.json()))).toEqual([{ success: true, outcome: 'duplicate' }, { success: true, outcome: 'duplicate' }]);
  expect([await stateOf(one.id), await marked()]).toEqual(['pending', 1]);
});

it('of deliveries at the same moment one acts', async () => {
  const one = await waiting();
  const { replyId } = await one.writes({}, false);
  const outcomes = await Promise.all(Array.from({ length: 6 }, async () => ((await (await call(token(), event(replyId))).json()) as { outcome: string }).outcome));
  expect(outcomes.filter((outcome) => outcome === 'cancelled')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(5);
});

it('the reply that a follow-up answers does not end it, however late it is told', async () => {
  const one = await waiting();
  expect((await call(token(), event(one.thread))).status).toBe(200);
  expect(await stateOf(one.id)).toBe('pending');
});

it.each([[{ kind: 'status', status: 503 }], [{ kind: 'status', status: 429, retryAfterSeconds: 5 }], [{ kind: 'reset' }], [{ kind: 'html' }], [{ kind: 'wrong', field: 'data' }]] as const)('a reply that cannot be fetched now: 503, nothing is marked, and the next delivery acts: %j', async (fault) => {
  const one = await waiting();
  stage.sim.addFault({ match: { endpoint: 'reply' }, fault });
  const { replyId, statuses } = await one.writes();
  expect([statuses, await marked(), await stateOf(one.id)]).toEqual([[503], 0, 'pending']);
  stage.sim.clearFaults();
  expect((await call(token(), event(replyId))).status).toBe(200);
  expect(await stateOf(one.id)).toBe('cancelled');
});

it('a revoked token: 503; an out-of-office answer and other events: 200, and nothing happens', async () => {
  const one = await waiting();
  const { statuses } = await one.writes({ automated: true });
  expect([statuses, await stateOf(one.id)]).toEqual([[200], 'pending']);
  expect((await call(token(), JSON.stringify({ event: { type: 'EMAIL_SENT' }, data: {} }))).status).toBe(200);
  stage.sim.emailbison.setTokenState(workspaceId, 'revoked');
  expect((await one.writes()).statuses).toEqual([503]);
  expect([await stateOf(one.id), await marked()]).toEqual(['pending', 0]);
});

it('what the payload says is not believed: who wrote is asked of EmailBison', async () => {
  const [writer, victim] = [await waiting(), await waiting()];
  const { replyId } = await writer.writes({}, false);
  const forged = { event: { type: 'LEAD_REPLIED' }, data: { reply: { id: replyId, from_email_address: (await followUp(stage.db, victim.id)).lead.email }, lead: { id: victim.lead } } };
  await call(token(), JSON.stringify(forged));
  expect([await stateOf(writer.id), await stateOf(victim.id)]).toEqual(['cancelled', 'pending']);
  expect((await call(token(), event(987_654))).status).toBe(422);
});

it("another workspace's address does not reach this one's replies", async () => {
  const one = await waiting();
  const { replyId } = await one.writes({}, false);
  const other = await makeWebhookPath(stage.db, await stage.addWorkspace());
  expect((await call(other.split('/').at(-1) ?? '', event(replyId))).status).toBe(422);
  expect(await stateOf(one.id)).toBe('pending');
});

it('an unknown address is a 404, whatever is sent; the old one ends with the new; the token is not stored', async () => {
  const old = token();
  const stored = await stage.db.workspaceSettings.findUniqueOrThrow({ where: { clientId: workspaceId } });
  expect(old).toMatch(/^[\w-]{43}$/);
  expect(JSON.stringify(stored)).not.toContain(old);
  await makeWebhookPath(stage.db, workspaceId);
  for (const unknown of [old, '', 'x', stored.webhookTokenHash ?? '', 'é\u0000', 'a'.repeat(10_000)]) {
    const answer = await call(unknown, 'not json');
    expect([answer.status, await answer.json()]).toEqual([404, { success: false, error: 'not_found' }]);
  }
});

it('the body is capped and must be an event', async () => {
  expect((await call(token(), new Uint8Array(MAX_BODY_BYTES + 1))).status).toBe(413);
  for (const body of ['', '{', 'null', '[]', '{}', event(-1)]) expect((await call(token(), body)).status, body).toBe(400);
});
