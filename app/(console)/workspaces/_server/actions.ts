'use server';

import { z } from 'zod';
import { adviceFor, consoleContext, CONSOLE_STATEMENT_TIMEOUT_MS, matchingIds, MAX_SELECTED, parseListFilter, refreshOutcomeText } from '@/lib/console';
import { parseCredentialKeys } from '@/lib/credentials';
import { env } from '@/lib/env';
import { log } from '@/lib/log';
import * as operator from '@/lib/operator';
import { WorkspaceInputError } from '@/lib/workspaces';
import { requireOperator, requireOperatorForChange } from '../../_server/operator';

/** What a form shows after it was sent. */
export interface FormResult {
  kind: 'saved' | 'refused';
  message: string;
  /** What is wrong with each field, by its name. */
  fields: Record<string, string>;
}

export interface RefreshResult {
  kind: 'good' | 'bad' | 'info';
  message: string;
  advice: string | null;
}

const REPEATED = 'This was done already.';
const FAILED = 'It did not work: the database did not answer as it should. Nothing was changed; try again.';

/** The ids of everything that the list's address shows, on all its pages. */
export async function allMatching(query: string): Promise<string[]> {
  await requireOperator();
  const context = consoleContext();
  const filter = parseListFilter(Object.fromEntries(new URLSearchParams(query)));
  return await matchingIds(context.db, filter, { maxAgeMs: context.maxAgeMs, timeoutMs: CONSOLE_STATEMENT_TIMEOUT_MS });
}

/** @returns what went wrong, or null */
export async function pauseAction(form: FormData): Promise<string | null> {
  return await changeMany(form, operator.pauseWorkspaces);
}

/** @returns what went wrong, or null */
export async function resumeAction(form: FormData): Promise<string | null> {
  return await changeMany(form, operator.resumeWorkspaces);
}

/** Resumes or pauses an agency or a provider, by the fields `scope`, `id` and `isPaused`. @returns what went wrong, or null */
export async function switchAction(form: FormData): Promise<string | null> {
  await requireOperatorForChange();
  const isPaused = textOf(form, 'isPaused') === 'true';
  const id = textOf(form, 'id');
  return await problemOf(async () => {
    if (textOf(form, 'scope') === 'agency') await operator.switchAgency(consoleContext().db, by(form), id, isPaused);
    else await operator.switchProvider(consoleContext().db, by(form), z.enum(['calendly', 'hubspot', 'ghl']).parse(id), isPaused);
  });
}

export async function refreshAction(form: FormData): Promise<RefreshResult> {
  await requireOperatorForChange();
  try {
    const done = await operator.refreshNow(by(form), textOf(form, 'workspaceId'));
    if (done.kind === 'repeated') return { kind: 'info', message: REPEATED, advice: null };
    const outcome = done.value;
    const kind = outcome.kind === 'refreshed' ? 'good' : outcome.kind === 'failed' ? 'bad' : 'info';
    return { kind, message: refreshOutcomeText(outcome), advice: outcome.kind === 'failed' ? (adviceFor(outcome.errorKind) ?? null) : null };
  } catch (error) {
    logFailure(error);
    return { kind: 'bad', message: FAILED, advice: null };
  }
}

/** Link, zone, length and the alarm's threshold; only what differs from what the form was made with is changed. */
export async function configureAction(form: FormData): Promise<FormResult> {
  const changes = Object.fromEntries(['url', 'timezone', 'durationMinutes', 'minOpenSlots'].filter((name) => textOf(form, name) !== textOf(form, `before.${name}`)).map((name) => [name, textOf(form, name)]));
  if (Object.keys(changes).length === 0) {
    await requireOperatorForChange();
    return { kind: 'saved', message: 'Nothing was changed.', fields: {} };
  }
  const isCalendar = Object.keys(changes).some((name) => name !== 'minOpenSlots');
  return await save(form, isCalendar ? 'Saved. The next sweep reads the calendar with it; until then no times are given out.' : 'Saved.', (id) => operator.changeConfiguration(consoleContext().db, by(form), id, changes));
}

export async function chooseAction(form: FormData): Promise<FormResult> {
  const chosen = textOf(form, 'chosenId');
  return await save(form, chosen === '' ? 'The link alone decides again.' : 'Chosen. The next sweep reads it.', (id) => operator.choose(consoleContext().db, by(form), id, chosen === '' ? null : chosen), 'chosenId');
}

export async function credentialAction(form: FormData): Promise<FormResult> {
  return await save(form, 'Stored, sealed. The next sweep uses it.', async (id) => {
    const { CREDENTIALS_KEY } = env();
    if (CREDENTIALS_KEY === undefined) throw new WorkspaceInputError('CREDENTIALS_KEY is not set on the server, and tokens are stored sealed only.');
    await operator.storeCredential(consoleContext().db, by(form), id, providerOf(form), textOf(form, 'token'), parseCredentialKeys(CREDENTIALS_KEY));
  }, 'token');
}

/** @returns what went wrong, or null */
export async function dropCredentialAction(form: FormData): Promise<string | null> {
  await requireOperatorForChange();
  return await problemOf(() => operator.dropCredential(consoleContext().db, by(form), textOf(form, 'workspaceId'), providerOf(form)));
}

export async function firstTouchAction(form: FormData): Promise<FormResult> {
  const isOn = form.get('isOn') === 'on';
  const baseUrl = textOf(form, 'baseUrl');
  return await save(form, isOn ? 'Saved. First touch is on.' : 'Saved. First touch is off.', (id) => operator.changeFirstTouch(consoleContext().db, by(form), id, isOn, {
    template: textOf(form, 'template') || null, fallback: textOf(form, 'fallback') || null, offerCount: textOf(form, 'offerCount'), minNoticeMinutes: textOf(form, 'minNoticeMinutes'),
    ...(baseUrl !== '' && { baseUrl }),
  }));
}

export async function followUpsAction(form: FormData): Promise<FormResult> {
  const isOn = form.get('isOn') === 'on';
  return await save(form, isOn ? 'Follow-ups are on: what is overdue goes out with the next run.' : 'Follow-ups are off: what is due waits.', (id) => operator.changeFollowUps(consoleContext().db, by(form), id, isOn));
}

async function changeMany(form: FormData, work: typeof operator.pauseWorkspaces): Promise<string | null> {
  await requireOperatorForChange();
  const ids = z.array(z.string().max(200).regex(/^\P{Cc}*$/u)).min(1).max(MAX_SELECTED).safeParse(jsonOf(textOf(form, 'ids')));
  if (!ids.success) return `Between 1 and ${String(MAX_SELECTED)} workspaces can be changed at once.`;
  return await problemOf(() => work(consoleContext().db, by(form), ids.data));
}

/** @param field where a refusal is shown that names no field itself */
async function save(form: FormData, saved: string, work: (workspaceId: string) => Promise<unknown>, field?: string): Promise<FormResult> {
  await requireOperatorForChange();
  try {
    await work(textOf(form, 'workspaceId'));
    return { kind: 'saved', message: saved, fields: {} };
  } catch (error) {
    if (!(error instanceof WorkspaceInputError)) {
      logFailure(error);
      return { kind: 'refused', message: FAILED, fields: {} };
    }
    const fields = Object.fromEntries(Object.entries(error.fields).filter(([name]) => name !== ''));
    if (Object.keys(fields).length > 0) return { kind: 'refused', message: 'Nothing was saved.', fields };
    return field === undefined ? { kind: 'refused', message: error.message, fields: {} } : { kind: 'refused', message: 'Nothing was saved.', fields: { [field]: error.message } };
  }
}

async function problemOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof WorkspaceInputError) return error.message;
    logFailure(error);
    return FAILED;
  }
}

function logFailure(error: unknown): void {
  log().error({ error: error instanceof Error ? error.name : 'unknown' }, 'console_action_failed');
}

const by = (form: FormData): operator.By => ({ actor: 'console', requestId: z.uuid().parse(textOf(form, 'requestId')) });
const providerOf = (form: FormData) => z.enum(['calendly', 'hubspot', 'ghl', 'emailbison']).parse(textOf(form, 'provider'));

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
