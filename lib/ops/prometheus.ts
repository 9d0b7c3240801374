/** The text format of Prometheus, version 0.0.4. Pure. */

export interface Sample {
  labels?: Record<string, string>;
  value: number | null;
}

export interface MetricFamily {
  name: string;
  help: string;
  /** Every figure is read from the database when asked: what rises and falls with pruning is a gauge. */
  type: 'gauge';
  samples: readonly Sample[];
}

export interface Histogram {
  name: string;
  help: string;
  type: 'histogram';
  /** Upper bounds with how many are at or below each, ascending; `+Inf` is `count`. */
  buckets: readonly { le: number; count: number }[];
  sum: number;
  count: number;
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');
const labelsOf = (labels: Record<string, string> = {}): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

/** What is not known has no sample: a nought would be a figure. */
export function renderMetrics(families: readonly (MetricFamily | Histogram)[]): string {
  const lines = families.flatMap((family) => [
    `# HELP ${family.name} ${escapeHelp(family.help)}`,
    `# TYPE ${family.name} ${family.type}`,
    ...(family.type === 'histogram' ? histogramLines(family) : family.samples.flatMap(({ labels, value }) => (value === null ? [] : [`${family.name}${labelsOf(labels)} ${String(value)}`]))),
  ]);
  return `${lines.join('\n')}\n`;
}

function histogramLines({ name, buckets, sum, count }: Histogram): string[] {
  return [
    ...buckets.map((bucket) => `${name}_bucket{le="${String(bucket.le)}"} ${String(bucket.count)}`),
    `${name}_bucket{le="+Inf"} ${String(count)}`, `${name}_sum ${String(sum)}`, `${name}_count ${String(count)}`,
  ];
}
