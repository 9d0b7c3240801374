import type { EmailBisonWorld } from './emailbison/world';
import type { Answer, SimRequest } from './http';
import type { Limits } from './limits';
import type { ResolvedSpec } from './spec';
import type { CalendarState, World } from './world';

/** What a provider's folder exports. A new vendor is one more of these and one line in `providers.ts`. */
export interface ProviderModule {
  name: string;
  /** Its hosts, each with the variable that points the app at it, if one does. */
  origins: readonly { readonly name: string; readonly env?: string }[];
  /** Which endpoint of which calendar this is; every request matches something, if only a 404. */
  match(context: ProviderContext, origin: string, request: SimRequest): Call;
  /** An error in this host's own words. */
  errorAnswer(origin: string, status: number, detail?: string): Answer;
}

/** A provider of calendars. */
export interface CalendarProviderModule extends ProviderModule {
  identify(spec: ResolvedSpec, seed: number): Identity;
}

export interface ProviderContext {
  world: World;
  limits: Limits;
  emailbison: EmailBisonWorld;
}

export interface Identity {
  /** What the world finds it by. */
  keys: readonly string[];
  /** The link a user would paste. */
  url: string;
  /** Every other form of that link, by name. */
  links: Record<string, string>;
  /** The provider's own ids, by name. */
  ids: Record<string, string>;
  /** A token that the official API accepts (unless the spec says it was revoked). */
  token: string;
}

export interface AnswerOptions {
  nowMs: number;
  /** A well-formed answer with no slots. */
  isEmpty: boolean;
}

export interface Call {
  endpoint: string;
  calendar?: CalendarState | undefined;
  /** The EmailBison workspace whose token was sent. */
  workspaceId?: string | undefined;
  /** 1 for the request that begins a fetch of several pages. */
  page: number;
  /** Fields that a client cannot do without; the `wrong` fault takes the first that is there away. */
  requiredFields: readonly string[];
  /** Counts the request against the host's limits. */
  admit?: (() => Admission) | undefined;
  answer(options: AnswerOptions): Answer;
}

export interface Admission {
  headers: Record<string, string>;
  /** Set when the limit is reached. */
  refusal?: Answer;
}
