import type { Command } from 'commander';
import { readAlarms, readFindings, type AlarmListing, type Finding } from '../../lib/alarms';
import { readOpsFacts, type OpsFacts } from '../../lib/ops/facts';
import { readPauses, type Pauses } from '../../lib/pauses';
import { readCacheMetrics, type CacheMetrics } from '../../lib/refresh/metrics';
import { explainTime, TimeInputError, type WhyNot } from '../../lib/why-not';
import { UserError } from '../local/fail';
import { shortAge } from '../local/slots-by-day';
import { addCommand, resolveWorkspace, type Cli } from './cli';

const TIMEOUT_MS = 10_000;
const SHOWN = 5;

interface Status {
  isHealthy: boolean;
  facts: OpsFacts;
  metrics: CacheMetrics;
  findings: Finding[];
  alarms: AlarmListing[];
  pauses: Pauses;
}

/** status, explain */
export function addStatusCommands(program: Command, cli: Cli): void {
  addCommand(program, 'status', 'One screen: how fresh, what fails, who is behind, alarms. Exit code 0: all is well; 1: it is not.', 'status', 'status --json')
    .option('--json', 'as JSON')
    .action(async (o: { json?: boolean }) => {
      const status = await cli.withDatabase(async ({ db, env }): Promise<Status> => {
        const [facts, metrics, findings, alarms, pauses] = [await readOpsFacts(db, TIMEOUT_MS), await readCacheMetrics(db, TIMEOUT_MS), await readFindings(db, env), await readAlarms(db), await readPauses(db)];
        return { isHealthy: findings.length === 0, facts, metrics, findings, alarms, pauses };
      });
      cli.say(o.json ? JSON.stringify(status, null, 2) : screenOf(status));
      if (!status.isHealthy) cli.endWith(1);
    });

  addCommand(program, 'explain <workspace> <time>', 'Why a time is offered, or why not. <time> is on the workspace\'s clock, or has an offset. Exit code 0: it is offered; 1: it is not.',
    'explain Acme 2027-03-01T10:00', 'explain Acme "2027-03-01 10:00"', 'explain Acme 2027-03-01T09:00Z --json')
    .option('--json', 'as JSON')
    .action(async (name: string, time: string, o: { json?: boolean }) => {
      const answer = await cli.withDatabase(async (script) => {
        const id = await resolveWorkspace(script, name);
        const { AVAILABILITY_MAX_AGE_MS: maxAgeMs, AVAILABILITY_LOOKAHEAD_DAYS: lookaheadDays } = script.env;
        return await explainTime(script.db, id, time, { maxAgeMs, lookaheadDays }).catch((error: unknown) => {
          throw error instanceof TimeInputError ? new UserError(error.message, { cause: error }) : error;
        });
      });
      cli.say(o.json ? JSON.stringify(answer, null, 2) : explanationOf(answer));
      if (!answer.isOffered) cli.endWith(1);
    });
}

const ago = (ms: number | null, now: number): string => (ms === null ? 'never' : `${shortAge(Math.max(0, now - ms))} ago`);
const seconds = (value: number | null): string => (value === null ? '–' : shortAge(value * 1000));

function screenOf({ isHealthy, facts, metrics, findings, alarms, pauses }: Status): string {
  const { now, sweep, standings, oldest, agencies, providers } = facts;
  const { p50, p95, max } = metrics.ageSeconds;
  const last = sweep.last;
  const counts = last?.counts;
  const paused = [...pauses.agencies.map(({ id }) => `agency ${id}`), ...pauses.providers.map(({ provider }) => provider)];
  const failing = providers.filter((one) => one.failing > 0).map((one) => `${one.provider} ${String(one.failing)} of ${String(one.workspaces)}`);
  const section = (title: string, lines: string[]): string[] => (lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]);
  return [
    isHealthy ? 'All is well.' : `${String(findings.length)} to look at.`,
    '',
    `  workspaces  ${String(standings.counted)} kept, ${String(standings.misconfigured)} misconfigured, ${String(standings.notConfigured)} without a link, ${String(standings.paused)} paused`,
    `  age         p50 ${seconds(p50)}, p95 ${seconds(p95)}, oldest ${seconds(max)}${metrics.neverSucceeded > 0 ? `; ${String(metrics.neverSucceeded)} never read` : ''}`,
    `  last sweep  ${last === null ? 'none' : `${last.outcome}, ${ago(last.startedAt, now)}${counts ? `: ${String(counts.refreshed)} of ${String(counts.attempted)} refreshed in ${shortAge(counts.durationMs)}, ${String(counts.errors.total)} failed` : ''}`}; last good one ${ago(sweep.lastGoodAt, now)}`,
    `  failing     ${failing.length === 0 ? 'none' : failing.join(', ')}`,
    ...(paused.length > 0 ? [`  paused      ${paused.join(', ')}`] : []),
    ...section('To look at', findings.map(({ kind, message }) => `${kind}: ${message}`)),
    ...section('Oldest calendars', oldest.slice(0, SHOWN).map((one) => `${shortAge(one.ageSeconds * 1000).padStart(8)}  ${one.name} (${one.workspaceId})${one.errorKind === null ? '' : `  ${one.errorKind}`}`)),
    ...section('Agencies most behind', agencies.slice(0, SHOWN).map((one) => `${shortAge(one.p50AgeSeconds * 1000).padStart(8)}  ${one.name}, ${String(one.workspaces)} workspaces, ${String(one.failing)} failing, oldest ${shortAge(one.maxAgeSeconds * 1000)}`)),
    ...section('Alarms', alarms.map((one) => `${one.kind} since ${one.openedAt.slice(0, 16).replace('T', ' ')} UTC: ${one.message}`)),
  ].join('\n');
}

function explanationOf(answer: WhyNot): string {
  const near = [answer.nearestBefore, answer.nearestAfter].map((iso) => iso ?? 'none');
  return [
    `${answer.name}, ${answer.shown.label} (${answer.at}): ${answer.isOffered ? 'offered' : 'not offered'}, ${answer.code}`,
    `  ${answer.sentence}`,
    ...(answer.note === null ? [] : [`  ${answer.note}`]),
    `  state ${answer.state}${answer.asOf === null ? '' : `, as of ${answer.asOf}`}; open before: ${near[0] ?? ''}, after: ${near[1] ?? ''}`,
    ...(answer.runId === null ? [] : [`  run ${answer.runId}`]),
  ].join('\n');
}
