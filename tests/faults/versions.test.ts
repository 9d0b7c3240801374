/**
 * A rolling deployment: another version of the app and this one answer at once, over one database that has a migration more
 * than the other knows, while a reader hammers both and people book times.
 * More: npm run test:faults -- --only versions --rounds 100
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../scripts/local/migration-files';
import { startFaultStage, type FaultStage } from '../support/fault-stage';
import { buildBeforeNewestMigration, buildEdited } from '../support/other-version';
import { AUTHORISED } from '../support/server-stage';
import { createChurn } from './churn';
import { startReader, type Reader } from './reader';
import { progress, SEED, sizeOf } from './sizes';
import { expectSound, expectStoredTruth, locksHeld, type OtherFormulas } from './soundness';

interface Version {
  name: string;
  /** Returns the folder of its build. */
  build: () => Promise<string>;
  formulas: OtherFormulas;
}

/** Lock keys are the same in all of them: a version with others would run beside this one. */
const VERSIONS: readonly Version[] = [
  { name: 'the commit before the newest migration', build: buildBeforeNewestMigration, formulas: {} },
  {
    name: 'a version with another hash of content',
    build: () => buildEdited('other-content-hash', [{ file: 'lib/refresh/hashes.ts', from: "return hash('sha1', text", to: "return ~hash('sha1', text" }]),
    formulas: { contentHash: (ours) => ~ours },
  },
  {
    name: 'a version with another fingerprint',
    build: () => buildEdited('other-fingerprint', [
      { file: 'lib/refresh/configured.ts', from: 'left(md5(${link}.id', to: 'reverse(left(md5(${link}.id' },
      { file: 'lib/refresh/configured.ts', from: "COALESCE(${credentialId}, '')), 16)`", to: "COALESCE(${credentialId}, '')), 16))`" },
    ]),
    formulas: { fingerprint: (ours) => Array.from(ours).reverse().join('') },
  },
];

const ROUNDS = sizeOf('FAULT_ROUNDS', 4);
const WORKSPACES_PER_PROVIDER = 6;
const CHECKED = 3 * WORKSPACES_PER_PROVIDER;
const CHANGES_PER_TICK = 3;
/** Long enough for a run to be met under way. */
const LATENCY = '600,0.2';
const MAX_AGE_MS = 900_000;
const WORKSPACE_TIMEOUT_MS = 10_000;
const ENV = { AVAILABILITY_MAX_AGE_MS: String(MAX_AGE_MS), AVAILABILITY_WORKSPACE_TIMEOUT_MS: String(WORKSPACE_TIMEOUT_MS) };
const LONG = { timeout: 120_000 + ROUNDS * 20_000 };

describe.each(VERSIONS)(`$name beside this one (seed ${String(SEED)})`, ({ build, formulas }) => {
  let stage: FaultStage;
  let reader: Reader;
  let churn: ReturnType<typeof createChurn>;
  let otherRoot: string;
  /** Of each server: the folder of its build. */
  let roots: string[];
  let rewritten = 0;
  let changes = 0;
  let ticks = 0;

  beforeAll(async () => {
    otherRoot = await build();
    roots = [otherRoot, otherRoot];
    stage = await startFaultStage({ seed: SEED, servers: 2, pooled: true, workspaces: WORKSPACES_PER_PROVIDER, latency: LATENCY, env: ENV, roots });
    churn = createChurn(stage);
    await stage.warmUp();
    // What this version checks would notice what the other wrote, were it not told of it.
    if (Object.keys(formulas).length > 0) await expect(expectSound(stage)).rejects.toThrow();
    reader = startReader(stage, { maxAgeMs: MAX_AGE_MS, workspaceTimeoutMs: WORKSPACE_TIMEOUT_MS });
  });
  afterAll(async () => { await stage.close(); });

  it('runs on while a migration adds to its tables in mid-sweep', LONG, async () => {
    const run = stage.sweep(0);
    await underWay();
    await addToTables();
    expect(await run).toMatchObject({ status: 200, body: { success: true, refreshed: CHECKED } });
    await tick(1, 0);
  });

  it(`is replaced on one server in mid-sweep, and both answer ${String(ROUNDS)} ticks`, LONG, async () => {
    await replace(1, PROJECT_ROOT);
    for (let round = 0; round < ROUNDS; round++) await tick(round % 2, (round + 1) % 2);
  });

  it('is replaced everywhere, comes back on one server, and goes again', LONG, async () => {
    await replace(0, PROJECT_ROOT);
    await tick(0, 1);
    await replace(1, otherRoot);
    for (let round = 0; round < ROUNDS; round++) await tick(round % 2, (round + 1) % 2);
    await replace(1, PROJECT_ROOT);
    await tick(1, 0);
    // Nothing of the other version is left in what is compared.
    await expectSound(stage);
  });

  it('never told a reader anything but the truth, and kept slots from nobody unless it calls the configuration another', async () => {
    const report = await reader.stop();
    progress(`${String(ticks)} ticks, ${String(changes)} changed calendars, ${String(rewritten)} of ${String(ticks * CHECKED)} slot lists written; reader: ${JSON.stringify(report)}`);
    if (!formulas.fingerprint) expect(report.withoutSlots).toBe(0);
  });

  const underWay = (): Promise<void> => expect.poll(() => locksHeld(stage), { interval: 10, timeout: 10_000 }).toBeGreaterThan(0);

  /** As a platform that rolls out: the old process ends while it works, the other one has the next run. */
  async function replace(server: number, root: string): Promise<void> {
    const before = await expectSound(stage, undefined, formulas);
    const cutOff = stage.sweep(server).then(() => 'answered', () => 'cut off');
    await underWay();
    stage.servers[server]?.kill('SIGKILL');
    expect(await cutOff).toBe('cut off');
    await expect.poll(() => locksHeld(stage), { timeout: 5_000 }).toBe(0);
    expect((await stage.sweep(1 - server)).body).toMatchObject({ success: true, refreshed: CHECKED });
    roots[server] = root;
    await stage.restart(server, {}, root);
    await expectSound(stage, before, formulas);
  }

  /** Calendars have changed; one server sweeps, and the other, hit meanwhile, refreshes those that changed alone. */
  async function tick(runner: number, other: number): Promise<void> {
    const before = await expectSound(stage, undefined, formulas);
    const told = await changesTold();
    const writtenBefore = await writersOfLists();
    const changed = await churn(CHANGES_PER_TICK);
    const run = stage.sweep(runner);
    await underWay();
    const singles = [...changed].map((id) => stage.sweep(other, `workspaceId=${id}`));
    const [{ status, body }, locked, ...alone] = await Promise.all([run, stage.sweep(other), ...singles]);
    expect(locked, JSON.stringify(locked.body)).toMatchObject({ status: 200, body: { success: true, skipped: true, reason: 'locked' } });
    for (const single of alone) expect(single, JSON.stringify(single.body)).toMatchObject({ status: 200, body: { success: true } });
    expect({ status, success: body.success, done: Number(body.refreshed) + Number(body.skippedClaimed) }).toEqual({ status: 200, success: true, done: CHECKED });
    for (const [index, server] of stage.servers.entries()) {
      for (const path of otherCronsOf(roots[index] ?? '')) expect(await server.get(path, AUTHORISED), path).toMatchObject({ status: 200 });
    }

    await expectStoredTruth(stage, { workspaceTimeoutMs: WORKSPACE_TIMEOUT_MS });
    await expect.poll(() => locksHeld(stage), { timeout: 2_000 }).toBe(0);
    const after = await expectSound(stage, before, formulas);
    for (const [id, row] of after) expect(row.generation - (before.get(id)?.generation ?? 0n), `changes of ${id}`).toBe(changed.has(id) ? 1n : 0n);
    expect(await changesTold()).toBe(told + changed.size);

    const writtenAfter = await writersOfLists();
    rewritten += [...writtenAfter].filter(([id, writer]) => writtenBefore.get(id) !== writer).length;
    changes += changed.size;
    ticks++;
  }

  /** What a version after both does to the database before it comes: columns with and without a default, a table. */
  async function addToTables(): Promise<void> {
    const db = stage.db();
    for (const table of ['Client', 'WorkspaceSettings', 'WorkspaceAvailabilityStatus', 'WorkspaceAvailabilityCache', 'CronRun']) {
      await db.$executeRawUnsafe(`ALTER TABLE "${table}" ADD COLUMN "addedLater" timestamptz, ADD COLUMN "countedLater" integer NOT NULL DEFAULT 7`);
    }
    await db.$executeRawUnsafe('CREATE TABLE "AddedLater" ("clientId" text PRIMARY KEY REFERENCES "Client"(id) ON DELETE CASCADE)');
  }

  /** Changes in the history that people are shown. */
  const changesTold = (): Promise<number> => stage.db().workspaceTransition.count({ where: { kind: 'changed' } });

  /** The transaction that wrote each slot list last. */
  async function writersOfLists(): Promise<Map<string, string>> {
    const rows = await stage.db().$queryRaw<{ id: string; writer: string }[]>`SELECT "clientId" AS id, xmin::text AS writer FROM "WorkspaceAvailabilityCache"`;
    return new Map(rows.map(({ id, writer }) => [id, writer]));
  }
});

/** The schedules of a version, but for the sweep's. */
function otherCronsOf(root: string): string[] {
  const { crons } = JSON.parse(readFileSync(join(root, 'vercel.json'), 'utf8')) as { crons: { path: string }[] };
  return crons.map(({ path }) => path).filter((path) => path !== '/api/cron/availability');
}
