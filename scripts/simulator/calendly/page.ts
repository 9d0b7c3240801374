/** Which request of a fetch in several pages this is, told by how many days ahead it begins. */

/** Chunks hold at most 28 dates, so a chunk that starts 28 days ahead is the second at least. */
export function pageOf(daysAhead: number): number {
  return daysAhead <= 1 ? 1 : Math.floor(daysAhead / 28) + (daysAhead < 28 ? 2 : 1);
}
