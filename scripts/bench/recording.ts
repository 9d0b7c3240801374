/** The requests of a sweep as it sends them: what the other programs of the bench send again. */
import type { CalendarProvider } from '../../lib/providers/errors';
import type { HttpClient, HttpTransport } from '../../lib/providers/types';

export interface RecordedRequest {
  vendor: CalendarProvider;
  origin: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  /** Requests of one workspace have the same number. */
  refresh: number;
}

export interface Recording {
  requests: RecordedRequest[];
  /** Exchanges and body bytes as the sweep's own HTTP client saw them. */
  exchanges: number;
  bytes: number;
}

/** What the transport itself adds to every request. */
const TRANSPORT_HEADERS = { accept: 'application/json', 'user-agent': 'availability-cache/1.0' };

/** The same transport, with its requests noted in `recording`: one push and one count a request. */
export function recordingTransport(inner: HttpTransport, recording: Recording): HttpTransport {
  // A refresh has a signal of its own, and nothing else that its requests share.
  const refreshes = new Map<AbortSignal, number>();
  const note = ({ vendor, url, headers, signal }: Parameters<HttpClient['getHtml']>[0]): void => {
    let refresh = refreshes.get(signal);
    if (refresh === undefined) refreshes.set(signal, (refresh = refreshes.size));
    recording.requests.push({
      vendor, refresh, origin: url.origin, path: url.pathname + url.search, headers: { ...TRANSPORT_HEADERS, ...headers },
    });
  };
  return {
    client(hooks = {}) {
      const client = inner.client({
        ...hooks,
        observe: (observation) => {
          recording.exchanges++;
          recording.bytes += observation.bytes;
          hooks.observe?.(observation);
        },
      });
      return {
        getJson: (request) => {
          note(request);
          return client.getJson(request);
        },
        getHtml: (request) => {
          note(request);
          return client.getHtml(request);
        },
      };
    },
    close: () => inner.close(),
  };
}
