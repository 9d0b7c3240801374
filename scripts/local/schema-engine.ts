import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum, DriverAdapterError } from '@prisma/driver-adapter-utils';
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

/**
 * Prisma's own schema engine as WebAssembly. The native one, which `prisma migrate` runs, is downloaded
 * from a host of its own at first use; this one comes from the registry like every other dependency, and
 * keeps `_prisma_migrations` exactly as `prisma migrate deploy` does.
 */
let loaded: Promise<void> | undefined;

async function load(): Promise<void> {
  const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm').replace(/schema_engine\.js$/, 'schema_engine_bg.wasm');
  const imported = Object.entries(engineModule as unknown as WebAssembly.ModuleImports);
  // The engine leaves the 10 s timer of its lock running, which would keep every script that migrates alive for as long.
  const withoutLingering = imported.map(([name, value]) => [name, name.startsWith('__wbg_setTimeout_') ? setUnrefTimeout : value] as const);
  const { instance } = await WebAssembly.instantiate(await readFile(path), { './schema_engine_bg.js': Object.fromEntries(withoutLingering) });
  engineModule.__wbg_set_wasm(instance.exports);
  (instance.exports as { __wbindgen_start: () => void }).__wbindgen_start();
}

const setUnrefTimeout = (callback: () => void, ms: number): NodeJS.Timeout => setTimeout(callback, ms).unref();

const CHAR_OID = 18;
const CHAR_ARRAY_OID = 1002;

/**
 * The engine's catalogue queries return PostgreSQL's internal type "char", which the adapter refuses though
 * it has a name for it. Here such a column passes for an array of it, once its parser has been chosen.
 */
class CatalogueClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.connection.on('rowDescription', ({ fields }: { fields: pg.FieldDef[] }) => {
      queueMicrotask(() => {
        for (const field of fields) if (field.dataTypeID === CHAR_OID) field.dataTypeID = CHAR_ARRAY_OID;
      });
    });
  }
}

/**
 * Sends a migration as one script, as the native engine does: all of it or nothing. The adapter's own
 * `executeScript` cuts it at every semicolon, in comments too, and leaves half of a failed one behind.
 */
class CorrectedPrismaPg extends PrismaPg {
  private readonly pools: pg.Pool[] = [];

  override async connect() {
    return this.correct(await super.connect());
  }
  override async connectToShadowDb() {
    return this.correct(await super.connectToShadowDb());
  }
  /** The engine leaves its connections open when it is freed. */
  async endConnections(): Promise<void> {
    await Promise.all(this.pools.filter((pool) => !pool.ending).map((pool) => pool.end()));
  }
  private correct(adapter: Adapter): Adapter {
    this.pools.push(adapter.underlyingDriver());
    return correctAdapter(adapter);
  }
}

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;

function correctAdapter(adapter: Adapter): Adapter {
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    const columnTypes = result.columnTypes.map((type) => (type === ColumnTypeEnum.CharacterArray ? ColumnTypeEnum.Character : type));
    return { ...result, columnTypes };
  };
  adapter.executeScript = async (script) => {
    try {
      await adapter.underlyingDriver().query(script);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const { code = 'XX000', severity = 'ERROR', message, detail, column, hint } = error;
      throw new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint });
    }
  };
  return adapter;
}

/** Runs `work` with an engine; `databaseUrl` is used only by work that needs a database. */
export async function withSchemaEngine<T>(databaseUrl: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> {
  loaded ??= load();
  await loaded;
  const pool: pg.PoolConfig = { connectionString: databaseUrl, Client: CatalogueClient, max: 1, connectionTimeoutMillis: 10_000, allowExitOnIdle: true };
  const factory = new CorrectedPrismaPg(pool);
  const ignoreLog = (): void => undefined;
  const engine = await engineModule.SchemaEngine.new({ datamodels: undefined }, ignoreLog, bindMigrationAwareSqlAdapterFactory(factory));
  try {
    return await work(engine);
  } finally {
    engine.free();
    await factory.endConnections();
  }
}

export const NO_FILTERS = { externalTables: [], externalEnums: [] };
