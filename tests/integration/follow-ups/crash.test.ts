/**
 * Processes killed at every step of the job, and many runs beside each other. More kills: npm run test:faults -- --only jobs.
 * Where a process dies is drawn from a seed that a failure names; FOLLOW_UP_SEED takes it back.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { resolveFollowUp } from '@/lib/followups';
import { hoursFrom } from '../slots/workspace';
import { runInProcess, type ChildTask } from './crash-process';
import { createStage, expectTruth, KEY, messagesThatWentOut, type Stage } from './support';

const STEPS: ChildTask['step'][] = ['claimed', 'prepared', 'asked', 'intended', 'sending', 'delivered', 'finished'];
const CRASHES = Number(process.env.FOLLOW_UP_CRASHES ?? 7);
const SEED = Number(process.env.FOLLOW_UP_SEED ?? Date.now() % 1_000_000);
/** Of a run that nobody kills; a slow machine must not cut it off. */
const DRAIN_MS = 120_000;
const OVERLOADED = /did not answer within|Unable to start a transaction/;

function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

let stage: Stage;
beforeAll(async () => { stage = await createStage(); });
afterAll(async () => { await stage.close(); });
beforeEach(async () => {
  await stage.db.client.deleteMany();
  stage.sim.emailbison.clearLogs();
  stage.receiver.received.length = 0;
});

const taskOf = (step: ChildTask['step'], nth: number): ChildTask => ({ url: stage.url, allowHosts: stage.allowHosts, credentialsKey: KEY, maxAgeMs: 86_400_000, step, nth });

/** Until nothing is left to do. */
async function drain(): Promise<void> {
  for (let left = Infinity; left > 0; ) {
    const report = await stage.run(stage.context, DRAIN_MS);
    expect(report).toMatchObject({ success: true });
    left = report.claimed;
    await stage.letTimePass();
  }
}

it(`killed at every step: nothing twice, and sent offers equal what carries them (seed ${String(SEED)})`, async () => {
  const draw = draws(SEED);
  const workspaces = [await stage.addWorkspace({ agencyId: 'a', slots: hoursFrom(400) }), await stage.addWorkspace({ agencyId: 'b', slots: hoursFrom(400) })];
  const killed = new Map<string, number>();
  for (let round = 0; round < CRASHES; round++) {
    for (const workspace of workspaces) {
      await stage.addFollowUps(workspace, 'emailbison_reply', 1 + Math.floor(draw() * 3));
      await stage.addFollowUps(workspace, 'webhook', 1 + Math.floor(draw() * 3));
    }
    const step = STEPS[round % STEPS.length] ?? 'claimed';
    const nth = 1 + Math.floor(draw() * 4);
    let left = nth;
    let stop = (): void => undefined;
    const end = await runInProcess(taskOf(step, nth), (kill) => {
      const arrived = (): void => { if (step === 'sending' && --left === 0) kill(); };
      stage.receiver.onArrival(arrived);
      stop = stage.sim.onRequest(({ endpoint }) => { if (endpoint === 'reply-send') arrived(); });
    });
    stop();
    stage.receiver.onArrival(undefined);
    if (end.signal === 'SIGKILL') killed.set(step, (killed.get(step) ?? 0) + 1);
    // A machine that is too slow for the run's own database limits ends it as well: one more way to be cut off.
    else if (!OVERLOADED.test(end.output)) expect(JSON.parse(end.output), `seed ${String(SEED)}, round ${String(round)}: ${end.output}`).toMatchObject({ success: true });
    await stage.letTimePass();
    // A killed run leaves more than it was given; a backlog of hundreds would test the machine.
    if (round % 10 === 9) await drain();
  }
  expect([...killed.values()].reduce((sum, count) => sum + count, 0), JSON.stringify([...killed])).toBeGreaterThanOrEqual(CRASHES * 0.8);

  await drain();
  const states = await expectTruth(stage);
  // Whatever was about to be sent when its process died is unknown; every webhook got through.
  expect(Object.keys(states).filter((state) => state !== 'sent' && state !== 'unknown'), JSON.stringify(states)).toEqual([]);
  const open = await stage.db.followUp.findMany({ where: { state: 'unknown' } });
  expect(open.every(({ channel }) => channel === 'emailbison_reply')).toBe(true);
  if (CRASHES >= STEPS.length) expect(open.length).toBeGreaterThan(0);

  // A person looks at each thread, and says what is there.
  const wentOut = await messagesThatWentOut(stage);
  for (const { id } of open) expect(await resolveFollowUp(stage.db, id, wentOut.has(id) ? 'sent' : 'not-sent')).toBe(true);
  expect(await stage.run()).toMatchObject({ success: true });
  expect(Object.keys(await expectTruth(stage))).toEqual(['sent']);
  expect(await stage.db.slotOffer.count({ where: { state: 'prepared' } })).toBe(0);
}, 60_000 + CRASHES * 6_000);

it('many runs beside each other, of several processes, send each once', async () => {
  for (const agencyId of ['a', 'b', 'c']) {
    const workspace = await stage.addWorkspace({ agencyId, slots: hoursFrom(400) });
    await stage.addFollowUps(workspace, 'emailbison_reply', 30);
    await stage.addFollowUps(workspace, 'webhook', 30);
  }
  const processes = Array.from({ length: 4 }, () => runInProcess(taskOf('never', 1)));
  const here = Array.from({ length: 2 }, () => stage.run());
  const claimed = [...(await Promise.all(processes)).map(({ output }) => (JSON.parse(output) as { claimed: number }).claimed), ...(await Promise.all(here)).map((report) => report.claimed)];
  await stage.letTimePass();
  const { claimed: left } = await stage.run();
  expect(await expectTruth(stage)).toEqual({ sent: 180 });
  // A busy ledger gives a row back: it is claimed once more, and still sent once.
  expect(claimed.reduce((sum, count) => sum + count, left)).toBeGreaterThanOrEqual(180);
  expect(stage.receiver.received).toHaveLength(90);
  expect(stage.sim.emailbison.acceptedReplies()).toHaveLength(90);
  expect(claimed.filter((count) => count > 0).length).toBeGreaterThan(1);
}, 240_000);
