/**
 * What an operator changes, in the console or by CLI. Input is checked by `lib/workspaces.ts` and its like, whose
 * refusals (`WorkspaceInputError`) leave nothing behind. Details in the record say what changed and never a secret.
 */
import type { CredentialKeys, CredentialOwner } from '../credentials';
import type { Db, Prisma } from '../db';
import { setFirstTouch, type FirstTouchSettings } from '../first-touch/settings';
import { switchFollowUps } from '../follow-ups/settings';
import { pauseAgency, pauseProvider, resumeAgency, resumeProvider } from '../pauses';
import { safeUrl, type CalendarProvider } from '../providers/errors';
import { setOfferRules, type OfferRulesInput } from '../slots/settings';
import { changeWorkspace, chooseCalendar, pauseAll, removeCredential, resumeAll, setCredential, type WorkspaceChanges } from '../workspaces';
import { once, recordEach, type By, type Done } from './audit';

/** @throws WorkspaceInputError with a message for each field */
export async function changeConfiguration(db: Db, by: By, workspaceId: string, changes: WorkspaceChanges): Promise<Done<void>> {
  const { url, ...rest } = changes;
  // A link's query can hold what is not for everybody who may read the record.
  const details = { ...(url !== undefined && { url: safeUrl(url.trim()) }), ...given(rest) };
  return await once(db, by, { action: 'workspace.change', subject: workspaceId, details }, (tx) => changeWorkspace(tx, workspaceId, changes));
}

/** @param externalId null: the link alone decides again @throws WorkspaceInputError */
export async function choose(db: Db, by: By, workspaceId: string, externalId: string | null): Promise<Done<void>> {
  return await once(db, by, { action: 'workspace.choose', subject: workspaceId, details: { chosen: externalId } }, (tx) => chooseCalendar(tx, workspaceId, externalId));
}

/** @throws WorkspaceInputError */
export async function storeCredential(db: Db, by: By, workspaceId: string, provider: CredentialOwner['provider'], token: string, keys: CredentialKeys): Promise<Done<void>> {
  return await once(db, by, { action: 'credential.store', subject: workspaceId, details: { provider } }, (tx) => setCredential(tx, workspaceId, provider, token, keys));
}

/** @throws WorkspaceInputError */
export async function dropCredential(db: Db, by: By, workspaceId: string, provider: CredentialOwner['provider']): Promise<Done<void>> {
  return await once(db, by, { action: 'credential.remove', subject: workspaceId, details: { provider } }, (tx) => removeCredential(tx, workspaceId, provider));
}

/** @throws WorkspaceInputError with every problem */
export async function changeFirstTouch(db: Db, by: By, workspaceId: string, isOn: boolean, settings: FirstTouchSettings): Promise<Done<void>> {
  const { baseUrl: _baseUrl, ...shown } = settings;
  return await once(db, by, { action: isOn ? 'first_touch.on' : 'first_touch.off', subject: workspaceId, details: given(shown) }, (tx) => setFirstTouch(tx, workspaceId, isOn, settings));
}

/**
 * @param template of follow-ups that bring none; null: the default again; undefined: as it was
 * @returns how many are overdue: switched on, they go out at once @throws FollowUpInputError
 */
export async function changeFollowUps(db: Db, by: By, workspaceId: string, isOn: boolean, template?: string | null): Promise<Done<number>> {
  const deed = { action: isOn ? 'follow_ups.on' : 'follow_ups.off', subject: workspaceId, details: given({ template }) };
  return await once(db, by, deed, (tx) => switchFollowUps(tx, workspaceId, isOn, template));
}

/** @throws WorkspaceInputError with every problem */
export async function changeOfferRules(db: Db, by: By, workspaceId: string, rules: OfferRulesInput): Promise<Done<void>> {
  return await once(db, by, { action: 'offer_rules.change', subject: workspaceId, details: given(rules) }, (tx) => setOfferRules(tx, workspaceId, rules));
}

/** @returns the ids of those that were not paused; unknown ids are left out */
export async function pauseWorkspaces(db: Db, by: By, workspaceIds: readonly string[]): Promise<Done<string[]>> {
  return await changeEach(db, by, 'pause', workspaceIds, (tx) => pauseAll(tx, workspaceIds, new Date()));
}

/** @returns the ids of those that were paused */
export async function resumeWorkspaces(db: Db, by: By, workspaceIds: readonly string[]): Promise<Done<string[]>> {
  return await changeEach(db, by, 'resume', workspaceIds, (tx) => resumeAll(tx, workspaceIds));
}

/** @throws WorkspaceInputError when there is no such agency */
export async function switchAgency(db: Db, by: By, agencyId: string, isPaused: boolean): Promise<Done<void>> {
  const deed = { action: isPaused ? 'agency.pause' : 'agency.resume', subject: agencyId, agencyId };
  return await once(db, by, deed, (tx) => (isPaused ? pauseAgency(tx, agencyId, new Date()) : resumeAgency(tx, agencyId)));
}

export async function switchProvider(db: Db, by: By, provider: CalendarProvider, isPaused: boolean): Promise<Done<void>> {
  const deed = { action: isPaused ? 'provider.pause' : 'provider.resume', subject: provider };
  return await once(db, by, deed, (tx) => (isPaused ? pauseProvider(tx, provider, new Date()) : resumeProvider(tx, provider)));
}

/** One entry for the submission, and where it is about several workspaces one more for each that changed. */
async function changeEach(db: Db, by: By, verb: string, workspaceIds: readonly string[], work: (tx: Prisma.TransactionClient) => Promise<string[]>): Promise<Done<string[]>> {
  const [only, ...others] = workspaceIds;
  if (only !== undefined && others.length === 0) return await once(db, by, { action: `workspace.${verb}`, subject: only }, work);
  return await once(db, by, { action: `workspaces.${verb}`, subject: null, details: { workspaces: workspaceIds.length } }, async (tx) => {
    const changed = await work(tx);
    await recordEach(tx, by, `workspace.${verb}`, changed);
    return changed;
  });
}

/** What was given, as it may stand in the record. */
function given(changes: object): Prisma.InputJsonObject {
  return Object.fromEntries<Prisma.InputJsonValue | null>(Object.entries(changes).filter(([, value]) => value !== undefined));
}
