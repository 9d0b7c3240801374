import { type Answer, json } from '../http';
import { bisonError, Problems } from './errors';
import { leadChanged } from './render';
import { type BisonRequest, isRecord } from './request';
import type { Lead } from './state';
import { leadJson } from './wire';

/** /api/leads/{id}: PATCH merges, PUT clears what it does not name. */

export function withLead(context: BisonRequest, answer: (lead: Lead) => Answer): Answer {
  const lead = context.workspace.leads.get(context.ids[0] ?? 0);
  return lead ? answer(lead) : bisonError(404);
}

export function readLead(context: BisonRequest): Answer {
  return withLead(context, (lead) => json({ data: leadJson(lead) }));
}

const REQUIRED = { first_name: 'firstName', last_name: 'lastName', email: 'email' } as const;
const OPTIONAL = { company: 'company', title: 'title', notes: 'notes' } as const;

export function patchLead(context: BisonRequest): Answer {
  return withLead(context, (lead) => {
    const problems = new Problems();
    const variables = variablesOf(context, problems);
    const fields = fieldsOf(context, lead, problems);
    const refusal = problems.answer(context.settings);
    if (refusal) return refusal;
    for (const [key, variable] of variables) lead.variables.set(key, variable);
    return changed(context, lead, fields);
  });
}

export function putLead(context: BisonRequest): Answer {
  return withLead(context, (lead) => {
    const problems = new Problems();
    for (const name of Object.keys(REQUIRED)) if (!context.body[name]) problems.required(name);
    const variables = variablesOf(context, problems);
    const fields = fieldsOf(context, lead, problems);
    const refusal = problems.answer(context.settings);
    if (refusal) return refusal;
    lead.variables = new Map(variables);
    return changed(context, lead, { company: null, title: null, notes: null, ...fields });
  });
}

type Fields = Partial<Pick<Lead, 'email' | 'firstName' | 'lastName' | 'company' | 'title' | 'notes'>>;

function changed({ workspace, nowMs }: BisonRequest, lead: Lead, fields: Fields): Answer {
  if (fields.email !== undefined) {
    workspace.leadsByEmail.delete(lead.email);
    workspace.leadsByEmail.set(fields.email, lead);
  }
  Object.assign(lead, fields, { updatedAtMs: nowMs });
  leadChanged(lead, nowMs);
  return json({ data: leadJson(lead) });
}

function fieldsOf({ body, workspace }: BisonRequest, lead: Lead, problems: Problems): Fields {
  const fields: Fields = {};
  for (const [name, field] of Object.entries(REQUIRED)) {
    const value = body[name];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value === 'string') fields[field] = field === 'email' ? value.toLowerCase() : value;
    else problems.add(name, `The ${name.replace('_', ' ')} field must be a string.`);
  }
  for (const [name, field] of Object.entries(OPTIONAL)) {
    const value = body[name];
    if (value === undefined) continue;
    if (typeof value === 'string' || value === null) fields[field] = value;
    else problems.add(name, `The ${name} field must be a string.`);
  }
  const other = fields.email === undefined ? undefined : workspace.leadsByEmail.get(fields.email);
  if (other && other !== lead) problems.add('email', 'The email has already been taken.');
  return fields;
}

interface NamedValue { name: string; value: string }

/** The workspace's own spelling of a name is kept, whatever case it is written in. */
function variablesOf({ body, workspace, settings }: BisonRequest, problems: Problems): Map<string, NamedValue> {
  const variables = new Map<string, NamedValue>();
  const { custom_variables: list } = body;
  if (list === undefined || list === null) return variables;
  if (!Array.isArray(list)) {
    problems.add('custom_variables', 'The custom variables field must be an array.');
    return variables;
  }
  for (const [index, item] of (list as unknown[]).entries()) {
    const { name, value } = isRecord(item) ? item : {};
    if (typeof name !== 'string' || name === '') problems.required(`custom_variables.${index}.name`);
    else if (typeof value !== 'string') problems.add(`custom_variables.${index}.value`, 'The value field must be a string.');
    else if (value === '' && !settings.allowsEmptyVariable) problems.required(`custom_variables.${index}.value`);
    else {
      const known = workspace.variables.get(name.toLowerCase());
      if (known) variables.set(name.toLowerCase(), { name: known.name, value });
      else problems.add(`custom_variables.${index}.name`, `The custom variable ${name} does not exist.`);
    }
  }
  return variables;
}

/** The variables of a write, as sent; for the log. */
export function sentVariables(body: Record<string, unknown>): NamedValue[] {
  const { custom_variables: list } = body;
  return (Array.isArray(list) ? (list as unknown[]) : []).flatMap((item) =>
    isRecord(item) ? [{ name: String(item.name), value: String(item.value) }] : [],
  );
}
