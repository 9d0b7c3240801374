/** What reading an answer costs beyond parsing its JSON, without network and database. */
import { step } from '../../local/output';
import { measureParsing } from '../parse-cost';
import type { Measure } from '../session';
import { formatNumber } from '../table';

export const parsing: Measure = {
  workspaces: () => 0,
  async run() {
    const costs = await step('reading answers', measureParsing);
    return {
      title: 'Reading the answers of one refresh: check of every field, instants, window and hashes, beside JSON.parse alone',
      tables: [[
        ['CPU µs, the least of all rounds', 'JSON.parse', 'all of it', '×', 'bytes'],
        ...costs.map(({ provider, parseUs, readUs, bytes }) => [provider, formatNumber(parseUs), formatNumber(readUs), formatNumber(readUs / parseUs, 2), formatNumber(bytes)]),
      ]],
      notes: [],
      checks: [],
      figures: costs,
    };
  },
};
