/**
 * What an operator does, in the console or by CLI: each change is checked, done once a submission, and on record.
 *
 * - `changeConfiguration`, `choose`, `storeCredential`, `dropCredential`, `changeFirstTouch`, `changeFollowUps`: of one workspace
 * - `pauseWorkspaces`, `resumeWorkspaces`, `switchAgency`, `switchProvider`: who is paused
 * - `refreshNow`, `refreshMany`: reading calendars at once
 * - `listAudit`: the record
 */
export {
  changeConfiguration, changeFirstTouch, changeFollowUps, choose, dropCredential, pauseWorkspaces, resumeWorkspaces, storeCredential, switchAgency, switchProvider,
} from './operator/actions';
export { listAudit, type AuditLine, type By, type Done } from './operator/audit';
export { MAX_BULK_REFRESH, refreshMany, refreshNow, type BulkProgress } from './operator/refresh';
