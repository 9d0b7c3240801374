import type { ReactNode } from 'react';
import { countText, kindText, lengthText } from '@/lib/console';
import { Figure, Figures } from '../../_components/figures';

type Counts = Record<string, unknown>;

const BAD = new Set(['failed', 'unknown', 'abandoned', 'notReached', 'lost', 'notRendered', 'sentWithout']);
const LENGTH = 'Ms';
/** These first, in this order; the database keeps none. */
const ORDER = ['durationMs', 'checked', 'attempted', 'refreshed', 'changed', 'unchanged', 'sent'];
const placeOf = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

/** Every counter of the run's answer that is not nothing, whatever the job, and its errors by kind. */
export function RunFigures({ counts }: { counts: Counts }): ReactNode {
  const numbers = Object.entries(counts).filter((entry): entry is [string, number] => typeof entry[1] === 'number').sort(([a], [b]) => placeOf(a) - placeOf(b));
  const errors = counts.errors as { total?: number; byKind?: Record<string, number>; first?: { workspaceId: string; kind: string; message: string } | null } | undefined;
  return (
    <section className="panel stack" aria-label="What it counted">
      <h2>What it counted</h2>
      {typeof counts.message === 'string' && <p>{counts.message}</p>}
      {counts.skipped === true && typeof counts.reason === 'string' && <p>Skipped: <strong>{kindText(counts.reason)}</strong>.</p>}
      <Figures>
        {numbers.filter(([, count]) => count > 0).map(([name, count]) => (
          <Figure key={name} name={wordsOf(name)} tone={BAD.has(name) ? 'warn' : 'plain'}>{name.endsWith(LENGTH) ? lengthText(count) : countText(count)}</Figure>
        ))}
        {errors?.total !== undefined && <Figure name="errors" tone={errors.total > 0 ? 'bad' : 'plain'}>{countText(errors.total)}</Figure>}
      </Figures>
      {errors?.byKind !== undefined && Object.keys(errors.byKind).length > 0 && (
        <p><span className="faint">Errors by kind:</span> {Object.entries(errors.byKind).sort(([, a], [, b]) => b - a).map(([kind, count]) => `${kindText(kind)} ${countText(count)}`).join(', ')}</p>
      )}
    </section>
  );
}

function wordsOf(name: string): string {
  return (name.endsWith(LENGTH) ? name.slice(0, -LENGTH.length) : name).replaceAll(/([A-Z])/g, ' $1').toLowerCase();
}
