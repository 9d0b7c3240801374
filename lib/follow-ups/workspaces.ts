/** What a run of follow-ups needs to know of a workspace, read once a run. */
import { openCredential, type CredentialKeys } from '../credentials';
import { bounded, type Db } from '../db';
import { checkWorkingHours } from '../slots/working-hours';
import type { WorkspaceHours } from './decide';
import type { ChannelName, Destination } from './deliver';

export interface FollowUpWorkspace extends WorkspaceHours {
  offerCount: number;
  minNoticeMinutes: number;
  /** Why the settings cannot be used; null: they can. */
  problem: string | null;
  /** @throws when there is none, or its key is not configured */
  destinationOf: (channel: ChannelName) => Destination;
}

const READ_TIMEOUT_MS = 5_000;
const PROVIDER_OF = { emailbison_reply: 'emailbison', webhook: 'webhook' } as const satisfies Record<ChannelName, string>;

export async function readFollowUpWorkspace(db: Db, workspaceId: string, keys: CredentialKeys | undefined): Promise<FollowUpWorkspace | null> {
  const client = await bounded(READ_TIMEOUT_MS, () => db.client.findUnique({ where: { id: workspaceId }, include: { settings: true, credentials: true } }));
  if (!client?.settings) return null;
  const { settings, credentials } = client;
  const checked = checkWorkingHours(settings.workingHours);
  return {
    paused: settings.pausedAt !== null,
    zone: settings.timezone,
    weekends: settings.offerWeekends,
    hours: checked.kind === 'valid' ? checked.hours : null,
    problem: checked.kind === 'valid' ? null : `Working hours cannot be read: ${checked.problems.join('; ')}`,
    offerCount: settings.firstTouchOfferCount,
    minNoticeMinutes: settings.firstTouchMinNoticeMinutes,
    destinationOf: (channel) => {
      const provider = PROVIDER_OF[channel];
      const credential = credentials.find((one) => one.provider === provider);
      if (!credential?.baseUrl) throw new Error(`the workspace has no ${provider} credential with a base URL`);
      if (!keys) throw new Error('CREDENTIALS_KEY is not set');
      return { baseUrl: credential.baseUrl, secret: openCredential(keys, { clientId: workspaceId, provider }, credential) };
    },
  };
}
