import { type Answer, json } from '../http';

const WORDS: Record<number, [title: string, message: string]> = {
  400: ['Invalid Argument', 'The supplied parameters are invalid.'],
  401: ['Unauthenticated', 'The access token is invalid'],
  403: ['Permission Denied', 'You do not have permission to access this resource.'],
  404: ['Resource Not Found', 'The server could not find the requested resource.'],
  429: ['Too Many Requests', 'You have exceeded the request limit.'],
};

export function calendlyError(status: number, detail?: string): Answer {
  const [title, message] = WORDS[status] ?? ['Internal Server Error', 'The server encountered an unexpected condition.'];
  return json({ title, message: detail ?? message }, status);
}

export interface CalendlyDetail {
  parameter: string;
  message: string;
}

export function calendlyInvalid(...details: CalendlyDetail[]): Answer {
  return json({ title: 'Invalid Argument', message: 'The supplied parameters are invalid.', details }, 400);
}
