import type { Lead, ScheduledEmail, Step } from './state';

/** How variables come into an email. */

/** Double braces are taken first: they are not the template syntax, and print as they are. */
const PLACEHOLDER = /\{\{[^{}]*\}\}|\{([A-Z][A-Z0-9_ ]*)\}/g;

/** A variable that the lead lacks renders empty; nothing stops such an email. */
export function render(template: string, lead: Lead): string {
  return template.replace(PLACEHOLDER, (whole, name: string | undefined) =>
    name === undefined ? whole : valueOf(lead, name.toLowerCase()),
  );
}

function valueOf(lead: Lead, name: string): string {
  switch (name) {
    case 'first_name':
      return lead.firstName;
    case 'last_name':
      return lead.lastName;
    case 'email':
      return lead.email;
    case 'company':
      return lead.company ?? '';
    case 'title':
      return lead.title ?? '';
    default:
      return lead.variables.get(name)?.value ?? '';
  }
}

export function renderStep(step: Step, lead: Lead): { subject: string; body: string } {
  return { subject: render(step.subject, lead), body: render(step.body, lead) };
}

/** What a row shows when it is read. */
export function shownText(email: ScheduledEmail): { subject: string; body: string } {
  const { rendersAt, queuedBody } = email.campaign.workspace.instance.settings;
  if (!email.step || email.sentMs !== null || rendersAt === 'scheduling' || queuedBody === 'asScheduled') return email;
  return queuedBody === 'template' ? email.step : renderStep(email.step, email.lead);
}

/** A lead has changed: its waiting rows follow, or do not. */
export function leadChanged(lead: Lead, nowMs: number): void {
  for (const { waiting, campaign } of lead.members) {
    const { rendersAt, patchRerenders, rerenderCutoffMinutes } = campaign.workspace.instance.settings;
    if (!waiting?.step || rendersAt !== 'scheduling' || !patchRerenders) continue;
    if (waiting.scheduledMs - nowMs < rerenderCutoffMinutes * 60_000) continue;
    Object.assign(waiting, renderStep(waiting.step, lead));
  }
}
