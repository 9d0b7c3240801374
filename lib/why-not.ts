/**
 * Why not? Whether one time of a workspace is offered, and if not, why, with the run that knows. The answer may name a lead, for the
 * operator who asked: it belongs on their screen and into no log.
 */
import { bounded, type Db } from './db';
import { epochOf } from './instants';
import { readWhyNotFacts } from './ops/why-not-facts';
import { decideWhyNot, type WhyNotVerdict } from './ops/why-not-decision';
import { readInstant } from './ops/read-instant';
import { localTimes, type LocalTime } from './reader/local-time';
import { readWorkspace, WorkspaceNotFoundError } from './refresh/read';

export { TimeInputError } from './ops/read-instant';
export type { WhyNotVerdict, WhyNotCode } from './ops/why-not-decision';

export interface WhyNot extends WhyNotVerdict {
  workspaceId: string;
  name: string;
  timezone: string;
  /** The time that was asked about, ISO and on the workspace's clock. */
  at: string;
  shown: LocalTime;
  /** Where a local time is none, or two: what was taken instead. */
  note: string | null;
  /** What the workspace's readers are told now, and as of when. */
  state: string;
  asOf: string | null;
  /** Open times nearest to it, ISO; null: there is none on that side. */
  nearestBefore: string | null;
  nearestAfter: string | null;
}

const TIMEOUT_MS = 5_000;

/**
 * @param time ISO with an offset or Z, or local in the workspace's zone: `2027-03-01T10:00`, `2027-03-01 10:00`
 * @param options.now epoch milliseconds; default the database's clock
 * @throws WorkspaceNotFoundError; TimeInputError for what is no time; a database error
 */
export async function explainTime(db: Db, workspaceId: string, time: string, options: { maxAgeMs: number; lookaheadDays: number; now?: number }): Promise<WhyNot> {
  const zones = await bounded(TIMEOUT_MS, () => db.$queryRaw<{ timezone: string }[]>`
    SELECT COALESCE(w.timezone, 'UTC') AS timezone FROM "Client" c LEFT JOIN "WorkspaceSettings" w ON w."clientId" = c.id WHERE c.id = ${workspaceId}`);
  const [zone] = zones;
  if (!zone) throw new WorkspaceNotFoundError(workspaceId);
  const { instantMs, note } = readInstant(time, zone.timezone);
  const read = await readWorkspace(db, workspaceId, options.maxAgeMs, options.now);
  const facts = await readWhyNotFacts(db, workspaceId, instantMs, TIMEOUT_MS);
  const openMs = read.answer.slotsUtc.map(epochOf);
  const verdict = decideWhyNot({ ...facts, answer: read.answer, openMs, now: read.now }, instantMs, options.lookaheadDays);
  const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    ...verdict,
    workspaceId, name: facts.name, timezone: zone.timezone,
    at: new Date(instantMs).toISOString(), shown: localTimes(zone.timezone)(instantMs), note,
    state: read.answer.state, asOf: read.answer.asOf,
    nearestBefore: iso(openMs.filter((ms) => ms < instantMs).at(-1)),
    nearestAfter: iso(openMs.find((ms) => ms > instantMs)),
  };
}
