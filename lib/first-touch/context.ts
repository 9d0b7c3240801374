/** What first touch needs from outside: built once a process from the environment, or by a test from its own parts. */
import { openCredential, parseCredentialKeys } from '../credentials';
import { db, type Db } from '../db';
import { env, type Env } from '../env';
import { createHttpTransport } from '../providers/http';
import type { ApiTransport } from '../providers/types';
import { createContext, processContext, type CacheContext } from '../refresh/context';

/** What has just been done for a lead; a crash may come after each. */
export type Step = 'prepared' | 'recorded' | 'patched' | 'written' | 'settled';

export interface FirstTouchContext {
  /** The cache's: read from, and with `refreshIfStale` refreshed. */
  cache: CacheContext;
  transport: ApiTransport;
  /** @throws CredentialError */
  openToken: (owner: { workspaceId: string; ciphertext: Uint8Array; keyId: string }) => string;
  refreshIfStale: boolean;
  timeBudgetMs: number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Epoch milliseconds; undefined: the database's clock. */
  now?: () => number;
  onStep?: (step: Step, email: string) => void | Promise<void>;
}

export function createFirstTouchContext(from: Env, client: Db, cache: CacheContext = createContext(from, client)): FirstTouchContext {
  const keys = from.CREDENTIALS_KEY === undefined ? undefined : parseCredentialKeys(from.CREDENTIALS_KEY);
  return {
    cache,
    // Every instance is a user-given host: none is trusted.
    transport: createHttpTransport({ allowHosts: from.OUTBOUND_ALLOW_HOSTS, trustedOrigins: [] }),
    openToken: ({ workspaceId, ...sealed }) => {
      if (!keys) throw new Error('CREDENTIALS_KEY is not set');
      return openCredential(keys, { clientId: workspaceId, provider: 'emailbison' }, sealed);
    },
    refreshIfStale: from.EMAILBISON_FIRST_TOUCH_REFRESH_IF_STALE,
    timeBudgetMs: from.EMAILBISON_FIRST_TOUCH_TIME_BUDGET_MS,
    random: Math.random,
  };
}

const processWide = globalThis as { firstTouchContext?: FirstTouchContext };

/** The process's context. @throws EnvError */
export function processFirstTouchContext(): FirstTouchContext {
  processWide.firstTouchContext ??= createFirstTouchContext(env(), db(), processContext());
  return processWide.firstTouchContext;
}
