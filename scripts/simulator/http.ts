import type { IncomingHttpHeaders } from 'node:http';

/** What a provider sees of a request, and what it answers. */
export interface SimRequest {
  method: string;
  /** Still percent-encoded: a slug with %2F is one segment. */
  path: string;
  segments: readonly string[];
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Path and query as sent. */
  target: string;
  /** For methods that carry one. */
  body: string;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export function parseRequest(method: string, target: string, headers: IncomingHttpHeaders, body: string): SimRequest {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  return {
    method,
    path,
    segments: path.split('/').filter((segment) => segment !== ''),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers,
    target,
    body,
  };
}

export function jsonText(body: Buffer, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}

export function json(value: unknown, status = 200): Answer {
  return jsonText(Buffer.from(JSON.stringify(value)), status);
}

export function html(text: string, status = 200): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(text) };
}

export function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  const match = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '');
  return match?.[1];
}

/** Undefined where the percent-encoding is broken. */
export function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
