/**
 * The database: one PrismaClient a process over a bounded node-postgres pool.
 *
 * Queries take no abort signal, so they are bounded on both sides: `boundedTransaction` gives the server a
 * `statement_timeout` of the time left, and a query without an answer destroys its connection here.
 * `statement_timeout` is not sent at connect: a transaction pooler refuses unknown startup parameters.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { databaseUrl, env, isServerless, MAX_TIME_BUDGET_MS, type Env } from './env';
import { Prisma, PrismaClient } from './generated/prisma/client';

export { Prisma };
export type Db = PrismaClient;
/** The database, or a transaction that the caller ends. */
export type Connection = Db | Prisma.TransactionClient;

/** Runs `work` in the caller's transaction, or in one of its own. */
export async function inTransaction<T>(on: Connection, work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> {
  return '$connect' in on ? await on.$transaction(work) : await work(on);
}

/** Longest that any one query may take where nothing tighter is set. */
const QUERY_TIMEOUT_MS = 20_000;
/** Longest wait for a free connection; without a limit a full pool hangs every caller. */
const CONNECTION_WAIT_MS = 5_000;
/**
 * Prisma's own bounds (2 s and 5 s unless told) must never be the ones that end a batch: they know nothing of
 * the time that its run has left. An interactive transaction sets its own.
 */
const TRANSACTION_OPTIONS = { maxWait: CONNECTION_WAIT_MS, timeout: MAX_TIME_BUDGET_MS };
/** A serverless instance holds few connections, since there are many instances. */
const POOL_MAX = { serverless: 3, server: 10 };
/** What the client waits beyond the server's own timeout, so that the server's clearer error wins. */
export const CLIENT_GRACE_MS = 300;

/** The start of a transaction waits for no row, at most for a pooler's free connection. */
const BEGIN_TIMEOUT_MS = 10_000;
/**
 * How `boundedTransaction` tells the server the limit of each statement that follows, and `BoundedClient`, which overhears it,
 * when its caller stops waiting: `performance.now()`, the third value.
 */
const SET_LIMITS = "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true), $3::float8, set_config('idle_in_transaction_session_timeout', $4, true)";
/**
 * A process that is frozen between two statements must not hold its rows until somebody thaws it: its lock is free in 15 s, and
 * the run that takes over writes the same rows. Nothing waits between the statements of a transaction but a busy process.
 */
const IDLE_LIMIT_MS = 10_000;

/** What `bounded` says of the statement that it runs. A sweep uses none: on Node 20 this hooks into every promise. */
const statementOptions = new AsyncLocalStorage<{ timeoutMs: number; isPrepared: boolean }>();

interface Statement {
  text: string;
  values?: readonly unknown[];
  name?: string | undefined;
}

/**
 * Whether what lies between us and PostgreSQL keeps prepared statements: a transaction pooler may give the next statement to
 * another connection, which does not know the name. It says so before it runs anything, and then a pool uses none any more.
 */
interface Prepared { isPossible: boolean }
type BoundedConfig = pg.ClientConfig & { prepared?: Prepared };

/** invalid_sql_statement_name, duplicate_prepared_statement */
const NOT_PREPARED_STATES = ['26000', '42P05'];
/** By text; those that ask for it are few and always the same. */
const preparedNames = new Map<string, string>();

/** Of the text itself: two versions of the app behind one pooler must not mean two statements by one name. */
function preparedNameOf(text: string): string {
  let name = preparedNames.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 22);
    preparedNames.set(text, name);
  }
  return name;
}

const CONNECTION_FAILURE = '08006';
/** node-postgres' own words for a connection that has ended, or did not come in time: they have no code. */
const CONNECTION_WORDS = /^(Connection terminated|timeout (expired|exceeded when trying to connect)|Client (has encountered a connection error|was closed))/;

/** Gives them PostgreSQL's; and what the adapter knows no name for, too: an end that was noticed in writing. */
function asConnectionFailure<E>(error: E): E {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  return (code === undefined && CONNECTION_WORDS.test(error.message)) || code === 'EPIPE' ? Object.assign(error, { code: CONNECTION_FAILURE }) : error;
}

/**
 * Whoever gets no connection learns it from an error with a code. Who waited for one gets it from whoever gives it back, and is
 * still himself: the limits of his statement are his own.
 */
class BoundedPool extends pg.Pool {
  constructor(config: pg.PoolConfig) {
    super(config);
    type Got = (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void;
    const connect = this.connect.bind(this) as ((got: Got) => void) & (() => Promise<pg.PoolClient>);
    const coded = (got?: Got): unknown => got === undefined
      ? connect().catch((error: unknown) => { throw asConnectionFailure(error); })
      : connect(AsyncResource.bind((error, client, done) => { got(asConnectionFailure(error), client, done); }));
    this.connect = coded as typeof this.connect;
  }
}

/** A connection whose unanswered query ends it: released to the pool it would block the next caller. */
class BoundedClient extends pg.Client {
  constructor(config?: BoundedConfig) {
    super(config);
    const prepared = config?.prepared ?? { isPossible: false };
    // The pool listens while a connection is idle and the adapter while it is in a transaction. What the server says in
    // between, or to one that is on its way out (it restarts just after our timeout), would end the whole process.
    this.on('error', () => undefined);
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    const isTransactionOver = (text: string): boolean => text === 'COMMIT' || text === 'ROLLBACK';
    let callerEndsAt: number | undefined;
    const bounded = (...args: unknown[]): unknown => {
      const { text, values } = typeof args[0] === 'string' ? { text: args[0] } : (args[0] as Statement);
      if (text === SET_LIMITS) callerEndsAt = Number(values?.[2]);
      const transactionLeftMs = callerEndsAt === undefined ? undefined : callerEndsAt - performance.now();
      if (isTransactionOver(text)) callerEndsAt = undefined;
      const options = statementOptions.getStore();
      const timeoutMs = text === 'BEGIN' ? BEGIN_TIMEOUT_MS : (options?.timeoutMs ?? transactionLeftMs ?? QUERY_TIMEOUT_MS);
      // Ends every query on this connection with a connection error; the pool drops it.
      const end = (): void => {
        this.connection.stream.destroy(Object.assign(new Error(`no answer from the database within ${String(Math.max(0, Math.round(timeoutMs)))} ms`), { code: CONNECTION_FAILURE }));
      };
      // Its caller was told that it took too long: it must not be committed after all.
      if (timeoutMs <= 0) end();
      const timer = setTimeout(end, Math.max(0, timeoutMs));
      const done = (): void => { clearTimeout(timer); };
      const last = args.at(-1);
      if (typeof last === 'function') {
        const callback = last as (...results: unknown[]) => void;
        const settle = (...results: unknown[]): void => {
          done();
          callback(asConnectionFailure(results[0]), ...results.slice(1));
        };
        if (!options?.isPrepared || !prepared.isPossible || typeof args[0] !== 'object') return query(...args.slice(0, -1), settle);
        return query({ ...args[0], name: preparedNameOf(text) }, ...args.slice(1, -1), (...results: unknown[]) => {
          const { code } = (results[0] ?? {}) as { code?: string };
          if (code === undefined || !NOT_PREPARED_STATES.includes(code)) {
            settle(...results);
            return;
          }
          prepared.isPossible = false;
          query(...args.slice(0, -1), settle);
        });
      }
      const result = query(...args);
      if (!(result instanceof Promise)) {
        done();
        return result;
      }
      return result.finally(done).catch((error: unknown) => { throw asConnectionFailure(error); });
    };
    this.query = bounded as typeof this.query;
  }
}

export interface DbOptions {
  poolMax?: number;
  applicationName?: string;
}

/** A client of its own, to be ended with `$disconnect()`. */
export function createDb(url: string, options: DbOptions = {}): Db {
  const config: pg.PoolConfig & BoundedConfig = {
    connectionString: url,
    Client: BoundedClient,
    max: options.poolMax ?? POOL_MAX.server,
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
    idleTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: options.applicationName ?? 'availability-cache',
    // An idle pool must not keep a script or a test alive.
    allowExitOnIdle: true,
    prepared: { isPossible: true },
  };
  const pool = new BoundedPool(config);
  // An idle connection that the server ends is replaced on next use; without a listener it ends the process.
  pool.on('error', () => undefined);
  return new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: true }),
    transactionOptions: TRANSACTION_OPTIONS,
    log: [],
    errorFormat: 'minimal',
  });
}

const processWide = globalThis as { availabilityDb?: Db };

/** The process's client. @throws EnvError when DATABASE_URL is missing or bad */
export function db(from: Env = env()): Db {
  processWide.availabilityDb ??= createDb(databaseUrl(from), {
    poolMax: from.DATABASE_POOL_MAX ?? (isServerless() ? POOL_MAX.serverless : POOL_MAX.server),
  });
  return processWide.availabilityDb;
}

/**
 * Runs statements in one transaction that the server ends after `timeoutMs` a statement, and this side
 * shortly after. Returns every statement's result. With no time left nothing is sent: the grace of several
 * such calls would add up to more than a run's end allows.
 * @param options.lockTimeoutMs the longest wait for a row that another holds (SQLSTATE 55P03)
 * @throws on a timeout of this side the connection is gone and, of a write, the result unknown
 */
export async function boundedTransaction<T extends unknown[]>(
  client: Db,
  timeoutMs: number,
  statements: { [K in keyof T]: Prisma.PrismaPromise<T[K]> },
  options: { lockTimeoutMs?: number } = {},
): Promise<T> {
  if (timeoutMs <= 0) throw new DatabaseTimeoutError(0);
  const limit = Math.max(1, Math.floor(timeoutMs));
  const lockLimit = Math.max(1, Math.floor(options.lockTimeoutMs ?? limit));
  const callerEndsAt = performance.now() + limit + CLIENT_GRACE_MS;
  const transaction = client.$transaction([
    client.$executeRaw`SELECT set_config('statement_timeout', ${String(limit)}, true), set_config('lock_timeout', ${String(lockLimit)}, true), ${callerEndsAt}::float8, set_config('idle_in_transaction_session_timeout', ${String(IDLE_LIMIT_MS)}, true)`,
    ...statements,
  ]);
  // Waiting for a connection is not a query: only this bounds it.
  const [, ...results] = await withTimeout(transaction, limit + CLIENT_GRACE_MS);
  return results as T;
}

export class DatabaseTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`the database did not answer within ${String(timeoutMs)} ms`);
    this.name = 'DatabaseTimeoutError';
  }
}

async function withTimeout<T>(work: PromiseLike<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => { reject(new DatabaseTimeoutError(timeoutMs)); }, timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * One statement, bounded on this side only: reads that must stay a single statement.
 * @param options.isPrepared PostgreSQL plans it once a connection instead of each time, where a pooler allows it. For a statement
 * that readers send all day, whose text never changes, and for which one plan suits all values
 */
export async function bounded<T>(timeoutMs: number, statement: () => PromiseLike<T>, { isPrepared = false }: { isPrepared?: boolean } = {}): Promise<T> {
  const limit = Math.max(1, Math.floor(timeoutMs));
  return await statementOptions.run({ timeoutMs: limit, isPrepared }, async () => await withTimeout(statement(), limit));
}

/** The PostgreSQL error code behind a failed statement, if the server gave one. */
export function sqlState(error: unknown): string | undefined {
  for (let at: unknown = error; at && typeof at === 'object'; ) {
    const e = at as { originalCode?: unknown; code?: unknown; cause?: unknown; meta?: { driverAdapterError?: unknown } };
    if (typeof e.originalCode === 'string') return e.originalCode;
    if (typeof e.code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(e.code) && !/^P\d{4}$/.test(e.code)) return e.code;
    at = e.meta?.driverAdapterError ?? e.cause;
  }
  return undefined;
}
