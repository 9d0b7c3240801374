import type pg from 'pg';

/** What a database holds, one entry a thing: "column Client.name" → "text not null". */
export type Catalogue = Map<string, string>;

/** Tables that are not ours to compare. */
const IGNORED_TABLES = ['_prisma_migrations'];

const QUERIES: Record<string, string> = {
  table: `
    SELECT c.relname AS name, concat_ws(' ', c.relkind::text, 'persistence', c.relpersistence::text, 'rls', c.relrowsecurity::text,
      'options', (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(c.reloptions) o)) AS is
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind NOT IN ('i', 'I', 't')`,
  column: `
    SELECT c.relname || '.' || a.attname AS name, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN 'not null' ELSE 'null' END, 'default ' || pg_get_expr(d.adbin, d.adrelid),
      'identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''),
      'storage', a.attstorage::text, 'compression ' || nullif(a.attcompression::text, ''), 'statistics ' || a.attstattarget::text,
      'options ' || a.attoptions::text, 'collation ' || nullif(a.attcollation, 0)::regcollation::text) AS is
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped`,
  index: `
    SELECT c.relname || '.' || i.relname AS name, concat_ws(' ', pg_get_indexdef(i.oid), 'options ' || i.reloptions::text,
      CASE WHEN NOT x.indisvalid THEN 'INVALID' END) AS is
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    WHERE c.relnamespace = 'public'::regnamespace`,
  constraint: `
    SELECT c.relname || '.' || n.conname AS name, concat_ws(' ', pg_get_constraintdef(n.oid), CASE WHEN NOT n.convalidated THEN 'NOT VALID' END) AS is
    FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid WHERE n.connamespace = 'public'::regnamespace`,
  enum: `
    SELECT t.typname AS name, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) AS is
    FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typnamespace = 'public'::regnamespace GROUP BY 1`,
  function: `
    SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS is FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')`,
  trigger: `
    SELECT c.relname || '.' || t.tgname AS name, pg_get_triggerdef(t.oid) AS is
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace`,
};

export async function readCatalogue(client: pg.Client): Promise<Catalogue> {
  const catalogue: Catalogue = new Map();
  for (const [kind, query] of Object.entries(QUERIES)) {
    const { rows } = await client.query<{ name: string; is: string }>(query);
    for (const { name, is } of rows) {
      if (!IGNORED_TABLES.some((table) => name === table || name.startsWith(`${table}.`))) catalogue.set(`${kind} ${name}`, is);
    }
  }
  return catalogue;
}

/** One sentence a difference; none when both hold the same. */
export function differences(left: Catalogue, right: Catalogue, names: { left: string; right: string }): string[] {
  const keys = [...new Set([...left.keys(), ...right.keys()])].sort();
  return keys.flatMap((key) => {
    const [a, b] = [left.get(key), right.get(key)];
    if (a === b) return [];
    if (a === undefined) return [`${key} is only in ${names.right}: ${b ?? ''}`];
    if (b === undefined) return [`${key} is only in ${names.left}: ${a}`];
    return [`${key} is "${a}" in ${names.left} and "${b}" in ${names.right}`];
  });
}
