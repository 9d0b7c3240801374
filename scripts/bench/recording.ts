/** The requests of a sweep as it sends them: what the other programs of the bench send again. */
import type { CalendarProvider } from '../../lib/providers/errors';
import type { HttpRequest, HttpTransport } from '../../lib/providers/types';

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
  /** Made into requests after the run. Null: they are not noted, because holding them would count as the sweep's memory. */
  sent: Pick<HttpRequest<unknown>, 'vendor' | 'url' | 'headers'>[] | null;
  /** Exchanges and body bytes as the sweep's own HTTP client saw them. */
  exchanges: number;
  bytes: number;
}

/** What the transport itself adds to every request. */
const TRANSPORT_HEADERS = { accept: 'application/json', 'user-agent': 'availability-cache/1.0' };

/** The same transport, with its requests noted in `recording`: one push and one count a request. */
export function recordingTransport(inner: HttpTransport, recording: Recording): HttpTransport {
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
          recording.sent?.push(request);
          return client.getJson(request);
        },
        getHtml: (request) => {
          recording.sent?.push(request);
          return client.getHtml(request);
        },
      };
    },
    close: () => inner.close(),
  };
}

/** In the order they were sent. */
export function recordedRequests({ sent }: Recording): RecordedRequest[] {
  const refreshes = new Map<string, number>();
  return (sent ?? []).map(({ vendor, url, headers }) => {
    // Slot requests name their calendar in the path, those of HubSpot in `slug`.
    const calendar = `${vendor} ${url.pathname} ${url.searchParams.get('slug') ?? ''}`;
    const refresh = refreshes.get(calendar) ?? refreshes.size;
    refreshes.set(calendar, refresh);
    return { vendor, refresh, origin: url.origin, path: url.pathname + url.search, headers: { ...TRANSPORT_HEADERS, ...headers } };
  });
}
