/**
 * Writes a value as the flat array that Nuxt puts into its pages: every value stands in one list, and
 * objects and arrays hold the positions of their members instead of the members.
 */
export function flatten(value: unknown): unknown[] {
  const flat: unknown[] = [];
  const add = (item: unknown): number => {
    const at = flat.length;
    flat.push(null);
    if (Array.isArray(item)) flat[at] = item.map(add);
    else if (item instanceof Reactive) flat[at] = ['Reactive', add(item.value)];
    else if (typeof item === 'object' && item !== null) {
      flat[at] = Object.fromEntries(Object.entries(item).map(([key, member]) => [key, add(member)]));
    } else flat[at] = item;
    return at;
  };
  add(value);
  return flat;
}

/** Marks a value that the page wraps as reactive state. */
export class Reactive {
  constructor(readonly value: unknown) {}
}
