/**
 * The operator's console, without its pages: who may enter, and what the pages show. Every read is bounded in time; instants
 * are epoch milliseconds of the database's clock unless said otherwise.
 */
export { consoleContext, consoleRead, CONSOLE_STATEMENT_TIMEOUT_MS, type ConsoleContext } from './console/query';
export { contentSecurityPolicy, pageHeaders } from './console/page-headers';
export { choiceOf, hrefWith, pageOf, paramOf, type SearchParams } from './console/page-url';
export { hostOf, isSameOrigin } from './console/same-origin';
export { cookieRulesFor, isLoopback, readSession, safeReturnPath, sessionKeyOf, type CookieRules, type Session } from './console/session';
export { addressOf, signIn, type SignIn } from './console/sign-in';
export { ageText, countText, exactText, kindText, lengthText, plural, relativeText, shareText } from './console/words';
export { readAlarms, type AlarmEntry } from './console/alarms';
export { readAttention, type Attention, type Waiting } from './console/attention';
export { readAudit, type AuditFilter, type AuditRow } from './console/audit-list';
export { BEHIND_MS, freshnessOf, type AgencyFreshness, type Cause, type Freshness } from './console/freshness';
export { readHosts, type HostHealth } from './console/hosts';
export { readRun, readRuns, RUN_JOBS, RUN_OUTCOMES, type RunDetail, type RunFilter, type RunRow, type RunTransition } from './console/runs';
export { readStandings, type ProviderName, type Standing, type Standings } from './console/standings';
export { readSweeps, type SweepHealth, type SweepPoint } from './console/sweeps';
export { isNarrowed, listQuery, PAGE_SIZE, parseListFilter, PROVIDERS, sortedBy, type ListFilter, type Sort } from './console/filter';
export { slotMapOf, type MapDay, type MapSlot, type SlotKind, type SlotMap } from './console/slot-map';
export { readWindow, readWorkspaceDetails, type Configuration, type WorkspaceDetails } from './console/workspace';
export { listConsoleWorkspaces, matchingIds, MAX_SELECTED, type WorkspacePage } from './console/workspace-list';
export type { ListedWorkspace } from './console/workspace-row';
export { refreshOutcomeText } from './console/outcome';
export { adviceFor } from './console/advice';
