import type { Population, PopulationAgency } from '../simulator/population';

/** So many of a population's workspaces, of every agency its share and one at least. A larger part holds a smaller one. Pure. */
export function partOf({ agencies }: Pick<Population, 'agencies'>, workspaces: number): { agencies: PopulationAgency[] } {
  const total = agencies.reduce((sum, agency) => sum + agency.workspaces.length, 0);
  if (workspaces >= total) return { agencies };
  const share = (workspaces - agencies.length) / (total - agencies.length);
  const sizes = agencies.map((agency) => 1 + Math.floor((agency.workspaces.length - 1) * share));
  let missing = workspaces - sizes.reduce((sum, size) => sum + size, 0);
  for (let index = 0; missing > 0; index = (index + 1) % agencies.length) {
    if ((sizes[index] ?? 0) >= (agencies[index]?.workspaces.length ?? 0)) continue;
    sizes[index] = (sizes[index] ?? 0) + 1;
    missing--;
  }
  return { agencies: agencies.map((agency, index) => ({ ...agency, workspaces: agency.workspaces.filter((_, at) => at < (sizes[index] ?? 0)) })) };
}
