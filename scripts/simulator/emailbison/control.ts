import { z } from 'zod';
import { type Answer, json, type SimRequest } from '../http';
import type { EmailBison } from './api';
import { incomingSchema } from './incoming';
import { madeUpEmailSchema } from './made-up';
import { campaignSchema, CAMPAIGN_STATUSES, EMAIL_STATUSES, leadsSchema, MEMBER_STATUSES, workspaceSchema } from './spec';

/** EmailBison on the control port. */

export const EMAILBISON_HELP = `
GET    /emailbison/workspaces     POST /emailbison/workspaces WORKSPACE or [WORKSPACE, ...]
POST   /emailbison/campaigns {"workspace": ID, "campaign": CAMPAIGN}
POST   /emailbison/campaign-status {"workspace": ID, "campaign": N, "action": "launch" | "pause" | "resume" | STATUS}
POST   /emailbison/leads {"workspace": ID, "campaign"?: N, "leads": [LEAD, ...] or {"count": N}}
POST   /emailbison/attach {"workspace": ID, "campaign": N, "leads": [ID, ...]}
POST   /emailbison/progress {"workspace": ID, "campaign": N, "lead": N, "status"?, "emailsSent"?, "replies"?}
GET    /emailbison/lead?workspace=ID&lead=N
GET    /emailbison/emails?workspace=ID[&campaign=N][&lead=N][&status=S]
POST   /emailbison/emails EMAIL   POST /emailbison/move-email {"workspace": ID, "email": N, "toMs": MS}
GET    /emailbison/sent           GET /emailbison/accepted-replies    GET /emailbison/writes    ([workspace][campaign][lead])
DELETE /emailbison/logs
POST   /emailbison/incoming-reply {"workspace": ID, "lead": N, "campaign"?, "text"?, "automated"?, "webhook"?: {"url"?, "times"?} or false}
GET    /emailbison/settings[?instance=NAME]    POST /emailbison/settings {"instance"?: NAME, "settings": {...}}
`;

const selection = z.object({
  workspace: z.string().optional(),
  campaign: z.coerce.number().int().optional(),
  lead: z.coerce.number().int().optional(),
});
const workspace = z.string();
const number = z.number().int();
const schemas = {
  workspaces: z.union([z.array(workspaceSchema), workspaceSchema.transform((value) => [value])]),
  campaign: z.strictObject({ workspace, campaign: campaignSchema }),
  campaignStatus: z.strictObject({ workspace, campaign: number, action: z.enum(['launch', 'resume', 'pause', ...CAMPAIGN_STATUSES]) }),
  leads: z.strictObject({ workspace, campaign: number.optional(), leads: leadsSchema }),
  attach: z.strictObject({ workspace, campaign: number, leads: z.array(number) }),
  progress: z.strictObject({
    workspace, campaign: number, lead: number,
    status: z.enum(MEMBER_STATUSES).optional(), emailsSent: number.optional(), replies: number.optional(),
  }),
  lead: z.object({ workspace, lead: z.coerce.number().int() }),
  emails: selection.extend({ workspace, status: z.enum(EMAIL_STATUSES).optional() }),
  move: z.strictObject({ workspace, email: number, toMs: number }),
  settings: z.strictObject({ instance: z.string().optional(), settings: z.record(z.string(), z.unknown()) }),
};

/** Undefined: not a path of this folder. Bad input throws, and the control port answers 400. */
export function emailBisonControl(bison: EmailBison, request: SimRequest): Answer | Promise<Answer> | undefined {
  const query = Object.fromEntries(request.query);
  const raw = (): unknown => JSON.parse(request.body);
  switch (`${request.method} ${request.path}`) {
    case 'GET /emailbison/workspaces':
      return json({ workspaces: bison.workspaces() });
    case 'POST /emailbison/workspaces':
      // Checked as a whole first: a bad one among many adds none.
      return json({ workspaces: parse(schemas.workspaces, raw()).map((spec) => bison.addWorkspace(spec)) }, 201);
    case 'POST /emailbison/campaigns': {
      const body = parse(schemas.campaign, raw());
      return json({ campaign: bison.addCampaign(body.workspace, body.campaign) }, 201);
    }
    case 'POST /emailbison/campaign-status': {
      const body = parse(schemas.campaignStatus, raw());
      return json({ campaign: bison.setCampaign(body.workspace, body.campaign, body.action) });
    }
    case 'POST /emailbison/leads': {
      const body = parse(schemas.leads, raw());
      return json({ leadIds: bison.addLeads(body.workspace, body.leads, body.campaign) }, 201);
    }
    case 'POST /emailbison/attach': {
      const body = parse(schemas.attach, raw());
      bison.attachLeads(body.workspace, body.campaign, body.leads);
      return json({ campaign: bison.campaign(body.workspace, body.campaign) });
    }
    case 'POST /emailbison/progress': {
      const { workspace: id, campaign, lead, ...progress } = parse(schemas.progress, raw());
      bison.setProgress(id, campaign, lead, progress);
      return json({ lead: bison.lead(id, lead) });
    }
    case 'GET /emailbison/lead': {
      const wanted = parse(schemas.lead, query);
      return json({ lead: bison.lead(wanted.workspace, wanted.lead) });
    }
    case 'GET /emailbison/emails':
      return json({ emails: bison.emails(parse(schemas.emails, query)) });
    case 'POST /emailbison/emails':
      return json({ email: bison.addEmail(parse(madeUpEmailSchema, raw())) }, 201);
    case 'POST /emailbison/move-email': {
      const body = parse(schemas.move, raw());
      bison.moveEmail(body.workspace, body.email, body.toMs);
      return json({ moved: true });
    }
    case 'GET /emailbison/sent':
      return json({ sent: bison.sent(parse(selection, query)) });
    case 'GET /emailbison/accepted-replies':
      return json({ acceptedReplies: bison.acceptedReplies(parse(selection, query)) });
    case 'GET /emailbison/writes':
      return json({ writes: bison.writes(parse(selection, query)) });
    case 'DELETE /emailbison/logs':
      bison.clearLogs();
      return json({ cleared: true });
    case 'POST /emailbison/incoming-reply':
      return bison.receiveReply(parse(incomingSchema, raw())).then((outcome) => json(outcome, 201));
    case 'GET /emailbison/settings':
      return json({ settings: bison.settings(query.instance) });
    case 'POST /emailbison/settings': {
      const body = parse(schemas.settings, raw());
      // What is not named stays as it is, and so is not filled in with defaults here.
      return json({ settings: bison.updateSettings(body.settings, body.instance) });
    }
    default:
      return undefined;
  }
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (!result.success) throw new Error(z.prettifyError(result.error));
  return result.data;
}
