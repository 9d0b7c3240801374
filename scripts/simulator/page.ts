/**
 * Which request of a fetch in several pages this is, told by how many days ahead it begins. Chunks hold
 * about a month at most, so one that starts four weeks ahead is the second at least; a client with
 * smaller chunks has several "second" ones.
 */
export function pageOf(daysAhead: number): number {
  if (!(daysAhead > 1)) return 1;
  return daysAhead < 28 ? 2 : Math.floor(daysAhead / 28) + 1;
}
