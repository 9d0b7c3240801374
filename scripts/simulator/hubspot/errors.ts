import { type Answer, json } from '../http';
import { idLike } from '../random';

const WORDS: Record<number, [category: string, message: string]> = {
  400: ['VALIDATION_ERROR', 'Invalid input'],
  401: [
    'INVALID_AUTHENTICATION',
    'Authentication credentials not found. This API supports OAuth 2.0 authentication.',
  ],
  403: ['MISSING_SCOPES', "This app hasn't been granted all required scopes to make this call."],
  404: ['OBJECT_NOT_FOUND', 'Meeting link not found'],
};

export function hubspotError(status: number, detail?: string, subCategory?: string): Answer {
  if (status === 429) return hubspotRateLimit('TEN_SECONDLY_ROLLING');
  const [category, message] = WORDS[status] ?? ['SERVER_ERROR', 'internal error'];
  const text = detail ?? message;
  return json(
    {
      status: 'error',
      message: text,
      correlationId: idLike.uuid(`correlation ${status} ${text}`),
      category,
      ...(subCategory === undefined ? {} : { subCategory }),
    },
    status,
  );
}

export function hubspotRateLimit(policyName: 'DAILY' | 'TEN_SECONDLY_ROLLING'): Answer {
  return json(
    {
      status: 'error',
      message: policyName === 'DAILY' ? 'Daily limit reached' : 'Ten-second limit reached',
      errorType: 'RATE_LIMIT',
      correlationId: idLike.uuid(`correlation ${policyName}`),
      policyName,
    },
    429,
  );
}
