/** One workspace's turn: read its campaigns, settle what went out, decide and write for each lead. */
import { log } from '../log';
import { createEmailBison, type EmailBison } from '../providers/emailbison/client';
import { ERROR_KINDS, ProviderError } from '../providers/errors';
import type { Lane } from '../providers/emailbison/lane';
import { isActive, readCampaign, VARIABLE, type CampaignReading } from './campaign';
import type { FirstTouchContext } from './context';
import { readSeen, saveSeen } from './instances';
import { readOpenTimes } from './open-times';
import { reachOf, type Observation } from './reach';
import { failOrphans, readBooked, readRecords } from './records';
import { settleAll, worthSettling } from './settle';
import { VisitTally, type VisitReport } from './tally';
import { createTrial } from './trial';
import type { TouchRecord } from './types';
import type { Visit } from './visit';
import { voiceOf } from './voice';
import { compareUrgency, workOn, type Task } from './work';
import { WorkspaceRefusedError } from './write';
import type { FirstTouchWorkspace } from './workspaces';

/** At once within a workspace; the lane bounds what reaches the instance, the ledger's lock serialises choosing. */
const LEADS_AT_ONCE = 8;

export interface VisitOptions {
  context: FirstTouchContext;
  lane: Lane;
  isDryRun: boolean;
  now: () => number;
  timeLeftMs: () => number;
  signal: AbortSignal;
}

/** Why a workspace cannot be worked on, for somebody to change. */
export class WorkspaceProblem extends Error {
  override name = 'WorkspaceProblem';
}

/** Never rejects for what is the workspace's or its instance's own fault. @throws on a database error */
export async function visitWorkspace(workspace: FirstTouchWorkspace, options: VisitOptions): Promise<VisitReport> {
  const { signal, context, isDryRun } = options;
  const tally = new VisitTally();
  const seen = new Map<Observation, number>();
  let error: VisitReport['error'];
  try {
    const visit = await openVisit(workspace, options, (what) => seen.set(what, options.now()));
    await work(visit, tally);
  } catch (failure) {
    if (failure instanceof WorkspaceRefusedError) error = { kind: failure.failure.kind, message: failure.message };
    else if (failure instanceof ProviderError) error = { kind: failure.kind, message: failure.message };
    else if (failure instanceof WorkspaceProblem) error = { kind: 'misconfigured', message: failure.message };
    else if (failure instanceof TypeError || failure instanceof RangeError) {
      // A defect of ours that one workspace's data brings out: it must not end the visits of all others. The database's errors are none of these.
      log().error({ workspaceId: workspace.workspaceId, error: failure.name }, 'first_touch_failed');
      error = { kind: 'internal_error', message: `Unexpected ${failure.name} while working on it. This is a defect of the app.` };
    } else if (!signal.aborted) throw failure;
  }
  const { credential } = workspace;
  if (!isDryRun && credential?.baseUrl != null && URL.canParse(credential.baseUrl)) await saveSeen(context.cache.db, new URL(credential.baseUrl).origin, seen);
  return tally.report(workspace, { ...(error === undefined ? {} : { error }), isCutOff: signal.aborted });
}

async function openVisit(workspace: FirstTouchWorkspace, options: VisitOptions, observe: Visit['observe']): Promise<Visit> {
  const { context, lane, signal, now, isDryRun } = options;
  const { credential, workspaceId } = workspace;
  if (!credential) throw new WorkspaceProblem('The workspace has no EmailBison credential.');
  if (credential.baseUrl === null || !URL.canParse(credential.baseUrl)) throw new WorkspaceProblem("The EmailBison credential lacks its instance's base URL.");
  const checked = voiceOf(workspace);
  if (checked.kind === 'broken') throw new WorkspaceProblem(checked.problem);
  const { voice } = checked;
  const bison = createEmailBison({ http: context.transport.apiClient(), baseUrl: credential.baseUrl, token: tokenOf(context, workspaceId, credential), lane, signal });
  const { db } = context.cache;
  const [read, seen] = await Promise.all([
    readOpenTimes(context, { workspaceId, now: now(), timeLeftMs: options.timeLeftMs(), mayRefresh: !isDryRun }),
    readSeen(db, new URL(credential.baseUrl).origin),
  ]);
  const trial = await createTrial(db, {
    workspaceId, timezone: workspace.timezone, noticeMinutes: workspace.noticeMinutes, count: voice.count, now: now(),
    open: read.open.kind === 'usable' ? read.open.slots : new Set(), durationMinutes: read.durationMinutes ?? 30,
  });
  return { context, workspace, bison, voice, trial, isDryRun, now, signal, observe, open: read.open, reach: reachOf(seen, now()), variableName: variableNameOf(bison) };
}

function tokenOf(context: FirstTouchContext, workspaceId: string, credential: { ciphertext: Uint8Array; keyId: string }): string {
  try {
    return context.openToken({ workspaceId, ciphertext: credential.ciphertext, keyId: credential.keyId });
  } catch (cause) {
    throw new WorkspaceProblem(cause instanceof Error ? cause.message : 'The EmailBison credential does not open.', { cause });
  }
}

/** Asked once a visit, and only when something is to be written. Names compare without case; the existing spelling is kept. */
function variableNameOf(bison: EmailBison): () => Promise<string> {
  const find = async (): Promise<string | undefined> => (await bison.customVariables()).find((name) => name.toLowerCase() === VARIABLE);
  const findOrCreate = async (): Promise<string> => {
    const existing = await find();
    if (existing !== undefined) return existing;
    try {
      await bison.createCustomVariable(VARIABLE);
    } catch (error) {
      // Created by somebody else meanwhile, or by a call whose answer was lost.
      const name = await find();
      if (name === undefined) throw error;
      return name;
    }
    return VARIABLE;
  };
  let name: Promise<string> | undefined;
  return async () => await (name ??= findOrCreate());
}

async function work(visit: Visit, tally: VisitTally): Promise<void> {
  const { db } = visit.context.cache;
  const campaigns = (await visit.bison.campaigns()).filter(isActive);
  // Before the campaigns are read: what is recorded later belongs to another run, and is not looked at.
  const records = await readRecords(db, visit.workspace.workspaceId, campaigns.map(({ id }) => id));
  const readings: CampaignReading[] = [];
  for (const campaign of campaigns) readings.push(await readCampaign(visit.bison, campaign));
  const booked = await readBooked(db, visit.workspace.workspaceId, visit.now());
  const { tasks, settling } = assign(readings, records, booked, tally);

  await settleAll(visit, worthSettling(settling, visit.now()), (result) => { tally.add(result); });
  const queue = tasks.sort(compareUrgency);
  const workers = Array.from({ length: Math.min(LEADS_AT_ONCE, queue.length) }, async () => {
    for (let task = queue.shift(); task; task = queue.shift()) await workSafely(visit, task, tally, queue);
  });
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  if (!visit.isDryRun && !visit.signal.aborted) await failOrphans(db, visit.workspace.workspaceId);
}

async function workSafely(visit: Visit, task: Task, tally: VisitTally, queue: Task[]): Promise<void> {
  const giveUp = (): void => {
    for (const _ of queue.splice(0)) tally.add({ outcome: 'notReached' });
  };
  const isOver = (): boolean => visit.signal.aborted;
  if (isOver()) {
    tally.add({ outcome: 'notReached' });
    return;
  }
  try {
    tally.add(await workOn(visit, task));
  } catch (error) {
    if (isOver()) tally.add({ outcome: 'unknown', reason: 'cut off by the end of the run' });
    else {
      tally.add(error instanceof WorkspaceRefusedError ? error.result : error instanceof ProviderError ? { outcome: ERROR_KINDS[error.kind].retry === 'soon' ? 'unknown' : 'failed', reason: error.kind } : { outcome: 'unknown' });
      giveUp();
      throw error;
    }
  }
}

/** Who is worked on, and whose email is looked up because they are not waiting for it any more. */
function assign(readings: readonly CampaignReading[], records: readonly TouchRecord[], booked: ReadonlySet<string>, tally: VisitTally): { tasks: Task[]; settling: TouchRecord[] } {
  const keyOf = (leadId: string, campaignId: string): string => `${campaignId} ${leadId}`;
  const recordOf = new Map(records.map((record) => [keyOf(record.emailBisonLeadId, record.campaignId), record]));
  // A lead has one variable: while one campaign's sentence stands in it, another's has to wait.
  const holder = new Map<string, string>();
  for (const { settledAt, emailBisonLeadId, campaignId } of records) if (settledAt === null && !holder.has(emailBisonLeadId)) holder.set(emailBisonLeadId, campaignId);

  const all = readings.flatMap(({ leads, volume }) => leads.filter(({ isFirstTouch }) => isFirstTouch).map((found): Task => ({
    found, volume, record: recordOf.get(keyOf(found.lead.id, found.campaignId)), isBooked: booked.has(found.lead.email.toLowerCase()),
  })));
  const tasks: Task[] = [];
  const waiting = new Set<TouchRecord>();
  for (const task of all.sort(compareUrgency)) {
    const { found: { lead, campaignId, email }, record } = task;
    if (record?.settledAt === null) {
      const isGone = record.scheduledEmailId !== null && email === undefined;
      // Its email was scheduled and is not any more: what became of it decides, before anything is written.
      if (isGone) continue;
      waiting.add(record);
    }
    if ((holder.get(lead.id) ?? campaignId) !== campaignId) tally.add({ outcome: 'notDue', reason: "another campaign's first touch comes first" });
    else {
      holder.set(lead.id, campaignId);
      tasks.push(task);
    }
  }
  return { tasks, settling: records.filter((record) => record.settledAt === null && !waiting.has(record)) };
}
