import type { ReactNode } from 'react';
import type { WorkspaceState } from '@/lib/availability-cache';

type Tone = 'good' | 'warn' | 'bad' | 'off' | 'info';

/** A word with a mark of its own shape, so that it is not told by colour alone. */
export function Badge({ tone, mark, children, title }: { tone: Tone; mark: string; children: ReactNode; title?: string }): ReactNode {
  return <span className={`badge ${tone}`} title={title}><span aria-hidden="true">{mark}</span> {children}</span>;
}

const STATES: Record<WorkspaceState, { tone: Tone; mark: string; title: string }> = {
  fresh: { tone: 'good', mark: '●', title: 'Read within the last minute' },
  stale: { tone: 'good', mark: '◐', title: 'Due again, and still offered: a healthy calendar is stale for part of every minute' },
  empty: { tone: 'info', mark: '○', title: 'The provider says that no time is open' },
  unavailable: { tone: 'bad', mark: '✕', title: 'Not known well enough to offer anything' },
  misconfigured: { tone: 'warn', mark: '▲', title: 'A person must repair something' },
  paused: { tone: 'off', mark: '‖', title: 'Not read, not offered, no alarms' },
};

export function StateBadge({ state }: { state: WorkspaceState }): ReactNode {
  const { tone, mark, title } = STATES[state];
  return <Badge tone={tone} mark={mark} title={title}>{state}</Badge>;
}

const OUTCOMES: Record<string, { tone: Tone; mark: string; name: string }> = {
  good: { tone: 'good', mark: '✓', name: 'good' },
  not_good: { tone: 'warn', mark: '▲', name: 'not good' },
  running: { tone: 'info', mark: '◌', name: 'running' },
  lock_lost: { tone: 'bad', mark: '✕', name: 'lock lost' },
  locked: { tone: 'off', mark: '‖', name: 'locked' },
  disabled: { tone: 'bad', mark: '✕', name: 'disabled' },
  failed: { tone: 'bad', mark: '✕', name: 'failed' },
};

export function OutcomeBadge({ outcome }: { outcome: string }): ReactNode {
  const { tone, mark, name } = OUTCOMES[outcome] ?? { tone: 'info', mark: '?', name: outcome };
  return <Badge tone={tone} mark={mark}>{name}</Badge>;
}
