import { UserError } from '../local/fail';
import type { WorkspaceHandle } from '../simulator/emailbison/handles';
import type { IncomingSpec } from '../simulator/emailbison/incoming';
import type { LeadsSpec, SettingsSpec, WorkspaceSpec } from '../simulator/emailbison/spec';

/** The demo's EmailBison, by the simulator's control port. */
export interface SimulatedEmailBison {
  configure: (settings: SettingsSpec) => Promise<void>;
  addWorkspaces: (workspaces: WorkspaceSpec[]) => Promise<WorkspaceHandle[]>;
  addLeads: (workspace: string, leads: LeadsSpec, campaign?: number) => Promise<number[]>;
  /** A lead answers. @returns the reply's id */
  reply: (incoming: IncomingSpec) => Promise<number>;
}

export function simulatedEmailBison(controlOrigin: string): SimulatedEmailBison {
  const post = async <T>(path: string, body: unknown): Promise<T> => {
    const response = await fetch(new URL(`/emailbison/${path}`, controlOrigin), { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    if (!response.ok) throw new UserError(`The simulator refused ${path}: ${String(response.status)} ${(await response.text()).slice(0, 200)}`);
    return (await response.json()) as T;
  };
  return {
    configure: async (settings) => { await post('settings', { settings }); },
    addWorkspaces: async (workspaces) => (await post<{ workspaces: WorkspaceHandle[] }>('workspaces', workspaces)).workspaces,
    addLeads: async (workspace, leads, campaign) => (await post<{ leadIds: number[] }>('leads', { workspace, leads, ...(campaign === undefined ? {} : { campaign }) })).leadIds,
    reply: async (incoming) => (await post<{ replyId: number }>('incoming-reply', incoming)).replyId,
  };
}
