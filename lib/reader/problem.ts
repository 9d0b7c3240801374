/** Errors of the API as problem+json (RFC 9457). No SQL, no secret, nothing of another agency in any text. */
import { z } from 'zod';

export const problemSchema = z.strictObject({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  code: z
    .enum(['bad_request', 'unauthorized', 'not_found', 'method_not_allowed', 'rate_limited', 'internal_error', 'unavailable'])
    .describe('What a program decides by.'),
  detail: z.string().describe('What is wrong and what is right, for a person.'),
  errors: z
    .array(z.strictObject({ field: z.string().describe('The parameter or the field of the body.'), message: z.string() }))
    .optional()
    .describe('Every field that is wrong; with status 400.'),
});

type ProblemBody = z.infer<typeof problemSchema>;
export type FieldError = NonNullable<ProblemBody['errors']>[number];

const STATUS: Record<ProblemBody['code'], { status: number; title: string }> = {
  bad_request: { status: 400, title: 'Bad request' },
  unauthorized: { status: 401, title: 'Unauthorized' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'Service unavailable' },
};

/** An answer that a handler throws to give: the caller's mistake, not ours. */
export class Problem extends Error {
  override name = 'Problem';
  constructor(
    readonly code: ProblemBody['code'],
    readonly detail: string,
    readonly extra: { errors?: FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
  }

  toResponse(): Response {
    const { status, title } = STATUS[this.code];
    const body: ProblemBody = { type: 'about:blank', title, status, code: this.code, detail: this.detail, ...(this.extra.errors && { errors: this.extra.errors }) };
    return new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...this.extra.headers },
    });
  }
}

/** 400. @param errors at least one, each with the field it is about */
export function badRequest(errors: FieldError[]): Problem {
  return new Problem('bad_request', errors.map(({ field, message }) => `${field} ${message}`).join('; '), { errors });
}

/** The same for what is missing and for what is another agency's: nobody learns which. */
export const workspaceNotFound = (): Problem => new Problem('not_found', 'There is no such workspace in this agency.');
export const bookingNotFound = (): Problem => new Problem('not_found', 'There is no such booking in this agency.');
