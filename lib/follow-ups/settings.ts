/** A workspace's settings of follow-ups: on or off, its webhook, and the address that EmailBison calls. */
import { createHash, randomBytes } from 'node:crypto';
import { quotaKeyOf, sealCredential, type CredentialKeys } from '../credentials';
import type { Connection } from '../db';
import { checkUserUrl, createExemption } from '../providers/guard';
import { checkTemplate } from '../slots/template';
import { FollowUpInputError } from './create';

/**
 * @param template of follow-ups that bring none; null: the default again; undefined: as it was
 * @returns how many are overdue: switched on, they go out at once @throws FollowUpInputError
 */
export async function switchFollowUps(db: Connection, workspaceId: string, isOn: boolean, template?: string | null): Promise<number> {
  const checked = template == null ? null : checkTemplate(template, 'followUp');
  if (checked?.kind === 'invalid') throw new FollowUpInputError('template', `is not right: ${checked.problems.join(' ')}`);
  const settings = { followUpsEnabled: isOn, ...(template === undefined ? {} : { followUpTemplate: template }) };
  await db.workspaceSettings.upsert({ where: { clientId: workspaceId }, create: { clientId: workspaceId, ...settings }, update: settings });
  return await db.followUp.count({ where: { clientId: workspaceId, state: 'pending', nextAttemptAt: { lte: new Date() } } });
}

const MIN_SECRET_CHARACTERS = 24;

/**
 * Where follow-ups of the channel `webhook` go, and what signs them.
 * @param allowHosts exempt from the address guard
 * @throws FollowUpInputError
 */
export async function setWebhook(db: Connection, workspaceId: string, given: { url: string; secret: string }, keys: CredentialKeys, allowHosts: readonly string[]): Promise<void> {
  if (!URL.canParse(given.url)) throw new FollowUpInputError('url', 'must be an address that begins with https://');
  const url = new URL(given.url);
  const refusal = /^https?:$/.test(url.protocol) && createExemption(allowHosts)(url) ? undefined : checkUserUrl(url);
  if (refusal !== undefined) throw new FollowUpInputError('url', `may not be called: ${refusal}`);
  if (!new RegExp(`^[\\x21-\\x7e]{${MIN_SECRET_CHARACTERS},500}$`).test(given.secret)) {
    throw new FollowUpInputError('secret', `must have ${MIN_SECRET_CHARACTERS} to 500 characters, without spaces. Make one with: echo "whsec_$(openssl rand -base64 32)"`);
  }
  const owner = { clientId: workspaceId, provider: 'webhook' as const };
  const data = { baseUrl: url.href, quotaKey: quotaKeyOf('webhook', given.secret), createdAt: new Date(), ...sealCredential(keys, owner, given.secret) };
  await db.providerCredential.upsert({ where: { clientId_provider: owner }, create: { ...owner, ...data }, update: data });
}

const TOKEN_BYTES = 32;

/** Found by its hash: a lookup of the token itself would tell, by its time, how much of a guess is right. */
export function hashOfWebhookToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('base64url');
}

/** Makes the path that EmailBison's webhooks are sent to; the one before ends at once. Shown now and stored nowhere. */
export async function makeWebhookPath(db: Connection, workspaceId: string): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const settings = { webhookTokenHash: hashOfWebhookToken(token) };
  await db.workspaceSettings.upsert({ where: { clientId: workspaceId }, create: { clientId: workspaceId, ...settings }, update: settings });
  return `/api/webhooks/emailbison/${token}`;
}
