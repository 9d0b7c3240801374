import { isAscii, isUtf8 } from 'node:buffer';
import { readOnce } from './http-answers';
import type { Exchange } from './http-exchange';
import { fail, type Asked } from './http-failures';
import type { HttpRequest } from './types';

/** From a whole, successful answer to what the caller wanted of it. */

/** The parsed and checked body. @throws ProviderError with the path of the first thing that is wrong */
export function readJson<T>(asked: Asked, answer: Exchange, { schema, remember }: Pick<HttpRequest<T>, 'schema' | 'remember'>): T {
  expectType(asked, answer, 'JSON', /^application\/(?:[\w.-]+\+)?json$/);
  const read = (): T => parseAndCheck(asked, answer, schema);
  return remember === undefined ? read() : readOnce(answer.body, schema, remember.changingField, read);
}

function parseAndCheck<T>(asked: Asked, answer: Exchange, schema: HttpRequest<T>['schema']): T {
  const { status } = answer;
  // Plain ASCII, as nearly all is, needs no decoding.
  const encoding = isAscii(answer.body) ? 'latin1' : 'utf8';
  if (encoding === 'utf8' && !isUtf8(answer.body)) throw fail(asked, 'invalid_response', 'sent text that is not UTF-8', { status });
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.body.toString(encoding));
  } catch {
    // No `cause`: the parser's message quotes the body.
    throw fail(asked, 'invalid_response', 'sent JSON that cannot be parsed', { status });
  }
  const checked = schema.safeParse(parsed);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const path = issue === undefined || issue.path.length === 0 ? 'the answer itself' : issue.path.map(String).join('.');
  throw fail(asked, 'invalid_response', `sent an answer of an unknown shape: ${path}: ${issue?.message ?? 'invalid'}`, { status });
}

export function readHtml(asked: Asked, answer: Exchange): string {
  expectType(asked, answer, 'HTML', /^(?:text\/html|application\/xhtml\+xml)$/);
  return answer.body.toString('utf8');
}

function expectType(asked: Asked, answer: Exchange, wanted: 'JSON' | 'HTML', pattern: RegExp): void {
  const { status, headers } = answer;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw fail(asked, 'invalid_response', 'sent a compressed answer that was not asked for', { status });
  }
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== undefined && pattern.test(type)) return;
  const sent = type === 'text/html' ? 'an HTML page' : type === undefined ? 'no content type' : 'another content type';
  throw fail(asked, 'invalid_response', `sent ${sent} with status ${status} where ${wanted} was expected`, { status });
}
