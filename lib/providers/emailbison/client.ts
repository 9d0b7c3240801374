/** The calls of EmailBison that the app makes. Every list is read to its end. */
import { ProviderError, safeUrl } from '../errors';
import { scrub } from '../http-failures';
import type { ApiClient, ApiRequest } from '../types';
import type { Lane } from './lane';
import { readAllPages } from './pages';
import {
  campaignLeadSchema, campaignSchema, customVariableSchema, doneOrRefused, leadSchema, pageOf, SCHEDULED, scheduledEmailSchema,
  type CampaignLeadRow, type CampaignRow, type LeadRow, type ScheduledEmailRow,
} from './schema';

export interface EmailBison {
  campaigns(): Promise<CampaignRow[]>;
  campaignLeads(campaignId: string): Promise<CampaignLeadRow[]>;
  /** Emails of the campaign that are still to be sent. */
  scheduledEmails(campaignId: string): Promise<ScheduledEmailRow[]>;
  /** Emails of these leads in this campaign, whatever became of them. */
  emailsOfLeads(campaignId: string, leadIds: readonly string[]): Promise<ScheduledEmailRow[]>;
  lead(leadId: string): Promise<LeadRow>;
  customVariables(): Promise<string[]>;
  createCustomVariable(name: string): Promise<void>;
  /** Changes this one variable; every other field and variable stays. Returns the lead as it is then. */
  setVariable(leadId: string, name: string, value: string): Promise<LeadRow>;
}

export interface EmailBisonOptions {
  http: ApiClient;
  /** Of the instance, as the credential has it; a path before `/api` is kept. */
  baseUrl: string;
  token: string;
  lane: Lane;
  signal: AbortSignal;
}

/** Asked for; not promised by the vendor. What a page holds is what the answer says. */
const ROWS_A_PAGE = '100';

/** @throws ProviderError `blocked_address` when the base URL is not a URL */
export function createEmailBison({ http, baseUrl, token, lane, signal }: EmailBisonOptions): EmailBison {
  if (!URL.canParse(baseUrl)) {
    throw new ProviderError({ vendor: 'emailbison', kind: 'blocked_address', message: 'The base URL of EmailBison is not a URL. Enter it as https://your-instance.example.com.' });
  }
  const base = baseUrl.replace(/\/+$/, '').replace(/\/api$/, '');
  const urlOf = (path: string, query: readonly (readonly [string, string])[] = []): URL => {
    const url = new URL(`${base}/api/${path}`);
    for (const [name, value] of query) url.searchParams.append(name, value);
    return url;
  };

  type Asked<T> = Pick<ApiRequest<T>, 'method' | 'url' | 'schema' | 'body'>;
  const send = async <T>(asked: Asked<T>, mayRepeat = true): Promise<T> =>
    await lane.call(
      async (callSignal) => await http.send({ ...asked, vendor: 'emailbison', credential: token, signal: callSignal, guarded: true }),
      { signal, mayRepeat },
    );

  const list = async <T extends { id: string }>(path: string, schema: ApiRequest<{ data: T[]; meta: { current_page: number; last_page: number } }>['schema'], query: readonly (readonly [string, string])[] = []): Promise<T[]> =>
    await readAllPages(
      async (page) => await send({ method: 'GET', schema, url: urlOf(path, [...query, ['per_page', ROWS_A_PAGE], ['page', String(page)]]) }),
      safeUrl(urlOf(path)),
    );

  return {
    campaigns: async () => await list('campaigns', pageOf(campaignSchema)),
    campaignLeads: async (campaignId) => await list(`campaigns/${encodeURIComponent(campaignId)}/leads`, pageOf(campaignLeadSchema)),
    scheduledEmails: async (campaignId) => {
      const rows = await list(`campaigns/${encodeURIComponent(campaignId)}/scheduled-emails`, pageOf(scheduledEmailSchema), [['status', SCHEDULED]]);
      // A filter that is ignored must not turn a paused row into one that is due.
      return rows.filter((row) => row.status === SCHEDULED && row.campaign_id === campaignId);
    },
    emailsOfLeads: async (campaignId, leadIds) => {
      if (leadIds.length === 0) return [];
      const rows = await list('scheduled-emails', pageOf(scheduledEmailSchema), [['campaign_ids[]', campaignId], ...leadIds.map((id) => ['lead_ids[]', id] as const)]);
      const wanted = new Set(leadIds);
      return rows.filter((row) => row.campaign_id === campaignId && wanted.has(row.leadId));
    },
    lead: async (leadId) => done(await send({ method: 'GET', url: urlOf(`leads/${encodeURIComponent(leadId)}`), schema: doneOrRefused(leadSchema) }), urlOf('leads'), token),
    customVariables: async () => (await list('custom-variables', pageOf(customVariableSchema))).map(({ name }) => name),
    createCustomVariable: async (name) => {
      const url = urlOf('custom-variables');
      done(await send({ method: 'POST', url, body: { name }, schema: doneOrRefused(customVariableSchema) }, false), url, token);
    },
    setVariable: async (leadId, name, value) => {
      const url = urlOf(`leads/${encodeURIComponent(leadId)}`);
      // The same value twice is the same: this write may be repeated.
      return done(await send({ method: 'PATCH', url, body: { custom_variables: [{ name, value }] }, schema: doneOrRefused(leadSchema) }), url, token);
    },
  };
}

/** A success of status 200 that says it was none is a refusal. */
function done<T extends object>(answer: { data: T | { success: false; message?: string | undefined } }, url: URL, token: string): T {
  const { data } = answer;
  if (!isRefusal(data)) return data;
  throw new ProviderError({
    vendor: 'emailbison', kind: 'rejected_request', url: safeUrl(url),
    message: `EmailBison refused (${safeUrl(url)})${data.message === undefined ? '' : `: ${scrub(data.message.replaceAll(token, '[token]')).slice(0, 200)}`}`,
  });
}

function isRefusal(data: object): data is { success: false; message?: string | undefined } {
  return 'success' in data && data.success === false;
}

/** The variable as the lead has it; names compare without case. Undefined: it has none of that name. */
export function variableOf(lead: Pick<LeadRow, 'custom_variables'>, name: string): string | undefined {
  return lead.custom_variables.find((variable) => variable.name.toLowerCase() === name.toLowerCase())?.value ?? undefined;
}
