/** Text in columns. Pure. */
import { summaryOf } from './statistics';

const GAP = '  ';

/** The first column to the left, the others to the right; the first row is the head. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, column) => { widths[column] = Math.max(widths[column] ?? 0, cell.length); });
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(GAP).trimEnd(),
  );
  const [head = '', ...body] = lines;
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length));
  return [head, rule, ...body].join('\n');
}

/** `1.23 (1.20–1.31)`: the median, the least and the most; one value alone without its spread. */
export function formatSpread(values: readonly number[], decimals: number): string {
  const { median, min, max } = summaryOf(values);
  if (values.length < 2) return formatNumber(median, decimals);
  return `${formatNumber(median, decimals)} (${formatNumber(min, decimals)}–${formatNumber(max, decimals)})`;
}

/** `1,234.5`: so many decimals, thousands apart. */
export function formatNumber(value: number, decimals = 0): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
