/**
 * Moves everything that is sealed from older keys to the first of `CREDENTIALS_KEY`, while the app runs.
 *
 * A row is written only where its ciphertext is still the one that was opened: a token that somebody enters at
 * the same moment stays. Neither a credential's id nor its age changes, so no calendar counts as configured anew.
 * Every process must know both keys before this begins, which is why the old one is dropped only afterwards.
 * Safe to run again, and by two at once: what is moved is not found any more.
 */
import { CredentialError, openCredential, sealCredential, type CredentialKeys, type CredentialOwner } from './credentials';
import { boundedTransaction, Prisma, type Db } from './db';

const BATCH_ROWS = 200;
const BATCH_TIMEOUT_MS = 10_000;
/** Processes that still seal with the old key may add rows meanwhile: what a whole pass finds none of is done. */
const MAX_PASSES = 5;

/** Where secrets are stored, and whose each row is: what `openCredential` must be told. */
const STORES = {
  ProviderCredential: { table: Prisma.sql`"ProviderCredential"`, owner: Prisma.sql`jsonb_build_object('clientId', "clientId", 'provider', provider::text)` },
  AlarmRoute: { table: Prisma.sql`"AlarmRoute"`, owner: Prisma.sql`jsonb_build_object('clientId', 'alarm-route:' || scope || ':' || channel || ':' || "scopeId", 'provider', 'webhook')` },
} as const;
type Store = keyof typeof STORES;
const STORE_NAMES = Object.keys(STORES) as Store[];

export interface KeyUse {
  store: Store;
  keyId: string;
  rows: number;
}

/** How many secrets are sealed with which key. */
export async function readKeyUse(db: Db): Promise<KeyUse[]> {
  const counts = await Promise.all(STORE_NAMES.map(async (store) => {
    const rows = await db.$queryRaw<{ keyId: string; rows: number }[]>`SELECT "keyId", count(*)::int AS rows FROM ${STORES[store].table} GROUP BY 1 ORDER BY 1`;
    return rows.map((row) => ({ store, ...row }));
  }));
  return counts.flat();
}

export interface RotationReport {
  /** Now sealed with the first key. */
  moved: number;
  /** Changed or removed by somebody else at that moment; met again by the next pass if need be. */
  overtaken: number;
  /** What does not open, in words that hold no secret; it stays as it is. */
  unopened: string[];
}

export interface RotationOptions {
  batchRows?: number;
  signal?: AbortSignal;
  onProgress?: (moved: number) => void;
}

interface SealedRow {
  id: string;
  owner: CredentialOwner;
  ciphertext: Uint8Array<ArrayBuffer>;
  keyId: string;
}

/** @throws the signal's reason between two batches; what was moved stays moved */
export async function rotateCredentials(db: Db, keys: CredentialKeys, { batchRows = BATCH_ROWS, signal, onProgress }: RotationOptions = {}): Promise<RotationReport> {
  const report: RotationReport = { moved: 0, overtaken: 0, unopened: [] };
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const unopened: string[] = [];
    const before = report.moved + report.overtaken;
    for (const store of STORE_NAMES) {
      for (let after = ''; ; ) {
        signal?.throwIfAborted();
        const rows = await readBatch(db, store, keys.current, after, batchRows);
        const last = rows.at(-1);
        if (last === undefined) break;
        after = last.id;
        const { resealed, problems } = resealAll(keys, rows);
        unopened.push(...problems);
        const moved = await writeBatch(db, store, keys.current, resealed);
        report.moved += moved;
        report.overtaken += resealed.length - moved;
        onProgress?.(report.moved);
      }
    }
    report.unopened = unopened;
    if (report.moved + report.overtaken === before) break;
  }
  return report;
}

async function readBatch(db: Db, store: Store, current: string, after: string, limit: number): Promise<SealedRow[]> {
  const { table, owner } = STORES[store];
  return await db.$queryRaw<SealedRow[]>`
    SELECT id, ${owner} AS owner, ciphertext, "keyId" FROM ${table} WHERE "keyId" <> ${current} AND id > ${after} ORDER BY id LIMIT ${limit}`;
}

interface Resealed {
  id: string;
  was: Uint8Array<ArrayBuffer>;
  ciphertext: Uint8Array<ArrayBuffer>;
}

function resealAll(keys: CredentialKeys, rows: readonly SealedRow[]): { resealed: Resealed[]; problems: string[] } {
  const resealed: Resealed[] = [];
  const problems: string[] = [];
  for (const { id, owner, ciphertext: was, keyId } of rows) {
    try {
      resealed.push({ id, was, ciphertext: sealCredential(keys, owner, openCredential(keys, owner, { ciphertext: was, keyId })).ciphertext });
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error;
      problems.push(error.message);
    }
  }
  return { resealed, problems };
}

/** @returns how many were still as they had been read */
async function writeBatch(db: Db, store: Store, keyId: string, rows: readonly Resealed[]): Promise<number> {
  if (rows.length === 0) return 0;
  const [written] = await boundedTransaction<[number]>(db, BATCH_TIMEOUT_MS, [db.$executeRaw`
    UPDATE ${STORES[store].table} t SET ciphertext = i.ciphertext, "keyId" = ${keyId}
    FROM unnest(${rows.map(({ id }) => id)}::text[], ${rows.map(({ was }) => was)}::bytea[], ${rows.map(({ ciphertext }) => ciphertext)}::bytea[]) AS i(id, was, ciphertext)
    WHERE t.id = i.id AND t.ciphertext = i.was`]);
  return written;
}
