import type { AccountAnswers } from './account-answers';
import type { CalendarProvider, Vendor } from './errors';

/** What a refresh already knows of a link, so that a warm one needs only the slot requests. Plain JSON. */
export interface ProviderMeta {
  /** Calendly event type, HubSpot link, or GHL calendar that the link was resolved to. */
  resolvedId?: string;
  /** IANA zone of the booking page. */
  zone?: string;
  /** Length of the meeting as the provider states it, where one is stated. */
  durationMinutes?: number;
  /** HubSpot: every length the page offers, so that a month without slots of one is not taken for an unknown one. */
  durationsMinutes?: number[];
  /** Origin and path of the link that all this was learned from; what is known of another link is not used. */
  resolvedFrom?: string;
  /** Calendly: the single-use or share link's code, needed in the range call. */
  schedulingLinkCode?: string;
  /** When the link was resolved, epoch milliseconds; kept by who stores the meta. */
  resolvedAt?: number;
  /** Which interface the id belongs to; an id of one is not valid at the other. */
  via?: 'public' | 'official';
}

export interface FetchOptions {
  http: HttpClient;
  origins: ProviderOrigins;
  /** The token of the official API; without it the public booking endpoints are used. */
  credential?: string;
  meta?: ProviderMeta;
  /** The event type or calendar that a person chose; always wins over `meta.resolvedId`. */
  chosenId?: string;
  /** The workspace's wish: HubSpot must offer it; it is the length itself where the interface states none (public GHL). */
  durationMinutes: number;
  /** The workspace's zone, used where the provider does not state one. */
  timezone: string;
  /**
   * An empty answer must be confirmed by a second, independent call (lookup, book info, calendar) that
   * says the page is live, because non-empty slots are stored.
   */
  confirmEmpty?: boolean;
  signal: AbortSignal;
  /** Start of the window, epoch milliseconds. */
  now: number;
}

export interface FetchResult {
  /** Every bookable start in [now, now + days × 24 h): epoch milliseconds, sorted, unique. */
  slots: number[];
  durationMinutes: number;
  meta: ProviderMeta;
}

/** @throws ProviderError with a kind; nothing else, and never a part of the window. */
export type FetchAvailability = (url: string, days: number, options: FetchOptions) => Promise<FetchResult>;

export interface ProviderOrigins {
  calendlyBooking: string;
  calendlyApi: string;
  /** Set: replaces every HubSpot hublet's own host. */
  hubspotMeetings?: string;
  hubspotApi: string;
  ghlBackend: string;
  /** Unset: the link's own origin. */
  ghlBooking?: string;
  ghlApi: string;
}

export interface HttpRequest<T> {
  vendor: CalendarProvider;
  url: URL;
  /** Checks and narrows the parsed JSON; unknown fields pass. */
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } } };
  /**
   * Answers of slots, nearly all of what is read: keep what was read of one and take it for the next with the same text. For
   * schemas that are constants, whose readings are small.
   */
  remember?: {
    /** A text field whose value differs in each answer and is not read, as a trace id. */
    changingField?: string;
  };
  /** The answer is of the credential's account, not of one calendar: once a run is enough. */
  isOfAccount?: boolean;
  headers?: Record<string, string>;
  /** Sent as `Authorization: Bearer`; never follows a redirect to another origin. */
  credential?: string;
  signal: AbortSignal;
  /** A user-given host: https, public addresses, port 443, checked at connect time and at each redirect. */
  guarded?: boolean;
}

export interface HttpClient {
  /**
   * GET, status 200, JSON content type, body within the cap, checked by the schema.
   * @throws ProviderError
   */
  getJson<T>(request: HttpRequest<T>): Promise<T>;
  /** GET an HTML page of a booking host, within the cap. @throws ProviderError */
  getHtml(request: Omit<HttpRequest<string>, 'schema'>): Promise<string>;
}

/** One call of a vendor's JSON API that may write. */
export interface ApiRequest<T> extends Omit<HttpRequest<T>, 'vendor'> {
  vendor: Vendor;
  method: 'GET' | 'PATCH' | 'POST';
  /** Sent as JSON with PATCH and POST. */
  body?: unknown;
}

export interface ApiClient {
  /**
   * One exchange, answered with JSON; never sent twice. The redirect of a write is a failure: following it would
   * repeat the write elsewhere, or turn it into a read.
   * @throws ProviderError
   */
  send<T>(request: ApiRequest<T>): Promise<T>;
}

/** The connections of a process; a run takes a client of its own from it. */
export interface HttpTransport {
  client(hooks?: HttpHooks): HttpClient;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Also for those who may write: the fetchers of calendars are given no way to. */
export interface ApiTransport extends HttpTransport {
  apiClient(hooks?: HttpHooks): ApiClient;
}

export interface HttpHooks {
  observe?: (observation: HttpObservation) => void;
  /** Awaited before each request that carries a credential: spreads them over its quota. */
  beforeRequest?: (request: { vendor: Vendor; credential: string; signal: AbortSignal }) => Promise<void>;
  /** Where the answers about the account of this client's credential are kept; without it each request is sent. */
  accountAnswers?: Pick<AccountAnswers, 'once'>;
}

/** Told of every HTTP exchange: feeds the latencies of a run's answer, concurrency and quota. */
export interface HttpObservation {
  vendor: Vendor;
  host: string;
  /** Milliseconds from the request to the last byte of the body. */
  durationMs: number;
  status: number | undefined;
  bytes: number;
  failed: boolean;
  /** Requests a window by the vendor's quota headers, when the answer had them. */
  quotaLimit: number | undefined;
}
