import { fetchAvailability, detectCalendarType } from '../../lib/calendar-availability';
import type { Env } from '../../lib/env';
import { ProviderError, type CalendarProvider } from '../../lib/providers/errors';
import { createHttpTransport } from '../../lib/providers/http';
import type { FetchResult } from '../../lib/providers/types';
import { originsFrom } from '../../lib/refresh/context';
import { adviceFor } from './advice';
import { UserError } from './fail';

export interface LinkQuestion {
  url: string;
  days: number;
  durationMinutes: number;
  zone: string;
  chosenId?: string | undefined;
  credential?: string | undefined;
}

export interface LinkAnswer extends FetchResult {
  type: CalendarProvider;
  tookMs: number;
}

/** Reads one booking link now, as a sweep would, and stores nothing. @throws UserError with kind, message and what to do */
export async function fetchLink(env: Env, question: LinkQuestion): Promise<LinkAnswer> {
  const type = detectCalendarType(question.url);
  if (type === 'unknown') throw new UserError(`unsupported_link: ${question.url} is no booking link of Calendly, HubSpot Meetings or GoHighLevel.`);
  const origins = originsFrom(env);
  const transport = createHttpTransport({
    allowHosts: env.OUTBOUND_ALLOW_HOSTS,
    trustedOrigins: Object.values(origins).filter((origin): origin is string => origin !== undefined),
  });
  const startedAt = performance.now();
  try {
    const result = await fetchAvailability(type, question.url, question.days, {
      http: transport.client(),
      origins,
      durationMinutes: question.durationMinutes,
      timezone: question.zone,
      signal: AbortSignal.timeout(env.AVAILABILITY_WORKSPACE_TIMEOUT_MS),
      now: Date.now(),
      ...(question.chosenId !== undefined && { chosenId: question.chosenId }),
      ...(question.credential !== undefined && { credential: question.credential }),
    });
    return { ...result, type, tookMs: Math.round(performance.now() - startedAt) };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const choices = error.choices?.map((choice) => `\n  ${choice.id}  ${choice.name}`).join('') ?? '';
    const advice = choices ? 'Choose one with --choose <id>.' : (adviceFor(error.kind) ?? '');
    throw new UserError(`${error.kind}: ${error.message}${choices}\n${advice}`.trim(), { cause: error });
  } finally {
    await transport.close();
  }
}
