import type { Random } from './random';

/** Invented names. Words are combined, so that no real firm or person is meant. */
const FIRST = [
  'Amber', 'Birch', 'Cobalt', 'Dapple', 'Ember', 'Fennel', 'Gossamer', 'Hazel', 'Indigo', 'Juniper', 'Kestrel',
  'Larkspur', 'Marble', 'Nettle', 'Ochre', 'Pebble', 'Quill', 'Russet', 'Saffron', 'Thistle', 'Umber', 'Velvet',
  'Willow', 'Yarrow', 'Zephyr',
];
const SECOND = [
  'Anvil', 'Beacon', 'Canyon', 'Drum', 'Engine', 'Ferry', 'Granary', 'Harbour', 'Island', 'Junction', 'Kiln', 'Lantern',
  'Meadow', 'Needle', 'Orchard', 'Paddle', 'Quarry', 'Ridge', 'Sparrow', 'Timber', 'Viaduct', 'Workshop',
];
const TRADE = [
  'Analytics', 'Bookkeeping', 'Coaching', 'Dental', 'Fitness', 'Freight', 'Heating', 'Insurance', 'Interiors', 'Landscaping',
  'Logistics', 'Media', 'Mortgages', 'Payroll', 'Property', 'Recruiting', 'Roofing', 'Security', 'Software', 'Solar',
];
const AGENCY = ['Outreach', 'Pipeline', 'Growth', 'Prospecting', 'Demand', 'Meetings'];
const HOST = ['Ada L', 'Bo K', 'Cy M', 'Dee N', 'Eli P', 'Fay R', 'Gus S', 'Ida T', 'Jo V', 'Kit W', 'Lou Y', 'Max Z'];

export interface NameSource {
  business(): string;
  agency(): string;
  host(): string;
}

/** Each business and agency name is given once. */
export function createNames(random: Random): NameSource {
  const used = new Set<string>();
  const unique = (make: () => string): string => {
    const name = make();
    let candidate = name;
    for (let copy = 2; used.has(candidate); copy += 1) candidate = `${name} ${copy}`;
    used.add(candidate);
    return candidate;
  };
  return {
    business: () => unique(() => `${random.pick(FIRST)} ${random.pick(SECOND)} ${random.pick(TRADE)}`),
    agency: () => unique(() => `${random.pick(FIRST)} ${random.pick(AGENCY)}`),
    host: () => random.pick(HOST),
  };
}

export function slugOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
