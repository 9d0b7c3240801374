/** Where the alarms of one workspace or one agency go instead of the default. The URL is a secret, and sealed. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { openCredential, sealCredential, type CredentialKeys, type CredentialOwner } from '../credentials';
import type { Connection, Db } from '../db';
import { checkUserUrl, createExemption } from '../providers/guard';
import { WorkspaceInputError } from '../workspaces';

export type RouteScope = 'workspace' | 'agency';
export type RouteChannel = 'slack' | 'email';

export interface AlarmRouteInput {
  scope: RouteScope;
  /** A workspace's or an agency's id. */
  scopeId: string;
  channel: RouteChannel;
  url: string;
  /** `email`: whom it is for. */
  recipient?: string | undefined;
}

export interface AlarmRouteListing {
  id: string;
  scope: RouteScope;
  scopeId: string;
  channel: RouteChannel;
  recipient: string | null;
  createdAt: Date;
}

/** Where one message goes. */
export type Destination = { channel: 'slack'; url: string } | { channel: 'email'; url: string; recipient: string };

const email = z.string().max(320).regex(/^[^\s@]+@[^\s@]+$/);

const ownerOf = ({ scope, scopeId, channel }: Pick<AlarmRouteInput, 'scope' | 'scopeId' | 'channel'>): CredentialOwner =>
  ({ clientId: `alarm-route:${scope}:${channel}:${scopeId}`, provider: 'webhook' });

/** Stores or replaces the route. @throws WorkspaceInputError */
export async function setAlarmRoute(db: Connection, input: AlarmRouteInput, keys: CredentialKeys, allowHosts: readonly string[]): Promise<string> {
  const { scope, scopeId, channel, recipient } = input;
  const url = URL.canParse(input.url.trim()) ? new URL(input.url.trim()) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new WorkspaceInputError('The URL of an alarm route must begin with https://.');
  const refusal = createExemption(allowHosts)(url) ? undefined : checkUserUrl(url);
  if (refusal !== undefined) throw new WorkspaceInputError(`The URL of an alarm route cannot be used: ${refusal}.`);
  if ((channel === 'email') !== (recipient !== undefined)) throw new WorkspaceInputError('A route by email needs a recipient, and one to Slack has none.');
  if (recipient !== undefined && !email.safeParse(recipient).success) throw new WorkspaceInputError('The recipient of an alarm route must be an email address.');
  const exists = scope === 'workspace'
    ? await db.client.count({ where: { id: scopeId } })
    : (await db.agency.count({ where: { id: scopeId } })) + (await db.client.count({ where: { userId: scopeId } }));
  if (exists === 0) throw new WorkspaceInputError(`There is no ${scope} ${JSON.stringify(scopeId)}. List them with: npm run workspaces -- list`);
  const data = { ...sealCredential(keys, ownerOf(input), url.href), recipient: recipient ?? null, createdAt: new Date() };
  const { id } = await db.alarmRoute.upsert({
    where: { scope_scopeId_channel: { scope, scopeId, channel } }, create: { id: randomUUID(), scope, scopeId, channel, ...data }, update: data,
  });
  return id;
}

/** @throws WorkspaceInputError when there is no such route */
export async function removeAlarmRoute(db: Connection, { scope, scopeId, channel }: Pick<AlarmRouteInput, 'scope' | 'scopeId' | 'channel'>): Promise<void> {
  const { count } = await db.alarmRoute.deleteMany({ where: { scope, scopeId, channel } });
  if (count === 0) throw new WorkspaceInputError(`The ${scope} ${scopeId} has no alarm route to ${channel}.`);
}

/** All of them, or one scope's; never their URLs. */
export async function listAlarmRoutes(db: Db, where: { scope?: RouteScope; scopeId?: string } = {}): Promise<AlarmRouteListing[]> {
  const rows = await db.alarmRoute.findMany({ where, orderBy: [{ scope: 'asc' }, { scopeId: 'asc' }, { channel: 'asc' }] });
  return rows.map(({ ciphertext: _, keyId: _key, ...row }) => ({ ...row, scope: row.scope as RouteScope, channel: row.channel as RouteChannel }));
}

/** @throws CredentialError when its key is not configured, or it was altered; WorkspaceInputError when there is no such route */
export async function openAlarmRoute(db: Db, id: string, keys: CredentialKeys): Promise<Destination> {
  const row = await db.alarmRoute.findUnique({ where: { id } });
  if (!row) throw new WorkspaceInputError('the route was removed');
  const { scope, scopeId } = row as { scope: RouteScope; scopeId: string };
  const channel: RouteChannel = row.channel === 'email' ? 'email' : 'slack';
  const url = openCredential(keys, ownerOf({ scope, scopeId, channel }), row);
  return channel === 'email' ? { channel, url, recipient: row.recipient ?? '' } : { channel, url };
}
