/** What a workspace would send now, to a lead that nothing is known of. Writes nothing. */
import { WorkspaceNotFoundError } from '../availability-cache';
import type { FirstTouchContext } from './context';
import { readOpenTimes } from './open-times';
import { createTrial } from './trial';
import { voiceOf } from './voice';
import { readFirstTouchWorkspaces } from './workspaces';

export interface FirstTouchPreview {
  workspaceId: string;
  name: string;
  /** `broken`: nothing would be written until somebody changes what `reason` says. */
  content: 'times' | 'fallback' | 'broken';
  sentence: string | null;
  /** ISO with `Z`, in order. */
  slotsUtc: string[];
  /** The zone that the sentence speaks in. */
  zone: string;
  /** Why there are no times. */
  reason: string | null;
  /** When the email is taken to go out, for the notice; ISO. */
  sendAt: string;
}

const QUERY_TIMEOUT_MS = 5_000;

/**
 * @param sendAt when the email goes out; default now
 * @throws WorkspaceNotFoundError; a database error
 */
export async function previewFirstTouch(context: FirstTouchContext, workspaceId: string, sendAt?: number): Promise<FirstTouchPreview> {
  const { db } = context.cache;
  const plan = await readFirstTouchWorkspaces(db, QUERY_TIMEOUT_MS, workspaceId);
  const [workspace] = plan.workspaces;
  if (!workspace) throw new WorkspaceNotFoundError(workspaceId);
  const now = context.now?.() ?? plan.databaseNow;
  const base = { workspaceId, name: workspace.name, zone: workspace.timezone, slotsUtc: [], sendAt: new Date(sendAt ?? now).toISOString() };
  if (workspace.isPaused) return { ...base, content: 'broken', sentence: null, reason: 'It is paused.' };
  const checked = voiceOf(workspace);
  if (checked.kind === 'broken') return { ...base, content: 'broken', sentence: null, reason: checked.problem };
  const { voice } = checked;
  const fallback = (reason: string): FirstTouchPreview => ({ ...base, content: 'fallback', sentence: voice.fallback, reason });

  const { open, durationMinutes } = await readOpenTimes(context, { workspaceId, now, timeLeftMs: 0, mayRefresh: false });
  if (open.kind !== 'usable') return fallback(open.reason);
  const trial = await createTrial(db, {
    workspaceId, timezone: workspace.timezone, noticeMinutes: workspace.noticeMinutes, count: voice.count, now, open: open.slots, durationMinutes: durationMinutes ?? 30,
  });
  const choice = trial.choose({ email: undefined, sendAt: sendAt ?? now, replaces: [] });
  if (choice.kind === 'none') return fallback(choice.reason);
  const { text, zone } = voice.say(choice.slots, null);
  return { ...base, content: 'times', sentence: text, zone, reason: null, slotsUtc: choice.slots.map((slot) => new Date(slot).toISOString()) };
}
