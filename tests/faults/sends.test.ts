/**
 * Follow-ups sent by three servers at once, one of them killed at a random moment, again and again: nothing goes out twice.
 * More: npm run test:faults -- --only sends --rounds 100
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom } from '../../scripts/simulator/random';
import { hoursFrom } from '../integration/slots/workspace';
import { createStage, expectTruth, KEY, type Stage } from '../integration/follow-ups/support';
import { ensureBuilt, startServer, type Server } from '../support/server';
import { AUTHORISED, SECRET } from '../support/server-stage';
import { progress, SEED, sizeOf } from './sizes';

const ROUNDS = sizeOf('FAULT_ROUNDS', 4);
const SERVERS = 3;
/** Longest that a kill waits from the hit: some come before a claim, some after all is sent. */
const KILL_WITHIN_MS = 400;

let stage: Stage;
let env: Record<string, string>;
const servers: Server[] = [];
beforeAll(async () => {
  await ensureBuilt();
  stage = await createStage();
  env = { DATABASE_URL: stage.url, CRON_SECRET: SECRET, CREDENTIALS_KEY: KEY, OUTBOUND_ALLOW_HOSTS: stage.allowHosts.join(','), AVAILABILITY_MAX_AGE_MS: '86400000', LOG_LEVEL: 'warn' };
  for (let i = 0; i < SERVERS; i++) servers.push(await startServer({ env }));
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  await stage.close();
});

it(`${String(ROUNDS)} kills among three senders: no message twice, and what is not known is said (seed ${String(SEED)})`, { timeout: 60_000 + ROUNDS * 30_000 }, async () => {
  const random = createRandom(SEED);
  const workspaces = [await stage.addWorkspace({ agencyId: 'a', slots: hoursFrom(600) }), await stage.addWorkspace({ agencyId: 'b', slots: hoursFrom(600) })];
  const run = (server: Server): Promise<unknown> => server.get('/api/cron/followups', AUTHORISED).catch(() => undefined);
  for (let round = 0; round < ROUNDS; round++) {
    for (const workspace of workspaces) {
      await stage.addFollowUps(workspace, 'emailbison_reply', 2);
      await stage.addFollowUps(workspace, 'webhook', 2);
    }
    const victim = random.pick(servers);
    const others = servers.filter((server) => server !== victim);
    const hits = [victim, ...others].map(run);
    await sleep(random.next() * KILL_WITHIN_MS);
    victim.kill('SIGKILL');
    await Promise.all(hits);
    await victim.stop();
    await Promise.all(others.map(run));
    servers.splice(servers.indexOf(victim), 1, await startServer({ env }));
    await stage.letTimePass();
  }
  for (let rest = 0; rest < 4; rest++) {
    await run(random.pick(servers));
    await stage.letTimePass();
  }
  const states = await expectTruth(stage);
  progress(`follow-ups by state: ${JSON.stringify(states)}`);
  expect(Object.keys(states).filter((state) => state !== 'sent' && state !== 'unknown'), JSON.stringify(states)).toEqual([]);
  expect(states.sent ?? 0).toBeGreaterThan(ROUNDS);
});
