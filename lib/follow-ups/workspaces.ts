/** What a run of follow-ups needs to know of a workspace. */
import { openCredential, type CredentialKeys } from '../credentials';
import { bounded, type Db } from '../db';
import { configuredWorkspaces, pausedSql } from '../refresh/configured';
import { checkOfferRules } from '../slots/offer-rules';
import type { WorkspaceHours } from './decide';
import type { Destination } from './channel';
import type { ChannelName } from './channels';

export interface FollowUpWorkspace extends WorkspaceHours {
  isEnabled: boolean;
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
  const [client, [standing]] = await Promise.all([
    bounded(READ_TIMEOUT_MS, () => db.client.findUnique({ where: { id: workspaceId }, include: { settings: true, credentials: true } })),
    bounded(READ_TIMEOUT_MS, () => db.$queryRaw<{ isPaused: boolean }[]>`SELECT ${pausedSql} AS "isPaused" FROM ${configuredWorkspaces} WHERE c.id = ${workspaceId}`),
  ]);
  if (!client?.settings) return null;
  const { settings, credentials } = client;
  const checked = checkOfferRules(settings);
  return {
    isEnabled: settings.followUpsEnabled,
    paused: standing?.isPaused ?? false,
    zone: settings.timezone,
    weekends: settings.offerWeekends,
    hours: checked.kind === 'valid' ? checked.rules.hours : null,
    problem: checked.kind === 'valid' ? null : checked.problem,
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

/** A pause, a switch or another secret counts from so late on; a run of minutes must not work with what was once. */
const KNOWN_FOR_MS = 3_000;

/** Reads each workspace once a while, however many of its rows are worked on. */
export function createWorkspaceReader(db: Db, keys: CredentialKeys | undefined): (id: string) => Promise<FollowUpWorkspace | null> {
  const known = new Map<string, { readAtMs: number; workspace: Promise<FollowUpWorkspace | null> }>();
  return async (id) => {
    const last = known.get(id);
    if (last && performance.now() - last.readAtMs < KNOWN_FOR_MS) return await last.workspace;
    const workspace = readFollowUpWorkspace(db, id, keys);
    known.set(id, { readAtMs: performance.now(), workspace });
    // One failed read must not be the answer for every row of the workspace.
    workspace.catch(() => known.delete(id));
    return await workspace;
  };
}
