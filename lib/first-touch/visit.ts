/** What is shared by everything that is done for one workspace in one run. */
import type { EmailBison } from '../providers/emailbison/client';
import type { FirstTouchContext } from './context';
import type { OpenTimes, Situation } from './decide';
import type { Observation, Reach } from './reach';
import type { Trial } from './trial';
import type { Voice } from './voice';
import type { FirstTouchWorkspace } from './workspaces';

export interface Visit {
  context: FirstTouchContext;
  workspace: FirstTouchWorkspace;
  bison: EmailBison;
  voice: Voice;
  open: OpenTimes;
  reach: Reach;
  trial: Trial;
  /** Writes nothing anywhere. */
  isDryRun: boolean;
  now: () => number;
  /** Aborts at the run's end. */
  signal: AbortSignal;
  observe: (what: Observation) => void;
  /** The variable as the instance spells it; created where it is missing. */
  variableName: () => Promise<string>;
}

export function situationOf(visit: Visit, volume: number): Situation {
  const { workspace, open, reach, voice } = visit;
  return {
    now: visit.now(), open, reach, volume, fallback: voice.fallback,
    leadTimeMs: workspace.leadTimeMinutes * 60_000, noticeMs: workspace.noticeMinutes * 60_000,
  };
}
