/** What a refresh needs from outside: built once a process from the environment, or by a test from its own parts. */
import { openCredential, parseCredentialKeys } from '../credentials';
import { db, type Db } from '../db';
import { env, type Env } from '../env';
import { createHttpTransport } from '../providers/http';
import type { HttpTransport, ProviderOrigins } from '../providers/types';
import type { WorkItem } from './types';

export interface CacheSettings {
  ttlMs: number;
  maxAgeMs: number;
  lookaheadDays: number;
  /** One workspace's deadline for all its calls. */
  workspaceTimeoutMs: number;
  timeBudgetMs: number;
  /** Set by the operator; undefined: finds itself for each host. */
  concurrency: number | undefined;
  maxConcurrencyPerHost: number;
  /** Most workspaces a run refreshes; undefined: no limit; 0: the sweep is off. */
  workspaceLimit: number | undefined;
  quotaSharePercent: number;
}

export interface CacheContext {
  db: Db;
  settings: CacheSettings;
  transport: HttpTransport;
  origins: ProviderOrigins;
  /** @throws when its key is not configured or the text was tampered with */
  openCredential: (item: Pick<WorkItem, 'workspaceId' | 'link' | 'credential'>) => string | undefined;
  /** Uniform in [0, 1). */
  random: () => number;
}

export function settingsFrom(from: Env): CacheSettings {
  return {
    ttlMs: from.AVAILABILITY_CACHE_TTL_MS,
    maxAgeMs: from.AVAILABILITY_MAX_AGE_MS,
    lookaheadDays: from.AVAILABILITY_LOOKAHEAD_DAYS,
    workspaceTimeoutMs: from.AVAILABILITY_WORKSPACE_TIMEOUT_MS,
    timeBudgetMs: from.AVAILABILITY_CRON_TIME_BUDGET_MS,
    concurrency: from.AVAILABILITY_CRON_CONCURRENCY,
    maxConcurrencyPerHost: from.AVAILABILITY_MAX_CONCURRENCY_PER_HOST,
    workspaceLimit: from.AVAILABILITY_CRON_WORKSPACE_LIMIT ?? from.AVAILABILITY_CRON_LIMIT,
    quotaSharePercent: from.QUOTA_SHARE_PERCENT,
  };
}

export function originsFrom(from: Env): ProviderOrigins {
  return {
    calendlyBooking: from.CALENDLY_BOOKING_ORIGIN,
    calendlyApi: from.CALENDLY_API_ORIGIN,
    hubspotMeetings: from.HUBSPOT_MEETINGS_ORIGIN,
    hubspotApi: from.HUBSPOT_API_ORIGIN,
    ghlBackend: from.GHL_BACKEND_ORIGIN,
    ghlApi: from.GHL_API_ORIGIN,
    ...(from.GHL_BOOKING_ORIGIN === undefined ? {} : { ghlBooking: from.GHL_BOOKING_ORIGIN }),
  };
}

/** A context over a given environment and database. */
export function createContext(from: Env, client: Db): CacheContext {
  const origins = originsFrom(from);
  const keys = from.CREDENTIALS_KEY === undefined ? undefined : parseCredentialKeys(from.CREDENTIALS_KEY);
  return {
    db: client,
    settings: settingsFrom(from),
    transport: createHttpTransport({
      allowHosts: from.OUTBOUND_ALLOW_HOSTS,
      trustedOrigins: Object.values(origins).filter((origin): origin is string => origin !== undefined),
    }),
    origins,
    openCredential: ({ workspaceId, link, credential }) => {
      if (!credential || link.provider === 'unknown') return undefined;
      if (!keys) throw new Error('CREDENTIALS_KEY is not set');
      const sealed = { ciphertext: Buffer.from(credential.ciphertext, 'base64'), keyId: credential.keyId };
      return openCredential(keys, { clientId: workspaceId, provider: link.provider }, sealed);
    },
    random: Math.random,
  };
}

const processWide = globalThis as { availabilityContext?: CacheContext };

/** The process's context. @throws EnvError */
export function processContext(): CacheContext {
  processWide.availabilityContext ??= createContext(env(), db());
  return processWide.availabilityContext;
}
