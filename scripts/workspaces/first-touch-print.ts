import type { FirstTouchPreview, FirstTouchStatus } from '../../lib/emailbison-first-touch-availability';

export function previewOf({ name, content, sentence, slotsUtc, zone, reason, sendAt }: FirstTouchPreview): string {
  if (content === 'broken') return `${name} would send nothing: ${reason ?? ''}`;
  return [
    `${name}, for an email sent at ${sendAt}:`,
    `  ${sentence ?? ''}`,
    ...(slotsUtc.length > 0 ? [`Times in it (UTC; said in ${zone}):`, ...slotsUtc.map((slot) => `  ${slot}`)] : [`The fallback, because: ${reason ?? ''}`]),
  ].join('\n');
}

export function statusOf({ name, workspaceId, isOn, isPaused, lastVisitAt, lastError, instance, leads }: FirstTouchStatus): string {
  const rows = Object.entries(leads).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${name} (${workspaceId}): first touch is ${isOn ? 'on' : 'off'}${isPaused ? ', and the workspace is paused' : ''}`,
    `Last visited: ${lastVisitAt ?? 'never'}${lastError === null ? '' : `, with an error: ${lastError}`}`,
    ...(instance ? [`EmailBison: ${instance.origin}`, `  ${instance.description}`] : ['EmailBison: no base URL is stored']),
    rows.length === 0 ? 'Nothing was written yet.' : 'Leads:',
    ...rows.map(([state, count]) => `  ${String(count).padStart(6)}  ${state}`),
  ].join('\n');
}
