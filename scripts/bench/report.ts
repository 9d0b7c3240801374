/** The figures as text. Pure. */
import type { Check, Results } from './results';
import { alignedTable, formatNumber } from './table';

export function textOf({ options, machine, postgres, sections }: Results): string {
  const head = [
    `${formatNumber(options.agencies)} agencies of mixed size, 320 slots a workspace, a third at each provider; medians (least–most)`,
    Object.entries(machine).map(([name, value]) => `${name} ${String(value)}`).join(', '),
    `PostgreSQL ${Object.entries(postgres).map(([name, value]) => (name === 'server_version' ? value : `${name}=${value}`)).join(', ')}`,
  ];
  const parts = sections.map(({ title, tables, notes, checks }) =>
    [`■ ${title}`, ...tables.map((table) => alignedTable(table)), ...(notes.length > 0 ? [notes.join('\n')] : []), checks.map(lineOf).join('\n')]
      .filter((part) => part !== '')
      .join('\n\n'),
  );
  return [head.join('\n'), ...parts].join('\n\n');
}

export function checksOf({ sections }: Pick<Results, 'sections'>): Check[] {
  return sections.flatMap((section) => section.checks);
}

function lineOf({ what, figure, ok }: Check): string {
  return `${ok === null ? '·' : ok ? '✓' : '✗'} ${what}: ${figure}${ok === null ? ' (not asked here)' : ''}`;
}
