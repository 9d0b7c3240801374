/** Valid JSON that lacks a field: what a client meets when a vendor renames something overnight. */
export function breakShape(body: Buffer, requiredFields: readonly string[], field: string | undefined): Buffer {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return body;
  }
  for (const name of field === undefined ? requiredFields : [field]) {
    const renamed = rename(value, name);
    if (renamed.count > 0) return Buffer.from(JSON.stringify(renamed.value));
  }
  // Nothing to rename: an envelope that nobody asked for.
  return Buffer.from(JSON.stringify({ result: [value] }));
}

function rename(value: unknown, name: string): { value: unknown; count: number } {
  if (Array.isArray(value)) {
    const items = value.map((item) => rename(item, name));
    return { value: items.map((item) => item.value), count: items.reduce((sum, item) => sum + item.count, 0) };
  }
  if (typeof value !== 'object' || value === null) return { value, count: 0 };
  let count = 0;
  const entries = Object.entries(value).map(([key, member]): [string, unknown] => {
    const inner = rename(member, name);
    count += inner.count;
    if (key !== name) return [key, inner.value];
    count += 1;
    return [`${key}_v2`, inner.value];
  });
  return { value: Object.fromEntries(entries), count };
}
