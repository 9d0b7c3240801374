import { type Answer, html, json, type SimRequest } from '../http';
import type { Settings } from './spec';

/** The three shapes in which EmailBison tells an error. */

const WORDS: Record<number, string> = {
  401: 'Unauthenticated.',
  403: 'This action is unauthorized.',
  405: 'The method is not supported for this route.',
  429: 'Too Many Attempts.',
  500: 'Server Error',
  503: 'Service Unavailable',
};

export function bisonError(status: number, detail?: string): Answer {
  if (status === 404) {
    return json({ data: { success: false, message: detail ?? 'Record not found', record_not_found: true } }, status);
  }
  if (status === 400) return json({ data: { success: false, message: detail ?? 'Bad request' } }, status);
  if (status === 422) return invalid({ request: [detail ?? 'The given data was invalid.'] });
  return json({ message: detail ?? WORDS[status] ?? 'Server Error' }, status);
}

/** Seen beside `message` on 401. */
export function plainError(status: number, error: string): Answer {
  return json({ error }, status);
}

function invalid(errors: Record<string, string[]>): Answer {
  const all = Object.values(errors).flat();
  const more = all.length - 1;
  const suffix = more > 0 ? ` (and ${more} more error${more > 1 ? 's' : ''})` : '';
  return json({ message: `${all[0] ?? 'The given data was invalid.'}${suffix}`, errors }, 422);
}

/** Collects what is wrong with a body, as Laravel's validator does. */
export class Problems {
  private readonly errors: Record<string, string[]> = {};
  private isMissing = false;

  required(field: string): void {
    this.isMissing = true;
    this.add(field, `The ${words(field)} field is required.`);
  }

  add(field: string, message: string): void {
    (this.errors[field] ??= []).push(message);
  }

  answer(settings: Settings): Answer | undefined {
    if (Object.keys(this.errors).length === 0) return undefined;
    return this.isMissing && settings.missingFieldStatus === 500 ? bisonError(500) : invalid(this.errors);
  }
}

function words(field: string): string {
  return field.replaceAll('_', ' ');
}

/** What Laravel does with a caller that does not say that it wants JSON. */
export function forBrowsers(answer: Answer, request: SimRequest): Answer {
  if (answer.status < 400 || (request.headers.accept ?? '').includes('json')) return answer;
  if (answer.status !== 401 && answer.status !== 422) return html(`<!DOCTYPE html><title>${answer.status}</title>`, answer.status);
  return { ...html('<!DOCTYPE html><title>Redirecting</title>', 302), headers: { 'content-type': 'text/html', location: '/login' } };
}
