import { type Answer, json } from '../http';

const WORDS: Record<number, [message: string, error: string]> = {
  400: ['Bad Request', 'Bad Request'],
  401: ['Invalid token: access token is invalid', 'Unauthorized'],
  403: ['The token does not have access to this location.', 'Forbidden'],
  404: ['Calendar not found', 'Not Found'],
  429: ['Too Many Requests', 'Too Many Requests'],
};

export function ghlError(status: number, detail?: string): Answer {
  const [message, error] = WORDS[status] ?? ['Internal server error', 'Internal Server Error'];
  return json({ statusCode: status, message: detail ?? message, error }, status);
}

/** 422 tells its complaints as a list, where every other status has one text. */
export function ghlUnprocessable(...messages: string[]): Answer {
  return json({ statusCode: 422, message: messages, error: 'Unprocessable Entity' }, 422);
}
